import { formatPercent } from '../../../contract/words/format'
import { isDeepStrictEqual } from 'node:util'
import type { PromptScore } from '../../../contract/documents/crc'
import { type SweepMemory, totalWork, type Work } from '../../../contract/documents/sweep-work'
import type { EngineSweepEvent, PromptSplit } from '../../../contract/procedures/engine'
import { WorkbenchError } from '../../../contract/model/problem'
import type { SweepEvent, SweepProgress } from '../../../contract/documents/sweep-events'
import type { EngineClient } from '../../engine/host'
import type { ComputedIn, EarlierResults, KeyedSplit } from './earlier-results'
import { budgetOf, engineRequest } from './engine-request'
import { ModelScores } from '../task/model-scores'
import type { PreparedSweep } from './prepare-sweep'
import { progressRate } from '../../base/progress-rate'
import { type Scorer, scorerOf } from '../task/scorer'
import { isLost, type Leaves, type StageSession } from './stage-session'
import type { SweepCheckpoint } from './sweep-checkpoint'
import type { SweptModel } from '../../../contract/documents/swept-model'
import { elementAt } from '../../../contract/model/look-up'
import { throwIfCancelled } from '../../base/files/cancelling'

/** What a watcher of the window sees while it runs, and remarks for the user. */
export type CrcSweepEvent = Extract<SweepEvent, { type: 'progress' | 'scores' | 'notice' }>

/** What a sweep that has not begun has done. */
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

/** What of a sweep is computed at a time: some of its models, and of the rivals behind them, each on some prompts; ascending indices. */
export interface SweepStage {
  models: readonly number[]
  prompts: readonly number[]
  /** What all stages together may take, in rows of a block; left out where there is only this one. */
  budget?: number
  /** What it leaves for later stages, as far as memory allows: states for those on the same prompts. Left out where none come. */
  leaves?: Leaves
}

/** All scores of a sweep, and what it took to have them. */
export interface ComputedSweep extends ComputedIn {
  /** Parallel to the sweep's models, and behind them its rivals. */
  scores: readonly ModelScores[]
  progress: SweepProgress
  work: Work
  /** Evaluations of a block times distinct prompt prefixes: rows that went through one. */
  rows: number
  seconds: number
  /** Undefined when nothing had to be computed. */
  memory: SweepMemory | undefined
  reusedPromptCount: number
  /** What happened that the user should know. */
  notices: string[]
}

export interface ComputeOptions {
  /** What to score, one after the other; what comes next may depend on the scores. */
  stages: (scores: readonly ModelScores[]) => Iterable<SweepStage>
  /** Results that need not be computed. */
  earlier: EarlierResults | null
  /** Of all stages. */
  session: StageSession
  /** Hears of each finished part. */
  checkpoint: SweepCheckpoint | null
  signal: AbortSignal
  onEvent: (event: CrcSweepEvent) => void
}

/** At most this often a watcher hears of progress and new scores. */
const EVENT_INTERVAL_MS = 100

/**
 * Has the engine score what earlier results leave open. When the engine dies it is started again and goes on with the
 * part in which it died; should it die in the same part again, there is something in it that kills it.
 *
 * @throws WorkbenchError `engine-lost` when the engine died twice in one part; whatever the engine says
 */
export async function computeSweep(
  engine: EngineClient,
  prepared: PreparedSweep,
  options: ComputeOptions
): Promise<ComputedSweep> {
  const run = new SweepRun(prepared, options)
  let diedInPart = false
  for (const stage of options.stages(run.scores)) {
    run.begin(stage)
    while (run.missing.length > 0) {
      const finishedBefore = run.partsFinished
      try {
        await run.follow(engine)
      } catch (error) {
        const advanced = run.partsFinished > finishedBefore
        if (!isLost(error) || options.signal.aborted || (diedInPart && !advanced)) throw error
        diedInPart = true
        run.engineDied(error)
      }
    }
  }
  return run.result()
}

class SweepRun {
  private readonly models: readonly SweptModel[]
  private readonly scorer: Scorer
  readonly scores: readonly ModelScores[]
  private readonly session: StageSession
  /** What is being computed. */
  private stage: SweepStage = { models: [], prompts: [] }
  private stagesBegun = 0
  /** How prompts are split, those included that an earlier run has finished; null while nobody knows. */
  private split: KeyedSplit | null
  /** Prompts and models that are known but not kept yet. */
  private fresh = new Map<number, Map<number, PromptScore>>()
  private groupCount = 0
  private rows = 0
  /** Of the group that is being computed. */
  private evaluations = 0
  private partsDone = 0
  private readonly changed = new Set<number>()
  private readonly notices: string[] = []
  private readonly works: Work[] = []
  private seconds = 0
  private progress: SweepProgress
  private computedIn: ComputedIn | null = null
  private memory: Omit<SweepMemory, 'groupCount'> | null = null
  private readonly budgetBytes: number
  private checkpoint: SweepCheckpoint | null
  /** Whether the last write of the checkpoint failed. */
  private checkpointFails = false
  /** Rows of the parts that were finished before the engine was last started. */
  private rowsBefore = 0
  /** Rows of all parts that are finished. */
  private rowsFinished = 0
  private startedMs = 0
  /** Seconds from there to the last part that was finished. */
  private keptSeconds = 0
  private toldMs = -Infinity

  constructor(
    private readonly prepared: PreparedSweep,
    private readonly options: ComputeOptions
  ) {
    this.models = prepared.models
    this.scorer = scorerOf(prepared.scoredBy)
    this.scores = [...prepared.models, ...prepared.rivals].map(() => new ModelScores(prepared.prompts))
    this.checkpoint = options.checkpoint
    this.session = options.session
    this.budgetBytes = budgetOf(prepared)
    this.split = options.earlier?.split ?? null
    this.progress = { ...NOTHING_DONE, layerCount: prepared.layerCount }
    this.reuse(options.earlier)
  }

  /** Prompts of the stage that are still to be computed. */
  get missing(): number[] {
    return this.stage.prompts.filter((prompt) => !this.isFinished(prompt))
  }

  private isFinished(prompt: number): boolean {
    return this.stage.models.every((model) => this.isKnown(model, prompt))
  }

  private isKnown(model: number, prompt: number): boolean {
    return elementAt(this.scores, model, 'model').get(prompt) !== undefined
  }

  /** Begins a stage, of which some may be known. */
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
    this.tell()
  }

  /** Grows with all that is finished. */
  get partsFinished(): number {
    return this.partsDone
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

  /** Follows one run of the engine over the missing prompts to its end, or until it cannot go on. */
  async follow(engine: EngineClient): Promise<void> {
    const { prepared, missing, options } = this
    const { signal } = options
    this.startedMs = performance.now()
    this.keptSeconds = 0
    const rate = progressRate()
    const { request, asked } = engineRequest(
      prepared,
      this.stage.models,
      missing,
      (model, prompt) => this.isKnown(model, prompt),
      this.split
    )
    const events = await engine.sweep({ ...request, session: this.session.of(this.stage) }, { signal })
    for await (const event of events) {
      throwIfCancelled(signal, 'The sweep')
      if (event.type === 'plan') {
        if (!this.planned(event, missing, request.split)) return
      } else if (event.type === 'progress') {
        const elapsed = (performance.now() - this.startedMs) / 1000
        const { perSecond, secondsLeft } = rate(
          event.rowsDone,
          this.progress.rowsTotal - this.rowsBefore,
          elapsed
        )
        this.progress = {
          ...this.progress,
          rowsDone: this.rowsBefore + event.rowsDone,
          rowsPerSecond: perSecond,
          secondsLeft,
          layer: event.layer
        }
      } else if (event.type === 'probabilities') {
        for (const [place, index] of event.prompts.entries()) {
          const groups = elementAt(event.probabilities, place, 'prompt')
          const whatIf = event.whatIf?.[place]
          const kept = whatIf === undefined ? undefined : this.scorer.keep(whatIf, groups.length)
          const score = this.scorer.score(groups, kept)
          this.learn(elementAt(missing, index, 'prompt'), elementAt(asked, event.model, 'model'), score)
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
      if (performance.now() - this.toldMs >= EVENT_INTERVAL_MS) this.tell()
    }
    throw new WorkbenchError('engine-lost', 'The engine ended the sweep before it was done.')
  }

  /** @returns false when what is known was computed in another way, and all has to be computed again */
  private planned(
    plan: Extract<EngineSweepEvent, { type: 'plan' }>,
    missing: readonly number[],
    askedSplit: PromptSplit | undefined
  ): boolean {
    const { device, precision, rowsTotal, split } = plan
    const known = this.computedIn
    if (known !== null && (known.device !== device || known.precision !== precision)) {
      const before = `What was computed before, on ${known.device} in ${known.precision}, was not used`
      if (this.stagesBegun > 1)
        throw new WorkbenchError('mismatch', `${before} further.`, 'Sweep from the start.')
      this.notice(`${before}: this sweep runs on ${device} in ${precision}.`)
      this.forget()
      return false
    }
    this.computedIn = { device, precision }
    this.memory = {
      budgetBytes: this.budgetBytes,
      plannedPeakBytes: Math.max(plan.peakBytes, this.memory?.plannedPeakBytes ?? 0)
    }
    const { identicalLayers } = plan
    // The engine says it again each time it is started.
    if (identicalLayers.length > 0 && this.works.length === 0 && this.rowsBefore === 0) {
      this.notice(identicalNotice(identicalLayers))
    }
    if (this.split === null || !isDeepStrictEqual(split, askedSplit)) this.split = this.keyed(split, missing)
    this.checkpoint?.begin(this.prepared.identity, this.computedIn, this.split, known !== null)
    const total = Math.max(this.rowsBefore + rowsTotal, this.stage.budget ?? 0)
    this.progress = { ...this.progress, phase: 'sweeping', rowsTotal: total }
    this.tell()
    return true
  }

  private keyed({ groups, rowBound }: PromptSplit, missing: readonly number[]): KeyedSplit {
    const key = (index: number): string =>
      elementAt(this.prepared.prompts, elementAt(missing, index, 'prompt'), 'prompt').key
    return { groups: groups.map((indices) => indices.map(key)), rowBound }
  }

  private forget(): void {
    this.fresh.clear()
    this.split = null
    this.changed.clear()
    for (const scores of this.scores) scores.clear()
    this.computedIn = null
    this.rowsBefore = 0
    this.progress = { ...this.progress, rowsDone: 0, reusedPromptCount: 0 }
  }

  private learn(prompt: number, model: number, score: PromptScore): void {
    elementAt(this.scores, model, 'model').set(prompt, score)
    this.changed.add(model)
    const ofPrompt = this.fresh.get(prompt) ?? new Map<number, PromptScore>()
    this.fresh.set(prompt, ofPrompt.set(model, score))
  }

  /** Keeps what has come since the last part. */
  private async finishPart(): Promise<void> {
    const results = Array.from(this.fresh, ([prompt, scores]) => ({
      promptKey: elementAt(this.prepared.prompts, prompt, 'prompt').key,
      scores
    }))
    this.fresh = new Map()
    this.partsDone++
    this.rowsFinished = this.progress.rowsDone
    this.keptSeconds = (performance.now() - this.startedMs) / 1000
    try {
      await this.checkpoint?.keep(results)
      if (this.checkpointFails) this.notice('The checkpoint of the sweep is written again.')
      this.checkpointFails = false
    } catch (error) {
      this.checkpointFailed(error)
    }
  }

  /** A full disk may have room again later. Another checkpoint that cannot be written is given up. */
  private checkpointFailed(error: unknown): void {
    if (!(error instanceof WorkbenchError)) throw error
    const { code, message, hint = '' } = error.problem
    if (code !== 'read-only') {
      this.checkpoint = null
      this.notice(`The sweep goes on without a checkpoint. ${message}`)
    } else if (!this.checkpointFails) {
      this.notice(`The sweep goes on and tries again to write its checkpoint. ${message} ${hint}`.trim())
    }
    this.checkpointFails = code === 'read-only'
  }

  private end(seconds: number): void {
    this.seconds += seconds
    this.tell()
    if (this.missing.length > 0) {
      throw new WorkbenchError('engine-lost', 'The engine ended the sweep before every score had arrived.')
    }
  }

  /** Counts what was done and says that it goes on. */
  engineDied(reason: Error): void {
    // What was lost is computed, and timed, again.
    this.seconds += this.keptSeconds
    this.rowsBefore = this.rowsFinished
    this.progress = {
      ...this.progress,
      rowsDone: this.rowsBefore,
      rowsPerSecond: null,
      secondsLeft: null,
      layer: null
    }
    const { rowsDone, rowsTotal } = this.progress
    const kept = formatPercent(rowsTotal === 0 ? 0 : rowsDone / rowsTotal)
    this.notice(`${reason.message} It was started again and goes on at ${kept}.`)
    this.tell()
  }

  result(): ComputedSweep {
    if (this.computedIn === null) throw new WorkbenchError('bad-input', 'There is no prompt to score.')
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

  private tell(): void {
    this.toldMs = performance.now()
    this.options.onEvent({ type: 'progress', progress: this.progress })
    // Rivals, behind the models, come with the result.
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
