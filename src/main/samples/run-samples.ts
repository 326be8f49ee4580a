import { elementAt } from '../../contract/model/look-up'
import { multimap } from '../../contract/model/multimap'
import type { AnswerKey, EngineGenerateEvent, EngineAnswer } from '../../contract/procedures/engine'
import { WorkbenchError } from '../../contract/model/problem'
import type {
  Computation,
  GrowingSample,
  SampleLine,
  SampleProgress,
  SampleRun
} from '../../contract/documents/samples'
import { progressRate } from '../base/progress-rate'
import type { EngineClient } from '../engine/host'
import { type DistinctModel, distinctModels } from './distinct-models'
import type { Generation } from './generation'
import { cancellable } from '../base/files/cancelling'

/**
 * The maximum answers that are computed together, of one model and of all. More rows of a block gain little and delay
 * the answers. Most blocks belong to one model, so several models need more rows in all.
 */
const MODEL_ROWS = 64
const BATCH_ROWS = 256

/** Shortest time between two events of progress, which make the window lay out its cells again. */
const EVENT_INTERVAL_MS = 250

/** Pause after unfinished answers were decoded, as a multiple of the time that it took: a fifth of the time at most. */
const DECODING_PAUSE = 4

/** Tokens after which the speed is representative. */
const MIN_TOKENS_FOR_RATE = 20

/** Identifies an answer by the indices of its variant and prompt, and its own index among the answers of both. */
export interface SampleKey {
  variant: number
  prompt: number
  index: number
}

interface FinishedSample {
  key: SampleKey
  line: SampleLine
}

export interface SampleListener {
  /** Receives the precision and weights of the engine, which stay the same for the whole run. */
  planned?(computation: Computation): Promise<void>
  /** Stores finished answers. A rejection ends the run. */
  keep(lines: SampleLine[]): Promise<void>
  progress(progress: SampleProgress): void
  /** Longer time between two events, for a few answers that are read as they grow. */
  intervalMs?: number
  /** Receives answers finished since the last call, and the text of unfinished ones. */
  samples?(finished: FinishedSample[], growing: { key: SampleKey; sample: GrowingSample }[]): void
}

export interface SamplesWork {
  generation: Generation
  stored: readonly SampleLine[]
  /** How the stored answers were computed; null for a new run. */
  earlier: Computation | null
  /** Answers that are not to be generated. */
  leaveOut?: readonly SampleKey[]
}

/** Returns how the stored answers of a run were computed; null if it has none from the engine. */
export function computationOf({ precision, weights }: Pick<SampleRun, 'precision' | 'weights'>): Computation | null {
  return precision === null || weights === null ? null : { precision, weights }
}

/**
 * Generates missing answers. The random draws of an answer depend only on its key, so an interrupted run gives the same
 * answers. Equal models are computed once.
 *
 * @returns wall time, and how the answers were computed; null without stored or missing answers
 */
export async function generateSamples(
  engine: EngineClient,
  { generation, stored, earlier, leaveOut = [] }: SamplesWork,
  listener: SampleListener,
  signal: AbortSignal
): Promise<{ seconds: number; computation: Computation | null }> {
  const distinct = distinctModels(generation.models)
  const follower = new Follower({ generation, stored, leaveOut, distinct }, listener)
  const startedMs = performance.now()
  let computation = earlier
  try {
    await cancellable(signal, 'Sampling', async () => {
      await follower.copyStored(stored)
      await follower.report()
      for (const { prompts, stopTexts, members } of requestsOf(generation, distinct)) {
        if (!follower.lacksAnswers(members)) continue
        const { base, post, settings, stopTokens } = generation
        const events = await engine.generate(
          {
            base,
            post,
            models: members.map(({ model }) => model),
            prompts,
            sampleCount: settings.sampleCount,
            finished: follower.settledKeys(members),
            seed: settings.seed,
            sampling: settings.sampling,
            maxTokens: settings.maxTokens,
            stopTokens,
            stopTexts,
            device: settings.device,
            precision: computation?.precision ?? settings.precision,
            weights: computation?.weights ?? settings.weights,
            memoryBytes: settings.memoryBytes,
            batchRows: Math.min(BATCH_ROWS, MODEL_ROWS * members.length)
          },
          { signal }
        )
        computation = await follower.follow(events, members)
      }
    })
  } catch (error) {
    // Decoding the last texts may fail for the same reason as the run, whose error must be the reported one.
    await follower.report().catch(() => undefined)
    throw error
  }
  await follower.report()
  return { seconds: (performance.now() - startedMs) / 1000, computation }
}

type EngineMember = DistinctModel<Generation['models'][number]>

/** Splits a generation into requests to the engine. Few-shot variants have prompts and a stop text of their own. */
function requestsOf(
  { prompts, fewShot, settings: { stopTexts } }: Generation,
  distinct: readonly EngineMember[]
): { prompts: number[][]; stopTexts: string[]; members: EngineMember[] }[] {
  const isFewShot = ({ model }: EngineMember): boolean => model.kind === 'few-shot'
  const inTemplate = distinct.filter((member) => !isFewShot(member))
  if (fewShot === undefined) return [{ prompts, stopTexts, members: inTemplate }]
  return [
    { prompts, stopTexts, members: inTemplate },
    {
      prompts: fewShot.prompts.map(({ tokens }) => tokens),
      stopTexts: [...stopTexts, fewShot.format.stop],
      members: distinct.filter(isFewShot)
    }
  ]
}

interface FollowedRun extends Required<Pick<SamplesWork, 'generation' | 'stored' | 'leaveOut'>> {
  distinct: readonly EngineMember[]
}

/** Turns the engine's events into stored lines, growing texts and progress, several times a second. */
class Follower {
  private readonly generation: Generation
  private readonly distinct: readonly EngineMember[]
  /** Keys of stored answers and of answers that are not requested. */
  private readonly doneKeys = new Set<string>()
  private readonly variantOf: ReadonlyMap<string, number>
  private readonly rate = progressRate()
  private readonly startedMs = performance.now()
  /** Unfinished answers. */
  private readonly growing = new Map<string, { key: SampleKey; tokens: number[]; changed: boolean }>()
  /** Answers that were finished since the last report. */
  private finished: FinishedSample[] = []
  private progress: SampleProgress
  /** Number of tokens of finished answers, from which the length of unfinished answers is estimated. */
  private finishedTokens: number
  private tokensDone = 0
  private reportedMs = -Infinity
  private nextGrowingMs = -Infinity

  constructor(
    { generation, stored, leaveOut, distinct }: FollowedRun,
    private readonly listener: SampleListener
  ) {
    const { variantNames, prompts, settings } = generation
    this.generation = generation
    this.distinct = distinct
    this.variantOf = new Map(variantNames.map((name, variant) => [name, variant]))
    const storedKeys = stored.flatMap((line) => this.keyOfLine(line) ?? [])
    for (const key of [...storedKeys, ...leaveOut]) this.doneKeys.add(sampleKeyText(key))
    this.finishedTokens = stored.reduce((sum, { tokens }) => sum + tokens.length, 0)
    this.progress = {
      phase: 'preparing',
      samplesDone: storedKeys.length,
      samplesTotal: variantNames.length * prompts.length * settings.sampleCount - leaveOut.length,
      tokensPerSecond: null,
      secondsLeft: null
    }
  }

  private get intervalMs(): number {
    return this.listener.intervalMs ?? EVENT_INTERVAL_MS
  }

  /** Copies stored answers to the other names of the same model. */
  async copyStored(stored: readonly SampleLine[]): Promise<void> {
    const byVariant = multimap(
      stored.flatMap((line) => {
        const key = this.keyOfLine(line)
        return key === null ? [] : [[key.variant, line] as const]
      })
    )
    for (const { indices } of this.distinct.filter((each) => each.indices.length > 1)) {
      for (const { prompt, index, text, tokens, finish } of indices.flatMap(
        (variant) => byVariant.get(variant) ?? []
      )) {
        const keys = this.missingKeys(indices, prompt, index)
        await this.keep(keys.map((key) => ({ key, answer: { text, tokens, finish } })))
      }
    }
  }

  lacksAnswers(members: readonly EngineMember[]): boolean {
    const { prompts, settings } = this.generation
    return this.settledKeys(members).length < members.length * prompts.length * settings.sampleCount
  }

  /** Lists the answers of some models that the engine need not compute. */
  settledKeys(members: readonly EngineMember[]): AnswerKey[] {
    const { prompts, settings } = this.generation
    return members.flatMap(({ indices }, model) =>
      prompts.flatMap((_, prompt) =>
        Array.from({ length: settings.sampleCount }, (_, index) => ({ model, prompt, index })).filter(
          ({ index }) => this.missingKeys(indices, prompt, index).length === 0
        )
      )
    )
  }

  /** Handles the events of a request until its end. @param members the models of the request */
  async follow(events: AsyncIterable<EngineGenerateEvent>, members: readonly EngineMember[]): Promise<Computation> {
    const keysOf = ({ model, prompt, index }: AnswerKey): SampleKey[] =>
      this.missingKeys(elementAt(members, model, 'model').indices, prompt, index)
    let computation: Computation | null = null
    for await (const event of events) {
      if (event.type === 'plan') {
        computation = { precision: event.precision, weights: event.weights }
        await this.listener.planned?.(computation)
      } else if (event.type === 'step') {
        this.progress.phase = 'generating'
        for (const token of event.tokens) for (const key of keysOf(token)) this.grow(key, token.token)
        await this.finish(event.finished.map((answer) => ({ answer, keys: keysOf(answer) })))
      } else if (computation !== null) return computation
      if (performance.now() - this.reportedMs >= this.intervalMs) await this.report()
    }
    throw new WorkbenchError('engine-lost', 'The engine ended before every answer was finished.')
  }

  async report(): Promise<void> {
    this.reportedMs = performance.now()
    this.listener.progress(this.estimateProgress())
    if (this.listener.samples === undefined) return
    const { finished } = this
    this.finished = []
    const growing = await this.growingTexts()
    if (finished.length + growing.length > 0) this.listener.samples(finished, growing)
  }

  private grow(key: SampleKey, token: number): void {
    this.tokensDone++
    const row = this.growing.get(sampleKeyText(key)) ?? { key, tokens: [], changed: true }
    row.tokens.push(token)
    row.changed = true
    this.growing.set(sampleKeyText(key), row)
  }

  /** Stores finished answers, each for every name of its model that still lacks it. */
  private async finish(ended: readonly { answer: EngineAnswer; keys: readonly SampleKey[] }[]): Promise<void> {
    if (ended.length === 0) return
    for (const key of ended.flatMap(({ keys }) => keys)) this.growing.delete(sampleKeyText(key))
    const texts = await this.generation.textsOf(
      ended.map(({ keys, answer: { tokens } }) => ({ ...elementAt(keys, 0, 'key'), tokens }))
    )
    await this.keep(
      ended.flatMap(({ keys, answer: { tokens, finish } }, index) => {
        const answer = { text: elementAt(texts, index, 'answer'), tokens, finish }
        return keys.map((key) => ({ key, answer }))
      })
    )
  }

  private async keep(
    answers: readonly { key: SampleKey; answer: Pick<SampleLine, 'text' | 'tokens' | 'finish'> }[]
  ): Promise<void> {
    const finished = answers.map(({ key, answer }) => {
      const { variant, prompt, index } = key
      const name = elementAt(this.generation.variantNames, variant, 'variant')
      return { key, line: { variant: name, prompt, index, ...answer } }
    })
    await this.listener.keep(finished.map(({ line }) => line))
    for (const { key, line } of finished) {
      this.doneKeys.add(sampleKeyText(key))
      this.progress.samplesDone++
      this.finishedTokens += line.tokens.length
    }
    if (this.listener.samples !== undefined) this.finished.push(...finished)
  }

  /** Returns the key of a line; null for a variant or an answer outside the run. */
  private keyOfLine({ variant, prompt, index }: SampleLine): SampleKey | null {
    const variantIndex = this.variantOf.get(variant)
    if (variantIndex === undefined || index >= this.generation.settings.sampleCount) return null
    return { variant: variantIndex, prompt, index }
  }

  /** Lists the missing answers among the answers `index` of some variants to a prompt. */
  private missingKeys(indices: readonly number[], prompt: number, index: number): SampleKey[] {
    return indices
      .map((variant) => ({ variant, prompt, index }))
      .filter((key) => !this.doneKeys.has(sampleKeyText(key)))
  }

  /** Decodes the answers that have grown since the last report, at intervals. */
  private async growingTexts(): Promise<{ key: SampleKey; sample: GrowingSample }[]> {
    const startMs = performance.now()
    if (startMs < this.nextGrowingMs) return []
    const changedRows = [...this.growing.values()].filter((row) => row.changed)
    const texts = await this.generation.textsOf(changedRows.map(({ key, tokens }) => ({ ...key, tokens })))
    const samples = changedRows.map((row, index) => {
      row.changed = false
      return { key: row.key, sample: this.growingSample(row.key, elementAt(texts, index, 'answer')) }
    })
    const spentMs = performance.now() - startMs
    this.nextGrowingMs = startMs + Math.max(this.intervalMs, spentMs * (1 + DECODING_PAUSE))
    return samples
  }

  private growingSample({ variant, prompt, index }: SampleKey, decoded: string): GrowingSample {
    // An incomplete character at the end decodes to U+FFFD.
    const text = decoded.replace(/\uFFFD+$/, '')
    return { variant: elementAt(this.generation.variantNames, variant, 'variant'), prompt, index, text }
  }

  /** Estimates the time left, assuming that other answers become as long as the finished ones. */
  private estimateProgress(): SampleProgress {
    const { samplesDone, samplesTotal } = this.progress
    const growingTokens = Array.from(this.growing.values(), ({ tokens }) => tokens.length)
    const meanLength = samplesDone === 0 ? Infinity : this.finishedTokens / samplesDone
    const begunTokens = growingTokens.reduce((sum, length) => sum + Math.min(length, meanLength), 0)
    const left = Math.max(0, meanLength * (samplesTotal - samplesDone) - begunTokens)
    const seconds = (performance.now() - this.startedMs) / 1000
    const { perSecond, secondsLeft } = this.rate(this.tokensDone, this.tokensDone + left, seconds)
    const maxTokensLeft =
      this.generation.settings.maxTokens * (samplesTotal - samplesDone) -
      growingTokens.reduce((sum, length) => sum + length, 0)
    // The first tokens include the reading of weights and prompts, so their speed is not representative.
    if (perSecond === null || (this.tokensDone < MIN_TOKENS_FOR_RATE && left > 0)) {
      return { ...this.progress, tokensPerSecond: perSecond, secondsLeft: null }
    }
    return {
      ...this.progress,
      tokensPerSecond: perSecond,
      mostSecondsLeft: Math.max(0, maxTokensLeft) / perSecond,
      secondsLeft: secondsLeft !== null && Number.isFinite(secondsLeft) ? secondsLeft : null
    }
  }
}

export const sampleKeyText = ({ variant, prompt, index }: SampleKey): string => `${variant}/${prompt}/${index}`
