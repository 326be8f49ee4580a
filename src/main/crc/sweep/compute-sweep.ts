import { formatPercent } from '../../../contract/words/format'
import { isDeepStrictEqual } from 'node:util'
import { type SweepMemory, totalWork, type WorkCounts } from '../../../contract/documents/sweep-work'
import type { EngineSweepEvent, PromptSplit } from '../../../contract/procedures/engine'
import { inputError, mismatchError, WorkbenchError } from '../../../contract/model/problem'
import type { SweepEvent, SweepProgress } from '../../../contract/documents/sweep-events'
import type { EngineClient } from '../../engine/host'
import type { ComputedIn, EarlierResults } from './earlier-results'
import { budgetOf, engineRequest } from './engine-request'
import type { ScoreCollector } from '../task/model-scores'
import type { PreparedSweep } from './prepare-sweep'
import { progressRate } from '../../base/progress-rate'
import { ComputedScores } from './computed-scores'
import { isLost, type KeptData, type StageSession } from './stage-session'
import { PartSaver } from './part-saver'
import type { SavedSweepProgress } from './saved-sweep-progress'
import { elementAt } from '../../../contract/model/look-up'
import { halveSplit, type KeyedSplit, keySplit } from './keyed-split'
import { throwIfCancelled } from '../../base/files/cancelling'

export type CrcSweepEvent = Extract<SweepEvent, { type: 'progress' | 'scores' | 'notice' }>

/** Progress before the first event of the engine. */
export const NOTHING_DONE: SweepProgress = {
  phase: 'preparing',
  rowsDone: 0,
  rowsTotal: 0,
  rowsPerSecond: null,
  secondsLeft: null,
  layer: null,
  layerCount: 0,
  reusedPromptCount: 0
}

/** A part of a sweep that is computed at a time: some models on some prompts, both given by their indices. */
export interface SweepStage {
  /** Indices of models. The indices of baselines continue after them. */
  models: readonly number[]
  prompts: readonly number[]
  /** Maximum rows that go through a block in all stages together; omitted if this is the only stage. */
  budget?: number
  /** Weights and states that stay in memory for later stages on the same prompts. */
  keeps?: KeptData
}

/** Scores of a sweep, and the work for them. */
export interface ComputedSweep extends ComputedIn {
  /** Scores of each model, then of each baseline. */
  scores: readonly ScoreCollector[]
  progress: SweepProgress
  work: WorkCounts
  /** Block evaluations times distinct prompt prefixes: the number of rows that went through a block. */
  rows: number
  seconds: number
  /** Memory that was used; undefined if all scores were reused. */
  memory: SweepMemory | undefined
  reusedPromptCount: number
  /** Remarks for the user. */
  notices: string[]
}

interface ComputeOptions {
  /** Returns the stages. Each may depend on the scores of the stages before it. */
  stages: (scores: readonly ScoreCollector[]) => Iterable<SweepStage>
  /** Scores that are used again; null if there are none. */
  earlier: EarlierResults | null
  session: StageSession
  /** Stores each finished part. */
  savedProgress: SavedSweepProgress | null
  signal: AbortSignal
  onEvent: (event: CrcSweepEvent) => void
}

/** Shortest time between two events of progress. */
const EVENT_INTERVAL_MS = 100

/**
 * Lets the engine compute missing scores, stage by stage. A failed part is repeated once, with half the rows after a
 * lack of GPU memory. After another failure of an automatically chosen GPU, the CPU computes the other parts.
 */
export async function computeSweep(
  engine: EngineClient,
  prepared: PreparedSweep,
  options: ComputeOptions
): Promise<ComputedSweep> {
  const run = new SweepRun(prepared, options)
  for (const stage of options.stages(run.scores.collectors)) {
    run.begin(stage)
    while (run.missing.length > 0) {
      const finishedBefore = run.partsFinished
      try {
        await run.follow(engine)
      } catch (error) {
        const isRepeated = run.partsFinished === finishedBefore
        if (options.signal.aborted || !run.recover(error, isRepeated)) throw error
      }
    }
  }
  return run.result()
}

/** The state of a sweep that the engine computes, and its events. */
class SweepRun {
  readonly scores: ComputedScores
  private stage: SweepStage = { models: [], prompts: [] }
  private stagesBegun = 0
  /** True after the engine was lost. Another loss before the next finished part ends the sweep. */
  private wasLost = false
  /** True once the device had too little memory, which is reported once. */
  private hasFewerRows = false
  /** True after a GPU failed, when the CPU computes the other parts. */
  private isOnCpu = false
  /** Groups of prompts that are computed together; null until the engine has planned them. */
  private split: KeyedSplit | null
  private groupCount = 0
  private rows = 0
  /** Block evaluations in the unfinished group of prompts. */
  private evaluations = 0
  partsFinished = 0
  private readonly notices: string[] = []
  private readonly works: WorkCounts[] = []
  private seconds = 0
  private progress: SweepProgress
  private computedIn: ComputedIn | null = null
  private memory: Omit<SweepMemory, 'groupCount'> | null = null
  private readonly parts: PartSaver
  /** Rows of earlier stages, and of parts that were finished before a failure. */
  private rowsBefore = 0
  /** Rows of all finished parts. */
  private rowsFinished = 0
  /** Time at which the engine was last asked. */
  private startedMs = 0
  /** Seconds from `startedMs` to the end of the last finished part. */
  private finishedSeconds = 0
  private notifiedMs = -Infinity

  constructor(
    private readonly prepared: PreparedSweep,
    private readonly options: ComputeOptions
  ) {
    const { earlier } = options
    this.scores = new ComputedScores(prepared, earlier)
    this.parts = new PartSaver(options.savedProgress, (message) => this.notice(message))
    this.split = earlier?.split ?? null
    this.progress = { ...NOTHING_DONE, layerCount: prepared.layerCount }
    if (earlier !== null && this.scores.hasUnreported)
      this.computedIn = { device: earlier.device, precision: earlier.precision }
  }

  /** Prompts of the stage that are not fully scored yet. */
  get missing(): number[] {
    const { models, prompts } = this.stage
    return prompts.filter((prompt) => !models.every((model) => this.scores.isScored(model, prompt)))
  }

  /** Makes a stage the current one. */
  begin(stage: SweepStage): void {
    this.stage = stage
    this.rowsBefore = this.rowsFinished
    if (this.stagesBegun++ > 0) {
      // Prompts of another stage are split in another way.
      this.split = null
      return
    }
    if (this.computedIn === null) return
    this.progress = { ...this.progress, reusedPromptCount: stage.prompts.length - this.missing.length }
    this.notify()
  }

  /** Runs the engine on the missing prompts until it ends or fails. */
  async follow(engine: EngineClient): Promise<void> {
    const { prepared, missing, options } = this
    const { signal } = options
    this.startedMs = performance.now()
    this.finishedSeconds = 0
    const rate = progressRate()
    const { request, modelIndices } = engineRequest(
      prepared,
      this.stage.models,
      missing,
      (model, prompt) => this.scores.isScored(model, prompt),
      this.split
    )
    const session = options.session.settingsFor(this.stage)
    const placement = this.isOnCpu ? { device: 'cpu' as const, precision: undefined } : {}
    const events = await engine.sweep({ ...request, ...placement, session }, { signal })
    for await (const event of events) {
      throwIfCancelled(signal, 'The sweep')
      if (event.type === 'plan') {
        if (!this.applyPlan(event, missing, request.split)) return
      } else if (event.type === 'progress') {
        const elapsed = (performance.now() - this.startedMs) / 1000
        const { perSecond, secondsLeft } = rate(event.rowsDone, this.progress.rowsTotal - this.rowsBefore, elapsed)
        this.progress = {
          ...this.progress,
          rowsDone: this.rowsBefore + event.rowsDone,
          rowsPerSecond: perSecond,
          secondsLeft,
          layer: event.layer
        }
      } else if (event.type === 'probabilities') {
        this.scores.add(event, missing, elementAt(modelIndices, event.model, 'model'))
      } else if (event.type === 'part') {
        this.works.push({ ...event.work, packedTokens: 0, promptTokens: 0 })
        this.evaluations += event.work.blockEvaluations
        await this.finishPart()
      } else if (event.type === 'group') {
        this.works.push({ ...event.work, blockEvaluations: 0, weightBytesRead: 0 })
        this.groupCount++
        this.rows += this.evaluations * event.work.packedTokens
        this.evaluations = 0
      } else {
        return this.end(event.seconds)
      }
      if (performance.now() - this.notifiedMs >= EVENT_INTERVAL_MS) this.notify()
    }
    throw new WorkbenchError('engine-lost', 'The engine ended the sweep before it was done.')
  }

  /** Applies the engine's plan. @returns false if earlier scores are of another device or precision */
  private applyPlan(
    plan: Extract<EngineSweepEvent, { type: 'plan' }>,
    missing: readonly number[],
    requestedSplit: PromptSplit | undefined
  ): boolean {
    const { device, precision, rowsTotal, split } = plan
    const earlier = this.computedIn
    if (!this.isOnCpu && earlier !== null && (earlier.device !== device || earlier.precision !== precision)) {
      const before = `Earlier results, computed on ${earlier.device} in ${earlier.precision}, were not used`
      if (this.stagesBegun > 1) throw mismatchError(`${before} further.`, 'Sweep from the start.')
      this.notice(`${before}: this sweep runs on ${device} in ${precision}.`)
      this.discardScores()
      return false
    }
    // A sweep that began on a GPU is described by the GPU.
    if (!this.isOnCpu) this.computedIn = { device, precision }
    else this.computedIn ??= { device, precision }
    this.memory = {
      budgetBytes: budgetOf(this.prepared),
      plannedPeakBytes: Math.max(plan.peakBytes, this.memory?.plannedPeakBytes ?? 0)
    }
    const { identicalLayers } = plan
    // A restarted engine repeats the notice.
    if (identicalLayers.length > 0 && this.works.length === 0 && this.rowsBefore === 0) {
      this.notice(identicalNotice(identicalLayers))
    }
    if (this.split === null || !isDeepStrictEqual(split, requestedSplit)) {
      this.split = keySplit(
        split,
        missing.map((prompt) => elementAt(this.prepared.prompts, prompt, 'prompt').key)
      )
    }
    this.parts.begin(this.prepared.identity, this.computedIn, this.split, earlier !== null)
    const total = Math.max(this.rowsBefore + rowsTotal, this.stage.budget ?? 0)
    this.progress = { ...this.progress, phase: 'sweeping', rowsTotal: total }
    this.notify()
    return true
  }

  private discardScores(): void {
    this.split = null
    this.scores.clear()
    this.computedIn = null
    this.rowsBefore = 0
    this.progress = { ...this.progress, rowsDone: 0, reusedPromptCount: 0 }
  }

  /** Saves the scores of a finished part. */
  private async finishPart(): Promise<void> {
    this.partsFinished++
    this.rowsFinished = this.progress.rowsDone
    this.finishedSeconds = (performance.now() - this.startedMs) / 1000
    await this.parts.add(this.scores.takeUnsaved())
  }

  private end(seconds: number): void {
    this.seconds += seconds
    this.notify()
    if (this.missing.length > 0) {
      throw new WorkbenchError('engine-lost', 'The engine ended the sweep before every score had arrived.')
    }
  }

  /**
   * Prepares another attempt.
   * @param isRepeated true if no part was finished since the last failure
   * @returns false to end
   */
  recover(error: unknown, isRepeated: boolean): boolean {
    if (!(error instanceof WorkbenchError)) return false
    const { code } = error.problem
    if (isLost(error) && !(this.wasLost && isRepeated)) {
      this.wasLost = true
      this.continueAfter(error, 'It was started again and goes on')
      return true
    }
    const halves = code === 'device-memory' && this.split !== null ? halveSplit(this.split) : null
    if (halves !== null) {
      this.split = halves
      this.continueAfter(error, this.hasFewerRows ? null : 'The sweep goes on with fewer rows at a time')
      this.hasFewerRows = true
      return true
    }
    const { device } = this.prepared.request
    const isGpu = device?.isAutomatic === true && device.device !== 'cpu' && !this.isOnCpu
    if (!isGpu || !(isLost(error) || code === 'device-memory' || code === 'device-lost')) return false
    this.wasLost = false
    this.isOnCpu = true
    if (this.partsFinished === 0 && this.progress.reusedPromptCount === 0) this.discardScores()
    this.continueAfter(error, 'The sweep goes on, on the CPU,')
    return true
  }

  /**
   * Resets the progress to the finished parts, and reports a failure.
   * @param how the solution; null if reported before
   */
  private continueAfter(reason: Error, how: string | null): void {
    // Lost work is computed again, and its time is counted then.
    this.seconds += this.finishedSeconds
    this.rowsBefore = this.rowsFinished
    this.progress = { ...this.progress, rowsDone: this.rowsBefore, rowsPerSecond: null, secondsLeft: null, layer: null }
    const { rowsDone, rowsTotal } = this.progress
    const percent = formatPercent(rowsTotal === 0 ? 0 : rowsDone / rowsTotal)
    if (how !== null) this.notice(`${reason.message} ${how} at ${percent}.`)
    this.notify()
  }

  result(): ComputedSweep {
    if (this.computedIn === null) throw inputError('There is no prompt to score.')
    return {
      ...this.computedIn,
      scores: this.scores.collectors,
      progress: this.progress,
      work: totalWork(this.works),
      rows: this.rows,
      seconds: this.seconds,
      memory: this.memory === null ? undefined : { ...this.memory, groupCount: this.groupCount },
      reusedPromptCount: this.progress.reusedPromptCount,
      notices: this.notices
    }
  }

  private notice(message: string): void {
    this.notices.push(message)
    this.options.onEvent({ type: 'notice', message })
  }

  /** Reports the progress and changed scores. */
  private notify(): void {
    this.notifiedMs = performance.now()
    this.options.onEvent({ type: 'progress', progress: this.progress })
    const entries = this.scores.takeUnreported()
    if (entries.length > 0) this.options.onEvent({ type: 'scores', entries })
  }
}

function identicalNotice(layers: readonly number[]): string {
  const named = layers.length === 1 ? `Layer ${layers.join()} is` : `Layers ${layers.join(', ')} are`
  return `${named} identical in base and post: restoring ${layers.length === 1 ? 'it' : 'them'} changes nothing.`
}
