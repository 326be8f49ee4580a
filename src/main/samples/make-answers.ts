import type { ExternalRecord } from '../../contract/model/external-model'
import type { Computation, SampleLine, SampleProgress } from '../../contract/documents/samples'
import { mapGet } from '../../contract/model/look-up'
import { progressRate } from '../base/progress-rate'
import type { EngineClient } from '../engine/host'
import { answerExternal, type ExternalWork } from './external'
import { generateSamples, type SampleListener, type SamplesWork } from './run-samples'

export interface AnswersWork extends SamplesWork {
  /** Null if the engine answers for all variants. */
  external: ExternalWork | null
}

export interface AnswersListener extends SampleListener {
  /** Receives new facts about the models outside the engine. */
  onRecord(record: ExternalRecord): Promise<void>
}

/** Shortest time between two events of progress. */
const EVENT_INTERVAL_MS = 250

/**
 * Adds the missing answers of a run: first from files and endpoints, then by the engine.
 *
 * @returns the time that this took, and how the engine computed; null if it computed nothing
 */
export async function makeAnswers(
  engine: EngineClient,
  work: AnswersWork,
  listener: AnswersListener,
  signal: AbortSignal
): Promise<{ seconds: number; computation: Computation | null }> {
  const { external, ...engineWork } = work
  if (external === null) return generateSamples(engine, engineWork, listener, signal)
  const startedMs = performance.now()
  const follower = new ExternalFollower(external, engineWork, listener)
  follower.report()
  try {
    await answerExternal(external, work.stored, follower, signal)
  } finally {
    follower.report()
  }
  const seconds = (): number => (performance.now() - startedMs) / 1000
  if (work.generation.variantNames.length === 0) return { seconds: seconds(), computation: work.earlier }
  const { computation } = await generateSamples(
    engine,
    engineWork,
    { ...listener, progress: (progress) => listener.progress(follower.addTo(progress)) },
    signal
  )
  return { seconds: seconds(), computation }
}

/** Counts answers from files and endpoints, and reports progress several times a second. */
class ExternalFollower {
  private readonly rate = progressRate()
  private readonly tokenRate = progressRate()
  private readonly startedMs = performance.now()
  private readonly variantIndices: ReadonlyMap<string, number>
  private readonly total: number
  private readonly engineTotal: number
  private readonly engineDone: number
  private done: number
  private tokenCount = 0
  /** Reason for a repeated request to an endpoint; null once it answers. */
  private trouble: string | null = null
  private reportedMs = -Infinity

  constructor(
    { variants, prompts, settings }: ExternalWork,
    { generation, stored }: SamplesWork,
    private readonly listener: AnswersListener
  ) {
    const cells = prompts.length * settings.sampleCount
    const countStored = (names: readonly string[]): number =>
      stored.filter(({ variant, index }) => names.includes(variant) && index < settings.sampleCount).length
    const { variantNames } = generation
    // Indices follow the engine's, so that no two answers share a key.
    this.variantIndices = new Map(variants.map(({ name }, index) => [name, variantNames.length + index]))
    this.total = variants.length * cells
    this.done = countStored(variants.map(({ name }) => name))
    this.engineTotal = variantNames.length * cells
    this.engineDone = countStored(variantNames)
  }

  async keep(lines: SampleLine[]): Promise<void> {
    await this.listener.keep(lines)
    this.done += lines.length
    this.trouble = null
    this.listener.samples?.(
      lines.map((line) => ({
        key: { variant: mapGet(this.variantIndices, line.variant, 'variant'), prompt: line.prompt, index: line.index },
        line
      })),
      []
    )
    if (performance.now() - this.reportedMs >= EVENT_INTERVAL_MS) this.report()
  }

  onRecord(record: ExternalRecord): Promise<void> {
    return this.listener.onRecord(record)
  }

  onRepeat(why: string): void {
    this.trouble = why
    this.report()
  }

  tokens(count: number): void {
    this.tokenCount += count
  }

  report(): void {
    this.reportedMs = performance.now()
    const seconds = (this.reportedMs - this.startedMs) / 1000
    const { secondsLeft } = this.rate(this.done, this.total, seconds)
    const { perSecond } = this.tokenRate(this.tokenCount, Infinity, seconds)
    this.listener.progress({
      phase: 'generating',
      samplesDone: this.done + this.engineDone,
      samplesTotal: this.total + this.engineTotal,
      tokensPerSecond: perSecond,
      // The engine's speed is unknown until it begins.
      secondsLeft: this.engineDone < this.engineTotal ? null : secondsLeft,
      ...(this.trouble === null ? {} : { trouble: this.trouble })
    })
  }

  /** Adds answers from files and endpoints to the engine's progress. */
  addTo(progress: SampleProgress): SampleProgress {
    return {
      ...progress,
      samplesDone: progress.samplesDone + this.done,
      samplesTotal: progress.samplesTotal + this.total
    }
  }
}
