import { formatPercent } from '../../../contract/words/format'
import { isDeepStrictEqual } from 'node:util'
import type { PromptScore } from '../../../contract/documents/crc'
import { type SweepMemory, totalWork, type WorkCounts } from '../../../contract/documents/sweep-work'
import type { EngineSweepEvent, PromptSplit } from '../../../contract/procedures/engine'
import { inputError, mismatchError, WorkbenchError } from '../../../contract/model/problem'
import type { SweepEvent, SweepProgress } from '../../../contract/documents/sweep-events'
import type { EngineClient } from '../../engine/host'
import type { ComputedIn, EarlierResults, KeyedSplit } from './earlier-results'
import { budgetOf, engineRequest } from './engine-request'
import { ScoreCollector } from '../task/model-scores'
import type { PreparedSweep } from './prepare-sweep'
import { progressRate } from '../../base/progress-rate'
import { type Scorer, scorerOf } from '../task/scorer'
import { isLost, type KeptData, type StageSession } from './stage-session'
import { PartSaver } from './part-saver'
import type { SavedSweepProgress } from './saved-sweep-progress'
import type { SweptModel } from '../../../contract/documents/swept-model'
import { elementAt } from '../../../contract/model/look-up'
import { throwIfCancelled } from '../../base/files/cancelling'

export type CrcSweepEvent = Extract<SweepEvent, { type: 'progress' | 'scores' | 'notice' }>

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

/** A part of a sweep that is computed at a time: some models, then some baselines, on some prompts. */
export interface SweepStage {
  models: readonly number[]
  prompts: readonly number[]
  /** Most rows of a block for all stages together; omitted if this is the only stage. */
  budget?: number
  /** Weights and states that stay in memory for later stages on the same prompts. */
  keeps?: KeptData
}

export interface ComputedSweep extends ComputedIn {
  /** Scores of the sweep's models, then scores of its baselines. */
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

export interface ComputeOptions {
  /** Returns the stages. Each may depend on the scores of the stages before it. */
  stages: (scores: readonly ScoreCollector[]) => Iterable<SweepStage>
  earlier: EarlierResults | null
  session: StageSession
  /** Stores each finished part. */
  savedProgress: SavedSweepProgress | null
  signal: AbortSignal
  onEvent: (event: CrcSweepEvent) => void
}

/** Fewest rows that go through a block at once after a lack of memory. */
const MIN_ROWS = 64

/** The number of rows up to which a lack of memory splits groups of prompts too. */
const SPLIT_ROWS = 2048

/** Shortest time between two events of progress. */
const EVENT_INTERVAL_MS = 100

/**
 * Lets the engine compute missing scores. A failed part is repeated once, with half the rows after a lack of GPU
 * memory. After another failure of an automatically chosen GPU, the CPU computes the other parts.
 */
export async function computeSweep(
  engine: EngineClient,
  prepared: PreparedSweep,
  options: ComputeOptions
): Promise<ComputedSweep> {
  const run = new SweepRun(prepared, options)
  for (const stage of options.stages(run.scores)) {
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

class SweepRun {
  private readonly models: readonly SweptModel[]
  private readonly scorer: Scorer
  readonly scores: readonly ScoreCollector[]
  private readonly session: StageSession
  private stage: SweepStage = { models: [], prompts: [] }
  private stagesBegun = 0
  private hasDied = false
  /** True once the device had too little memory, which is reported once. */
  private hasFewerRows = false
  /** Place of the computation after a GPU failed. Empty before. */
  private fallback: { device?: 'cpu'; precision?: undefined } = {}
  /** Groups of prompts that are computed together, also by a resumed run; null until the engine has planned them. */
  private split: KeyedSplit | null
  private unsaved = new Map<number, Map<number, PromptScore>>()
  private groupCount = 0
  private rows = 0
  private evaluations = 0
  partsFinished = 0
  private readonly changed = new Set<number>()
  private readonly notices: string[] = []
  private readonly works: WorkCounts[] = []
  private seconds = 0
  private progress: SweepProgress
  private computedIn: ComputedIn | null = null
  private memory: Omit<SweepMemory, 'groupCount'> | null = null
  private readonly budgetBytes: number
  private readonly parts: PartSaver
  private rowsBefore = 0
  private rowsFinished = 0
  private startedMs = 0
  /** Seconds from `startedMs` to the end of the last finished part. */
  private finishedSeconds = 0
  private notifiedMs = -Infinity

  constructor(
    private readonly prepared: PreparedSweep,
    private readonly options: ComputeOptions
  ) {
    this.models = prepared.models
    this.scorer = scorerOf(prepared.scoredBy)
    this.scores = [...prepared.models, ...prepared.baselines].map(() => new ScoreCollector(prepared.prompts))
    this.parts = new PartSaver(options.savedProgress, (message) => this.notice(message))
    this.session = options.session
    this.budgetBytes = budgetOf(prepared)
    this.split = options.earlier?.split ?? null
    this.progress = { ...NOTHING_DONE, layerCount: prepared.layerCount }
    this.reuse(options.earlier)
  }

  /** Prompts of the stage that are not fully scored yet. */
  get missing(): number[] {
    const { models, prompts } = this.stage
    return prompts.filter((prompt) => !models.every((model) => this.isScored(model, prompt)))
  }

  private isScored(model: number, prompt: number): boolean {
    return elementAt(this.scores, model, 'model').get(prompt) !== undefined
  }

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

  private reuse(earlier: EarlierResults | null): void {
    if (earlier === null) return
    const { prompts } = this.prepared
    for (const [prompt, { key }] of prompts.entries()) {
      for (const [model, score] of earlier.scores.get(key) ?? []) {
        elementAt(this.scores, model, 'model').set(prompt, score)
        this.changed.add(model)
      }
    }
    if (this.changed.size > 0) this.computedIn = { device: earlier.device, precision: earlier.precision }
  }

  /** Runs the engine on the missing prompts until it ends or fails. */
  async follow(engine: EngineClient): Promise<void> {
    const { prepared, missing, options } = this
    const { signal } = options
    this.startedMs = performance.now()
    this.finishedSeconds = 0
    const rate = progressRate()
    const { request, modelIndices: asked } = engineRequest(
      prepared,
      this.stage.models,
      missing,
      (model, prompt) => this.isScored(model, prompt),
      this.split
    )
    const events = await engine.sweep(
      { ...request, ...this.fallback, session: this.session.settingsFor(this.stage) },
      { signal }
    )
    for await (const event of events) {
      throwIfCancelled(signal, 'The sweep')
      if (event.type === 'plan') {
        if (!this.planned(event, missing, request.split)) return
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
        for (const [row, index] of event.prompts.entries()) {
          const groups = elementAt(event.probabilities, row, 'prompt')
          const whatIf = event.whatIf?.[row]
          const stored = whatIf === undefined ? undefined : this.scorer.keep(whatIf, groups.length)
          const score = this.scorer.score(groups, stored)
          this.addScore(elementAt(missing, index, 'prompt'), elementAt(asked, event.model, 'model'), score)
        }
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

  /** Handles the engine's plan. @returns false if earlier scores are of another device or precision */
  private planned(
    plan: Extract<EngineSweepEvent, { type: 'plan' }>,
    missing: readonly number[],
    askedSplit: PromptSplit | undefined
  ): boolean {
    const { device, precision, rowsTotal, split } = plan
    const earlier = this.computedIn
    const isFallback = this.fallback.device !== undefined
    if (!isFallback && earlier !== null && (earlier.device !== device || earlier.precision !== precision)) {
      const before = `Earlier results, computed on ${earlier.device} in ${earlier.precision}, were not used`
      if (this.stagesBegun > 1) throw mismatchError(`${before} further.`, 'Sweep from the start.')
      this.notice(`${before}: this sweep runs on ${device} in ${precision}.`)
      this.discardScores()
      return false
    }
    if (!isFallback) this.computedIn = { device, precision }
    else this.computedIn ??= { device, precision }
    this.memory = {
      budgetBytes: this.budgetBytes,
      plannedPeakBytes: Math.max(plan.peakBytes, this.memory?.plannedPeakBytes ?? 0)
    }
    const { identicalLayers } = plan
    // A restarted engine repeats the notice.
    if (identicalLayers.length > 0 && this.works.length === 0 && this.rowsBefore === 0) {
      this.notice(identicalNotice(identicalLayers))
    }
    if (this.split === null || !isDeepStrictEqual(split, askedSplit)) this.split = this.keyed(split, missing)
    this.parts.begin(this.prepared.identity, this.computedIn, this.split, earlier !== null)
    const total = Math.max(this.rowsBefore + rowsTotal, this.stage.budget ?? 0)
    this.progress = { ...this.progress, phase: 'sweeping', rowsTotal: total }
    this.notify()
    return true
  }

  private keyed({ groups, rowBound }: PromptSplit, missing: readonly number[]): KeyedSplit {
    const key = (index: number): string =>
      elementAt(this.prepared.prompts, elementAt(missing, index, 'prompt'), 'prompt').key
    return { groups: groups.map((indices) => indices.map(key)), rowBound }
  }

  private discardScores(): void {
    this.unsaved.clear()
    this.split = null
    this.changed.clear()
    for (const scores of this.scores) scores.clear()
    this.computedIn = null
    this.rowsBefore = 0
    this.progress = { ...this.progress, rowsDone: 0, reusedPromptCount: 0 }
  }

  private addScore(prompt: number, model: number, score: PromptScore): void {
    elementAt(this.scores, model, 'model').set(prompt, score)
    this.changed.add(model)
    const promptScores = this.unsaved.get(prompt) ?? new Map<number, PromptScore>()
    this.unsaved.set(prompt, promptScores.set(model, score))
  }

  private async finishPart(): Promise<void> {
    const results = Array.from(this.unsaved, ([prompt, scores]) => ({
      promptKey: elementAt(this.prepared.prompts, prompt, 'prompt').key,
      scores
    }))
    this.unsaved = new Map()
    this.partsFinished++
    this.rowsFinished = this.progress.rowsDone
    this.finishedSeconds = (performance.now() - this.startedMs) / 1000
    await this.parts.add(results)
  }

  private end(seconds: number): void {
    this.seconds += seconds
    this.notify()
    if (this.missing.length > 0) {
      throw new WorkbenchError('engine-lost', 'The engine ended the sweep before every score had arrived.')
    }
  }

  /** Prepares another attempt at a failed part. @returns false if the failure would repeat */
  recover(error: unknown, isRepeated: boolean): boolean {
    if (!(error instanceof WorkbenchError)) return false
    const { code } = error.problem
    if (isLost(error) && !(this.hasDied && isRepeated)) {
      this.hasDied = true
      this.continueAfter(error, 'It was started again and goes on')
      return true
    }
    if (code === 'device-memory' && this.halveRows()) {
      this.continueAfter(error, this.hasFewerRows ? null : 'The sweep goes on with fewer rows at a time')
      this.hasFewerRows = true
      return true
    }
    const { device } = this.prepared.request
    const isGpu = device?.isAutomatic === true && device.device !== 'cpu' && this.fallback.device === undefined
    if (!isGpu || !(isLost(error) || code === 'device-memory' || code === 'device-lost')) return false
    this.hasDied = false
    this.fallback = { device: 'cpu', precision: undefined }
    if (this.partsFinished === 0 && this.progress.reusedPromptCount === 0) this.discardScores()
    this.continueAfter(error, 'The sweep goes on, on the CPU,')
    return true
  }

  /** Halves the groups of prompts, and the rows that go through a block at once. @returns false if they are small */
  private halveRows(): boolean {
    if (this.split === null) return false
    const { groups, rowBound } = this.split
    if (rowBound <= MIN_ROWS && groups.every((keys) => keys.length === 1)) return false
    const half = (keys: readonly string[]): number => Math.ceil(keys.length / 2)
    const halves = groups.flatMap((keys) => [keys.slice(0, half(keys)), keys.slice(half(keys))])
    this.split = {
      // Each group reads all weights, so groups are halved only after the rows of a run are few.
      groups: rowBound > SPLIT_ROWS ? groups : halves.filter((keys) => keys.length > 0),
      rowBound: Math.max(MIN_ROWS, rowBound / 2)
    }
    return true
  }

  /** Prepares to compute the rest after a failure, and reports it. @param how says how; null if already reported */
  private continueAfter(reason: Error, how: string | null): void {
    // Lost work is computed again, and its time is counted then.
    this.seconds += this.finishedSeconds
    this.rowsBefore = this.rowsFinished
    this.progress = {
      ...this.progress,
      rowsDone: this.rowsBefore,
      rowsPerSecond: null,
      secondsLeft: null,
      layer: null
    }
    const { rowsDone, rowsTotal } = this.progress
    const percent = formatPercent(rowsTotal === 0 ? 0 : rowsDone / rowsTotal)
    if (how !== null) this.notice(`${reason.message} ${how} at ${percent}.`)
    this.notify()
  }

  result(): ComputedSweep {
    if (this.computedIn === null) throw inputError('There is no prompt to score.')
    return {
      ...this.computedIn,
      scores: this.scores,
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

  private notify(): void {
    this.notifiedMs = performance.now()
    this.options.onEvent({ type: 'progress', progress: this.progress })
    // Baselines, which follow the models, are only part of the result.
    const entries = this.models.flatMap((model, index) =>
      this.changed.has(index) ? [{ model, score: elementAt(this.scores, index, 'model').soFar() }] : []
    )
    this.changed.clear()
    if (entries.length > 0) this.options.onEvent({ type: 'scores', entries })
  }
}

function identicalNotice(layers: readonly number[]): string {
  const named = layers.length === 1 ? `Layer ${layers.join()} is` : `Layers ${layers.join(', ')} are`
  return `${named} identical in base and post: restoring ${layers.length === 1 ? 'it' : 'them'} changes nothing.`
}
