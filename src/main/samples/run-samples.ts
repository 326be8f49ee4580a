import { elementAt } from '../../contract/model/look-up'
import { multimap } from '../../contract/model/multimap'
import type { AnswerKey, EngineGenerateEvent } from '../../contract/procedures/engine'
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

/** Sequences side by side, over all variants: matrix products gain little from more, and answers come in later. */
const BATCH_ROWS = 64

/**
 * At most this often a listener hears of progress and answers. Every time costs a window a new layout of the cells in
 * sight, on the cores that the engine computes on.
 */
const EVENT_INTERVAL_MS = 250

/** Growing answers become text as often, and never for more than a fifth of the time. */
const GROWING_PAUSE = 4

/** As many tokens as tell how fast others come. */
const FEW_TOKENS = 20

/** One answer: indices of its variant and prompt in the run, and its index among their answers. */
export interface SampleKey {
  variant: number
  prompt: number
  index: number
}

/** A finished answer with its place in the run. */
interface FinishedSample {
  key: SampleKey
  line: SampleLine
}

export interface SampleListener {
  /** How the engine computes; the same for the whole run. */
  planned?(computation: Computation): Promise<void>
  /** Gets finished answers at once, to store them. When it rejects, so does the run. */
  keep(lines: SampleLine[]): Promise<void>
  progress(progress: SampleProgress): void
  /** Hears as seldom as this where a few answers are read as they grow. */
  intervalMs?: number
  /** Finished answers since the last call, and how far others have come. Left out: nobody looks at single answers. */
  samples?(finished: FinishedSample[], growing: { key: SampleKey; sample: GrowingSample }[]): void
}

/** What to generate, and what of it is there. */
export interface SamplesToMake {
  generation: Generation
  /** Answers that are there already. */
  stored: readonly SampleLine[]
  /** How they were computed; null for a fresh run. */
  earlier: Computation | null
  /** Answers that nobody asks for. */
  leaveOut?: readonly SampleKey[]
}

/** How a run's stored answers were computed; null while there are none. */
export function computationOf({
  precision,
  weights
}: Pick<SampleRun, 'precision' | 'weights'>): Computation | null {
  return precision === null || weights === null ? null : { precision, weights }
}

/**
 * Generates the answers of a run that are not stored yet. The same answers come whether a run goes through at once or in
 * pieces: the draws of each depend on its place in the run alone. Models that are alike are computed once.
 *
 * @returns wall time of the engine's work, and how it computed; null when no answer is stored or was missing
 * @throws WorkbenchError `cancelled` when `signal` fires; what the engine is at fault for. Answers finished by then have
 *   been kept.
 */
export async function generateSamples(
  engine: EngineClient,
  { generation, stored, earlier, leaveOut = [] }: SamplesToMake,
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
      await follower.tell()
      if (follower.missingCount > 0) {
        const { base, post, prompts, settings, stopTokens } = generation
        const events = await engine.generate(
          {
            base,
            post,
            models: distinct.map(({ model }) => model),
            prompts,
            sampleCount: settings.sampleCount,
            finished: follower.settledKeys(),
            seed: settings.seed,
            sampling: settings.sampling,
            maxTokens: settings.maxTokens,
            stopTokens,
            stopTexts: settings.stopTexts,
            device: settings.device,
            precision: earlier?.precision ?? settings.precision,
            weights: earlier?.weights ?? settings.weights,
            memoryBytes: settings.memoryBytes,
            batchRows: BATCH_ROWS
          },
          { signal }
        )
        computation = await follower.follow(events)
      }
    })
  } catch (error) {
    // The last texts may fail to decode for the reason why the run failed, which must be the one that is reported.
    await follower.tell().catch(() => undefined)
    throw error
  }
  await follower.tell()
  return { seconds: (performance.now() - startedMs) / 1000, computation }
}

interface Followed extends Required<Pick<SamplesToMake, 'generation' | 'stored' | 'leaveOut'>> {
  /** Of the generation's models, those that the engine computes. */
  distinct: readonly DistinctModel<Generation['models'][number]>[]
}

/** Turns the engine's events into lines, text and progress, a few times a second. */
class Follower {
  private readonly generation: Generation
  private readonly distinct: readonly DistinctModel<Generation['models'][number]>[]
  /** Of the answers that are there, or that nobody asks for. */
  private readonly settled = new Set<string>()
  private readonly variantOf: ReadonlyMap<string, number>
  private readonly rate = progressRate()
  private readonly startedMs = performance.now()
  private readonly growing = new Map<string, { key: SampleKey; tokens: number[]; changed: boolean }>()
  private finished: FinishedSample[] = []
  private progress: SampleProgress
  /** Of finished answers, stored ones included, to estimate the length of the others. */
  private finishedTokens: number
  private tokensDone = 0
  private toldMs = -Infinity
  private nextGrowingMs = -Infinity

  constructor(
    { generation, stored, leaveOut, distinct }: Followed,
    private readonly listener: SampleListener
  ) {
    const { variantNames, prompts, settings } = generation
    this.generation = generation
    this.distinct = distinct
    this.variantOf = new Map(variantNames.map((name, variant) => [name, variant]))
    const storedKeys = stored.flatMap((line) => this.keyOfLine(line) ?? [])
    for (const key of [...storedKeys, ...leaveOut]) this.settled.add(nameOf(key))
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

  /** Answers that are not stored yet. */
  get missingCount(): number {
    return this.progress.samplesTotal - this.progress.samplesDone
  }

  /** Keeps the answers of a run that are stored under one of the names of a model under its others too. */
  async copyStored(stored: readonly SampleLine[]): Promise<void> {
    const known = multimap(
      stored.flatMap((line) => {
        const key = this.keyOfLine(line)
        return key === null ? [] : [[key.variant, line] as const]
      })
    )
    for (const { places } of this.distinct.filter((each) => each.places.length > 1)) {
      for (const { prompt, index, text, tokens, finish } of places.flatMap((place) => known.get(place) ?? []))
        for (const key of this.wanted(places, prompt, index)) await this.keep(key, { text, tokens, finish })
    }
  }

  /** The answers that the engine need not compute, by its own models: all of whom they are of have them. */
  settledKeys(): AnswerKey[] {
    const { prompts, settings } = this.generation
    return this.distinct.flatMap(({ places }, model) =>
      prompts.flatMap((_, prompt) =>
        Array.from({ length: settings.sampleCount }, (_, index) => ({ model, prompt, index })).filter(
          ({ index }) => this.wanted(places, prompt, index).length === 0
        )
      )
    )
  }

  /** Follows the engine's work to its end. @returns how it computes */
  async follow(events: AsyncIterable<EngineGenerateEvent>): Promise<Computation> {
    const keysOf = ({ model, prompt, index }: AnswerKey): SampleKey[] =>
      this.wanted(elementAt(this.distinct, model, 'model').places, prompt, index)
    let computation: Computation | null = null
    for await (const event of events) {
      if (event.type === 'plan') {
        computation = { precision: event.precision, weights: event.weights }
        await this.listener.planned?.(computation)
      } else if (event.type === 'tokens') {
        this.progress.phase = 'generating'
        for (const token of event.tokens) for (const key of keysOf(token)) this.grow(key, token.token)
      } else if (event.type === 'sample') {
        await this.finish(keysOf(event), event)
      } else if (computation !== null) return computation
      if (performance.now() - this.toldMs >= this.intervalMs) await this.tell()
    }
    throw new WorkbenchError('engine-lost', 'The engine ended before every answer was finished.')
  }

  async tell(): Promise<void> {
    this.toldMs = performance.now()
    this.listener.progress(this.estimated())
    if (this.listener.samples === undefined) return
    const { finished } = this
    this.finished = []
    const growing = await this.growingTexts()
    if (finished.length + growing.length > 0) this.listener.samples(finished, growing)
  }

  private grow(key: SampleKey, token: number): void {
    this.tokensDone++
    const row = this.growing.get(nameOf(key)) ?? { key, tokens: [], changed: true }
    row.tokens.push(token)
    row.changed = true
    this.growing.set(nameOf(key), row)
  }

  /** @param keys of an answer, one for each name of its model that still waits for it */
  private async finish(
    keys: readonly SampleKey[],
    { tokens, finish }: Extract<EngineGenerateEvent, { type: 'sample' }>
  ): Promise<void> {
    for (const key of keys) this.growing.delete(nameOf(key))
    const [first] = keys
    const [text] =
      first === undefined ? [] : await this.generation.textsOf([{ variant: first.variant, tokens }])
    if (text === undefined) throw new Error('an answer was not decoded')
    this.progress.phase = 'generating'
    for (const key of keys) await this.keep(key, { text, tokens, finish })
  }

  private async keep(key: SampleKey, answer: Pick<SampleLine, 'text' | 'tokens' | 'finish'>): Promise<void> {
    const { variant, prompt, index } = key
    const line = {
      variant: elementAt(this.generation.variantNames, variant, 'variant'),
      prompt,
      index,
      ...answer
    }
    await this.listener.keep([line])
    this.settled.add(nameOf(key))
    this.progress.samplesDone++
    this.finishedTokens += answer.tokens.length
    if (this.listener.samples !== undefined) this.finished.push({ key, line })
  }

  /** Null for a variant or an answer that is none of the run's. */
  private keyOfLine({ variant, prompt, index }: SampleLine): SampleKey | null {
    const known = this.variantOf.get(variant)
    if (known === undefined || index >= this.generation.settings.sampleCount) return null
    return { variant: known, prompt, index }
  }

  /** Whose answer is still missing, of the variants at some places. */
  private wanted(places: readonly number[], prompt: number, index: number): SampleKey[] {
    return places
      .map((variant) => ({ variant, prompt, index }))
      .filter((key) => !this.settled.has(nameOf(key)))
  }

  /** Texts of the answers that have grown since they were last told, now and then. */
  private async growingTexts(): Promise<{ key: SampleKey; sample: GrowingSample }[]> {
    const startMs = performance.now()
    if (startMs < this.nextGrowingMs) return []
    const grown = [...this.growing.values()].filter((row) => row.changed)
    const texts = await this.generation.textsOf(
      grown.map(({ key, tokens }) => ({ variant: key.variant, tokens }))
    )
    const samples = grown.map((row, index) => {
      row.changed = false
      return { key: row.key, sample: this.growingSample(row.key, elementAt(texts, index, 'answer')) }
    })
    const spentMs = performance.now() - startMs
    this.nextGrowingMs = startMs + Math.max(this.intervalMs, spentMs * (1 + GROWING_PAUSE))
    return samples
  }

  private growingSample({ variant, prompt, index }: SampleKey, decoded: string): GrowingSample {
    // A character whose last bytes are yet to come shows as this mark.
    const text = decoded.replace(/\uFFFD+$/, '')
    return { variant: elementAt(this.generation.variantNames, variant, 'variant'), prompt, index, text }
  }

  /** The time left supposes that the other answers get as long as the finished ones. */
  private estimated(): SampleProgress {
    const { samplesDone, samplesTotal } = this.progress
    const growingTokens = Array.from(this.growing.values(), ({ tokens }) => tokens.length)
    const meanLength = samplesDone === 0 ? Infinity : this.finishedTokens / samplesDone
    const begun = growingTokens.reduce((sum, length) => sum + Math.min(length, meanLength), 0)
    const left = Math.max(0, meanLength * (samplesTotal - samplesDone) - begun)
    const seconds = (performance.now() - this.startedMs) / 1000
    const { perSecond, secondsLeft } = this.rate(this.tokensDone, this.tokensDone + left, seconds)
    const most =
      this.generation.settings.maxTokens * (samplesTotal - samplesDone) -
      growingTokens.reduce((sum, length) => sum + length, 0)
    // The first tokens come with the reading of weights and prompts, and say nothing of the others.
    if (perSecond === null || (this.tokensDone < FEW_TOKENS && left > 0)) {
      return { ...this.progress, tokensPerSecond: perSecond, secondsLeft: null }
    }
    return {
      ...this.progress,
      tokensPerSecond: perSecond,
      mostSecondsLeft: Math.max(0, most) / perSecond,
      secondsLeft: secondsLeft !== null && Number.isFinite(secondsLeft) ? secondsLeft : null
    }
  }
}

function nameOf({ variant, prompt, index }: SampleKey): string {
  return `${variant}/${prompt}/${index}`
}
