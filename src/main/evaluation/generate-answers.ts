import type { EvaluationProgress, EvaluationRun, PromptScores } from '../../contract/documents/evaluation'
import type { ExternalRecord } from '../../contract/model/external-model'
import { unsupportedError } from '../../contract/model/problem'
import type { Computation, SampleLine } from '../../contract/documents/samples'
import { elementAt } from '../../contract/model/look-up'
import { multimap } from '../../contract/model/multimap'
import { PROMPTED_ANSWERS } from '../../contract/model/prompting'
import { formatBytes, formatCount } from '../../contract/words/format'
import type { EngineClient } from '../engine/host'
import type { SampledPair } from '../samples/generation'
import type { PlannedAnswers } from '../samples/plan-answers'
import { defaultMemoryBytes } from '../base/engine-memory'
import { makeAnswers } from '../samples/make-answers'
import { computationOf } from '../samples/run-samples'
import { maskBytes } from '../engine/forward/run-memory'
import type { DecoderSpec } from '../family/index'
import { type EvaluationGroup, evaluationGroups, groupAnswers, regeneratedAnswers } from './prepare-evaluation'
import { answersIn, wholeLists } from './listed-answers'
import { answersOfLists, regenerationRound } from './prompted-answers'

/** Stores the results of an evaluation as they arrive, and receives its progress. */
export interface EvaluationListener {
  /** Receives how the engine computes, which stays the same for the whole run. */
  planned(computation: Computation): Promise<void>
  /** Receives new facts about external models, such as the model name that an endpoint reports. */
  onRecord(record: ExternalRecord): Promise<void>
  /** Store finished answers and scores. A rejection ends the run. */
  keepSamples(lines: SampleLine[]): Promise<void>
  keepScores(scores: PromptScores): Promise<void>
  progress(progress: EvaluationProgress): void
}

/** An evaluation whose answers are generated. */
export interface GenerationContext {
  readonly engine: EngineClient
  readonly run: EvaluationRun
  readonly pair: SampledPair
  /** All answers that exist so far. */
  readonly samples: SampleLine[]
  readonly listener: EvaluationListener
  readonly signal: AbortSignal
}

/** Returns the bytes for the hidden states of a request that reads answers. Attention masks may need as many again. */
export const readingBytes = (): number => Math.floor(defaultMemoryBytes() / 4)

/** Generates the missing answers. @returns how the engine computed them; null if the engine was not used */
export async function generateAnswers({
  engine,
  run,
  pair,
  samples,
  listener,
  signal
}: GenerationContext): Promise<Computation | null> {
  refuseUnreadable(samples, run, pair.post.spec, readingBytes())
  let computation = computationOf(run)
  const promptsTotal = run.task.prompts.length
  const samplesTotal = run.variants.length * promptsTotal * run.task.settings.sampleCount
  for await (const { planned, stored, answersPerText, splitTexts } of roundsOf({ run, pair, samples })) {
    const existing = new Set(samples.map(keyOf))
    const generated = await makeAnswers(
      engine,
      { ...planned, stored, earlier: computation },
      {
        onRecord: (record) => listener.onRecord(record),
        planned: (planned) => listener.planned(planned),
        async keep(lines) {
          // Some answers of an interrupted list may already be stored.
          const newAnswers = (await splitTexts(lines)).filter((answer) => !existing.has(keyOf(answer)))
          await listener.keepSamples(newAnswers)
          samples.push(...newAnswers)
          refuseUnreadable(newAnswers, run, pair.post.spec, readingBytes())
        },
        progress({ mostSecondsLeft, ...progress }) {
          // The engine's estimate covers this round. Other rounds take about as long per answer.
          const answersLeftInRound = answersPerText * (progress.samplesTotal - progress.samplesDone)
          const factor = (samplesTotal - samples.length) / Math.max(1, answersLeftInRound)
          listener.progress({
            ...progress,
            samplesDone: samples.length,
            samplesTotal,
            secondsLeft: progress.secondsLeft === null ? null : factor * progress.secondsLeft,
            ...(mostSecondsLeft === undefined ? {} : { mostSecondsLeft: factor * mostSecondsLeft }),
            promptsScored: 0,
            promptsTotal
          })
        }
      },
      // Each round has a new signal, because requests do not remove their listeners from a signal.
      AbortSignal.any([signal])
    )
    computation = generated.computation
  }
  return computation
}

/** One request to the engine: a set of texts. A text is an answer, or a list of answers. */
interface GenerationRound {
  readonly planned: PlannedAnswers
  /** Texts that are already stored, and not generated again. */
  readonly stored: readonly SampleLine[]
  readonly answersPerText: number
  /** Splits generated texts into answers. */
  readonly splitTexts: (texts: SampleLine[]) => SampleLine[] | Promise<SampleLine[]>
}

type RoundContext = Pick<GenerationContext, 'run' | 'pair' | 'samples'>

/** Yields the rounds of a run. In regeneration, a round's prompts show the answers of the rounds before. */
async function* roundsOf({ run, pair, samples }: RoundContext): AsyncGenerator<GenerationRound> {
  const { settings } = run.task
  for (const group of evaluationGroups(run)) {
    const { listed, prompting } = group
    if (prompting === 'regeneration') {
      for (const member of group.members) yield* regenerationRounds({ run, pair, samples }, group, member)
      continue
    }
    const names = new Set(group.members.map((member) => elementAt(run.variants, member, 'variant').variant.name))
    // The stored answer of a prompting is one item of a list. The round counts the whole list.
    const stored = samples
      .filter(({ variant }) => names.has(variant))
      .map((line) => (prompting === undefined ? line : { ...line, text: line.list?.whole ?? line.text }))
    const planned = await groupAnswers(run, group, pair)
    yield {
      planned,
      stored: listed === 1 ? stored : wholeLists(stored, settings, listed),
      answersPerText: listed,
      splitTexts: (texts) => {
        if (prompting !== undefined) return answersOfLists(prompting, texts, settings.seed, pair.text)
        return listed === 1 ? texts : answersIn(texts, settings, listed, pair.text)
      }
    }
  }
}

/**
 * Yields the rounds of regeneration for one variant. A chain is a row of answers to a prompt, each generated with the
 * earlier ones in its prompt. A round requests one answer per chain.
 */
async function* regenerationRounds(
  { run, pair, samples }: RoundContext,
  group: EvaluationGroup,
  member: number
): AsyncGenerator<GenerationRound> {
  const { name } = elementAt(run.variants, member, 'variant').variant
  const counts = { promptCount: run.task.prompts.length, sampleCount: run.task.settings.sampleCount }
  for (let round = 0; round < Math.min(PROMPTED_ANSWERS, counts.sampleCount); round++) {
    const lines = samples.filter(({ variant }) => variant === name)
    const texts = multimap(lines.map(({ prompt, index, text }) => [prompt, [index, text] as const]))
    const byPrompt = new Map([...texts].map(([prompt, entries]) => [prompt, new Map(entries)]))
    const requests = regenerationRound(byPrompt, { ...counts, round })
    const chainCount = Math.max(...requests.map(({ indices }) => indices.length))
    const lineOf = new Map(lines.map((line) => [JSON.stringify([line.prompt, line.index]), line]))
    yield {
      planned: await regeneratedAnswers(run, { ...group, members: [member] }, requests, pair),
      // The engine generates equally many answers to each prompt. Prompts with fewer chains get empty stored answers.
      stored: requests.flatMap(({ prompt, indices }, requestIndex) =>
        Array.from({ length: chainCount }, (_, chain) => chain).flatMap((chain): SampleLine[] => {
          const filler = { variant: name, text: '', tokens: [], finish: 'stop' as const }
          const storedLine = chain < indices.length ? lineOf.get(JSON.stringify([prompt, indices[chain]])) : filler
          return storedLine === undefined ? [] : [{ ...storedLine, prompt: requestIndex, index: chain }]
        })
      ),
      answersPerText: 1,
      splitTexts: (answers) =>
        answers.map((line) => {
          const { prompt, indices } = elementAt(requests, line.prompt, 'prompt')
          return { ...line, prompt, index: elementAt(indices, line.index, 'chain') }
        })
    }
  }
}

const keyOf = ({ variant, prompt, index }: SampleLine): string => JSON.stringify([variant, prompt, index])

/**
 * Refuses an answer that post cannot read within its memory. Attention masks grow with the square of the
 * length, and an engine without memory ends.
 *
 * @param memoryBytes limit of the masks
 * @throws WorkbenchError `unsupported` for the first such answer
 */
function refuseUnreadable(
  lines: readonly SampleLine[],
  { promptSets }: EvaluationRun,
  spec: DecoderSpec,
  memoryBytes: number
): void {
  for (const { variant, prompt, tokens } of lines) {
    const promptLengths = promptSets.map(({ prompts }) => elementAt(prompts, prompt, 'prompt').tokens.length)
    const length = Math.max(0, ...promptLengths) + tokens.length
    const oneText = { rows: length, longest: length, prefixCount: 1, leaves: 1, prompts: 1, furthest: 0 }
    const bytes = maskBytes(spec, oneText)
    if (bytes <= memoryBytes) continue
    throw unsupportedError(
      `An answer of the variant "${variant}" to prompt ${prompt + 1} has ${formatCount(tokens.length)} tokens. ` +
        `Post would need ${formatBytes(bytes)} of memory to read it, and ${formatBytes(memoryBytes)} are there.`,
      'Start another evaluation with fewer tokens per answer.'
    )
  }
}
