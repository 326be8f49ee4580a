import type { OutsideRecord } from '../../contract/model/outside-model'
import type { Computation, SampleLine, SampleProgress } from '../../contract/documents/samples'
import { mapGet } from '../../contract/model/look-up'
import { progressRate } from '../base/progress-rate'
import type { EngineClient } from '../engine/host'
import { answerOutside, type OutsideWork } from './outside'
import { generateSamples, type SampleListener, type SamplesToMake } from './run-samples'

/** What all variants of a run are to answer, whoever answers for them. */
export interface AnswersToMake extends SamplesToMake {
  /** Null where the engine answers for all. */
  outside: OutsideWork | null
}

export interface AnswersListener extends SampleListener {
  /** Who answers outside the engine, when more is known of it. */
  learned(record: OutsideRecord): Promise<void>
}

/** At most this often a listener hears of progress. */
const EVENT_INTERVAL_MS = 250

/**
 * Makes the answers of a run that are not stored yet: files and endpoints first, then the engine, as `generateSamples`.
 *
 * @returns wall time in seconds, and how the engine computed
 * @throws WorkbenchError as `answerOutside` and `generateSamples`. Answers finished by then have been kept.
 */
export async function makeAnswers(
  engine: EngineClient,
  work: AnswersToMake,
  listener: AnswersListener,
  signal: AbortSignal
): Promise<{ seconds: number; computation: Computation | null }> {
  const { outside, ...inside } = work
  if (outside === null) return generateSamples(engine, inside, listener, signal)
  const startedMs = performance.now()
  const follower = new OutsideFollower(outside, inside, listener)
  follower.tell()
  try {
    await answerOutside(outside, work.stored, follower, signal)
  } finally {
    follower.tell()
  }
  const seconds = (): number => (performance.now() - startedMs) / 1000
  if (work.generation.variantNames.length === 0) return { seconds: seconds(), computation: work.earlier }
  const { computation } = await generateSamples(
    engine,
    inside,
    { ...listener, progress: (progress) => listener.progress(follower.with(progress)) },
    signal
  )
  return { seconds: seconds(), computation }
}

/** Counts the answers that come from outside, and tells of them a few times a second. */
class OutsideFollower {
  private readonly rate = progressRate()
  private readonly tokenRate = progressRate()
  private readonly startedMs = performance.now()
  private readonly places: ReadonlyMap<string, number>
  private readonly total: number
  private readonly insideTotal: number
  private readonly insideDone: number
  private done: number
  private tokenCount = 0
  /** Why an endpoint is asked again; null once it answers. */
  private trouble: string | null = null
  private toldMs = -Infinity

  constructor(
    { variants, prompts, settings }: OutsideWork,
    { generation, stored }: SamplesToMake,
    private readonly listener: AnswersListener
  ) {
    const cells = prompts.length * settings.sampleCount
    const isIn = (names: readonly string[]): number =>
      stored.filter(({ variant, index }) => names.includes(variant) && index < settings.sampleCount).length
    const { variantNames } = generation
    // Behind the engine's, so that no two answers have one key.
    this.places = new Map(variants.map(({ name }, place) => [name, variantNames.length + place]))
    this.total = variants.length * cells
    this.done = isIn(variants.map(({ name }) => name))
    this.insideTotal = variantNames.length * cells
    this.insideDone = isIn(variantNames)
  }

  async keep(lines: SampleLine[]): Promise<void> {
    await this.listener.keep(lines)
    this.done += lines.length
    this.trouble = null
    this.listener.samples?.(
      lines.map((line) => ({
        key: {
          variant: mapGet(this.places, line.variant, 'variant'),
          prompt: line.prompt,
          index: line.index
        },
        line
      })),
      []
    )
    if (performance.now() - this.toldMs >= EVENT_INTERVAL_MS) this.tell()
  }

  learned(record: OutsideRecord): Promise<void> {
    return this.listener.learned(record)
  }

  again(why: string): void {
    this.trouble = why
    this.tell()
  }

  tokens(count: number): void {
    this.tokenCount += count
  }

  tell(): void {
    this.toldMs = performance.now()
    const seconds = (this.toldMs - this.startedMs) / 1000
    const { secondsLeft } = this.rate(this.done, this.total, seconds)
    const { perSecond } = this.tokenRate(this.tokenCount, Infinity, seconds)
    this.listener.progress({
      phase: 'generating',
      samplesDone: this.done + this.insideDone,
      samplesTotal: this.total + this.insideTotal,
      tokensPerSecond: perSecond,
      // How fast the engine will be is known when it has begun.
      secondsLeft: this.insideDone < this.insideTotal ? null : secondsLeft,
      ...(this.trouble === null ? {} : { trouble: this.trouble })
    })
  }

  /** The engine's progress with what came from outside. */
  with(progress: SampleProgress): SampleProgress {
    return {
      ...progress,
      samplesDone: progress.samplesDone + this.done,
      samplesTotal: progress.samplesTotal + this.total
    }
  }
}
