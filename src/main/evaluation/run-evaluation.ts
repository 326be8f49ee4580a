import type { CheckpointReference } from '../../contract/model/checkpoint'
import type { EvaluationProgress, EvaluationRun, PromptScores } from '../../contract/documents/evaluation'
import type { ReadPrompt } from '../../contract/procedures/engine'
import type { ExternalRecord } from '../../contract/model/external-model'
import { mismatchError, unsupportedError } from '../../contract/model/problem'
import type { Computation, SampleLine } from '../../contract/documents/samples'
import { elementAt } from '../../contract/model/look-up'
import { multimap } from '../../contract/model/multimap'
import { PROMPTED_ANSWERS } from '../../contract/model/prompting'
import { formatBytes, formatCount } from '../../contract/words/format'
import { textToFloats } from '../base/float-text'
import type { EngineClient } from '../engine/host'
import type { SampledPair } from '../samples/generation'
import type { PlannedAnswers } from '../samples/plan-answers'
import { defaultMemoryBytes } from '../base/engine-memory'
import { makeAnswers } from '../samples/make-answers'
import { computationOf } from '../samples/run-samples'
import { fixedSubset } from '../measures/texts/fixed-subset'
import { COMPARED_ANSWERS } from '../measures/sample-measures'
import { cancellable, throwIfCancelled } from '../base/files/cancelling'
import { maskBytes } from '../engine/forward/run-memory'
import type { DecoderSpec } from '../family/index'
import { cellOf, cellsOf } from './ask-judge'
import { type EmbeddingModel, openEmbeddingModel } from './embedding-model'
import { type EvaluationGroup, evaluationGroups, groupAnswers, regeneratedAnswers } from './prepare-evaluation'
import { answersIn, wholeLists } from './listed-answers'
import { answersOfLists, regenerationRound } from './prompted-answers'
import { CLASSIFIED_ANSWERS } from '../measures/evaluation-cell'
import { openPairClassifier, type PairClassifier } from './pair-classifier'
import { PromptScorer } from './prompt-scorer'
import { addOpenings } from './refusal-openings'

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

/** A run with the results that are already stored; none for a new run. */
export interface UnfinishedEvaluation {
  run: EvaluationRun
  pair: SampledPair
  stored: { samples: readonly SampleLine[]; scores: readonly PromptScores[] }
}

/**
 * Generates the missing answers of a run, and lets post and base read the answers to every prompt without
 * scores. An interrupted run gives the same results as an uninterrupted one.
 *
 * @returns wall time in seconds
 * @throws WorkbenchError as `refuseUnreadable`; `cancelled` when `signal` fires; `mismatch` when a checkpoint
 * has changed; errors of the engine. Finished results are already stored.
 */
export async function runEvaluation(
  engine: EngineClient,
  { run, pair, stored }: UnfinishedEvaluation,
  listener: EvaluationListener,
  signal: AbortSignal
): Promise<number> {
  const startedMs = performance.now()
  refuseUnreadable(stored.samples, run, pair.post.spec, readingBytes())
  const context = { engine, run, pair, samples: [...stored.samples], listener, signal }
  const work: EvaluationContext = { ...context, computation: await generate(context) }
  const scored = new Set(stored.scores.map(({ prompt }) => prompt))
  await cancellable(signal, 'The evaluation', () => score(work, scored))
  return (performance.now() - startedMs) / 1000
}

/** Returns the bytes for the hidden states of a request that reads answers. Attention masks may need as many again. */
const readingBytes = (): number => Math.floor(defaultMemoryBytes() / 4)

interface EvaluationContext {
  readonly engine: EngineClient
  readonly run: EvaluationRun
  readonly pair: SampledPair
  /** All answers that exist so far. */
  readonly samples: SampleLine[]
  readonly listener: EvaluationListener
  readonly signal: AbortSignal
  /** How the engine generated; null if only external models answered. */
  readonly computation: Computation | null
}

/** Generates the missing answers. @returns how the engine computed them; null if the engine was not used */
async function generate({
  engine,
  run,
  pair,
  samples,
  listener,
  signal
}: Omit<EvaluationContext, 'computation'>): Promise<Computation | null> {
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

type RoundContext = Pick<EvaluationContext, 'run' | 'pair' | 'samples'>

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

/** Computes the missing scores. @param scored indices of the prompts with scores; new ones are added */
async function score(work: EvaluationContext, scored: Set<number>): Promise<void> {
  const { engine, run, pair, samples, listener, signal } = work
  const promptsTotal = run.task.prompts.length
  const report = (): void => {
    listener.progress({
      phase: 'scoring',
      samplesDone: samples.length,
      samplesTotal: samples.length,
      tokensPerSecond: null,
      secondsLeft: null,
      promptsScored: scored.size,
      promptsTotal
    })
  }
  report()
  const pending = run.task.prompts.flatMap((_, prompt) => (scored.has(prompt) ? [] : [prompt]))
  if (pending.length === 0) return
  const stateBytes = readingBytes()
  const finish = async (scorer: PromptScorer): Promise<void> => {
    await listener.keepScores(scorer.scores())
    scored.add(scorer.prompt)
    report()
  }
  const embeddingModel = await reopen(run.embeddingModel, 'embedding model', openEmbeddingModel)
  const classifier = await reopen(run.classifier, 'classifier', openPairClassifier)
  const scoreBatch = async (scorers: readonly PromptScorer[]): Promise<void> => {
    if (classifier !== null) await classifyAnswers(work, classifier, scorers)
    if (run.task.kind === 'refusals') await addOpenings(work, scorers)
    // Before post reads the answers, which completes a prompt.
    if (embeddingModel !== null) await embedAnswers(engine, embeddingModel, scorers, signal)
    await readAnswers(work, scorers, stateBytes, finish)
  }
  let scorers: PromptScorer[] = []
  let rowCount = 0
  const maximumRows = stateBytes / (pair.post.spec.rowSize * Float32Array.BYTES_PER_ELEMENT)
  for (const prompt of pending) {
    const scorer = new PromptScorer(run, prompt, comparedAnswers(run, prompt, samples))
    if (scorers.length > 0 && rowCount + scorer.rowCount > maximumRows) {
      await scoreBatch(scorers)
      scorers = []
      rowCount = 0
    }
    scorers.push(scorer)
    rowCount += scorer.rowCount
  }
  if (scorers.length > 0) await scoreBatch(scorers)
}

/** Opens a model of the run again; null for none. @throws WorkbenchError as `open`; `mismatch` for a changed model */
async function reopen<Model extends { reference: CheckpointReference }>(
  stored: CheckpointReference | null,
  noun: string,
  open: (path: string) => Promise<Model>
): Promise<Model | null> {
  if (stored === null) return null
  const { path, fingerprint } = stored
  const model = await open(path)
  if (model.reference.fingerprint === fingerprint) return model
  throw mismatchError(
    `The ${noun} ${path} is not the one that this evaluation was begun with.`,
    `Put that ${noun} back, or start a new evaluation.`
  )
}

/** Sorts the first answers of each variant to each prompt into classes of answers that say the same. */
async function classifyAnswers(
  { engine, run, samples, signal }: EvaluationContext,
  classifier: PairClassifier,
  scorers: readonly PromptScorer[]
): Promise<void> {
  const byCell = cellsOf(samples)
  const cells = scorers.flatMap(({ prompt }) =>
    run.variants.map(({ variant: { name } }) => {
      const lines = byCell.get(cellOf(name, prompt)) ?? []
      return { prompt, name, texts: lines.slice(0, CLASSIFIED_ANSWERS).map(({ text }) => text) }
    })
  )
  const partitions = await classifier.partition(
    engine,
    cells.map(({ texts }) => texts),
    signal
  )
  for (const scorer of scorers) {
    const classesByVariant = cells.flatMap(({ prompt, name }, cell) =>
      prompt === scorer.prompt ? [[name, elementAt(partitions, cell, 'cell')] as const] : []
    )
    scorer.addClasses(new Map(classesByVariant))
  }
}

/** Embeds the answers with a sentence-embedding model, equal answers once. */
async function embedAnswers(
  engine: EngineClient,
  model: EmbeddingModel,
  scorers: readonly PromptScorer[],
  signal: AbortSignal
): Promise<void> {
  /** Functions that add the embedding of a text to an answer, by the text. */
  const receivers = new Map<string, ((embedding: Float32Array) => void)[]>()
  for (const scorer of scorers) {
    for (const part of scorer.parts) {
      for (const [answer, { sample }] of part.scored.entries()) {
        const add = (embedding: Float32Array): void => scorer.addEmbedding(part, answer, embedding)
        receivers.set(sample.text, [...(receivers.get(sample.text) ?? []), add])
      }
    }
  }
  if (receivers.size === 0) return
  const receiverLists = [...receivers.values()]
  const texts = await model.encodeAll([...receivers.keys()])
  for await (const { text, embedding } of await engine.embed({ file: model.file, texts }, { signal })) {
    const values = textToFloats(embedding)
    for (const add of elementAt(receiverLists, text, 'text')) add(values)
  }
}

/**
 * Computes the likelihoods and embeddings of the answers to some prompts: base reads them, and then post, which
 * completes each prompt.
 *
 * @param finish stores the scores of a completed prompt
 */
async function readAnswers(
  { engine, run, pair, signal, computation }: EvaluationContext,
  scorers: readonly PromptScorer[],
  stateBytes: number,
  finish: (scorer: PromptScorer) => Promise<void>
): Promise<void> {
  const { device } = run.computing
  // The precision of the generation, if the engine generated.
  const precision = computation?.precision ?? run.computing.precision
  const request = {
    base: pair.base.checkpoint.path,
    post: pair.post.checkpoint.path,
    stateBytes,
    device,
    ...(precision !== undefined && { precision })
  }
  const entries = scorers.flatMap((scorer) => scorer.parts.map((part) => ({ scorer, part })))
  const prompts: ReadPrompt[] = entries.map(({ part }) => ({ tokens: part.prompt, answers: part.answers }))
  if (canBaseRead(run, pair)) {
    const events = await engine.read({ ...request, model: { kind: 'base' }, prompts }, { signal })
    for await (const event of events) {
      const { scorer, part } = elementAt(entries, event.prompt, 'prompt')
      scorer.addBase(part, event)
    }
  }
  // Prompts without any answer are complete before post reads.
  for (const scorer of scorers) if (scorer.isComplete) await finish(scorer)
  if (prompts.every(({ answers }) => answers.length === 0)) return
  for await (const event of await engine.read({ ...request, model: { kind: 'post' }, prompts }, { signal })) {
    throwIfCancelled(signal, 'The evaluation')
    const { scorer, part } = elementAt(entries, event.prompt, 'prompt')
    scorer.addPost(part, event)
    if (scorer.isComplete) await finish(scorer)
  }
}

/** Selects at most {@link COMPARED_ANSWERS} answers of each variant to a prompt. All calls select the same answers. */
function comparedAnswers(run: EvaluationRun, prompt: number, samples: readonly SampleLine[]): SampleLine[] {
  const promptSamples = samples.filter((sample) => sample.prompt === prompt).sort((a, b) => a.index - b.index)
  return run.variants.flatMap(({ variant: { name } }) => {
    const variantSamples = promptSamples.filter(({ variant }) => variant === name)
    return fixedSubset(variantSamples, COMPARED_ANSWERS)
  })
}

/** Reports whether base can read post's tokens: both vocabularies have one size, or were found comparable. */
function canBaseRead(run: EvaluationRun, { base, post }: SampledPair): boolean {
  if (base.spec.vocabularySize === post.spec.vocabularySize) return true
  // A base that is not comparable was refused as a variant before the run began.
  return run.variants.some(({ variant }) => variant.kind === 'base')
}

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
