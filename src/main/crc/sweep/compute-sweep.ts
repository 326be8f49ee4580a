import { type PromptScore, type SweepMemory, totalWork, type Work } from '../../../contract/documents/crc'
import type { EngineSweepEvent } from '../../../contract/procedures/engine'
import { WorkbenchError } from '../../../contract/model/problem'
import type { SweepEvent, SweepProgress } from '../../../contract/documents/sweep-events'
import { defaultMemoryBytes, withinEngine } from '../../base/engine-memory'
import type { EngineClient } from '../../engine/host'
import type { ComputedIn, EarlierResults } from './earlier-results'
import { ModelScores } from '../task/model-scores'
import { type PreparedSweep, samplingOf } from './prepare-sweep'
import { progressRate } from '../../base/progress-rate'
import { type Scorer, scorerOf } from '../task/scorer'
import type { SweepCheckpoint } from './sweep-checkpoint'
import { modelOf, type SweptModel } from '../../../contract/documents/swept-model'
import { at } from '../../base/look-up'
import { throwIfCancelled } from '../../base/cancelling'

/** What a watcher of the window sees while it runs, and remarks for the user. */
export type CrcSweepEvent =
  Extract<SweepEvent, { type: 'progress' | 'scores' }> | { type: 'notice'; message: string }

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

/** All scores of a sweep, and what it took to have them. */
export interface ComputedSweep extends ComputedIn {
  /** Parallel to the sweep's models, and behind them its rivals: the scores of the chosen prompts, in their order. */
  scores: PromptScore[][]
  progress: SweepProgress
  work: Work
  seconds: number
  /** Undefined when nothing had to be computed. */
  memory: SweepMemory | undefined
  reusedPromptCount: number
  /** What happened that the user should know. */
  notices: string[]
}

export interface ComputeOptions {
  /** Which prompts to score, ascending. */
  chosen: readonly number[]
  /** Results that need not be computed. */
  earlier: EarlierResults | null
  /** Hears of each finished prompt group. */
  checkpoint: SweepCheckpoint | null
  signal: AbortSignal
  onEvent: (event: CrcSweepEvent) => void
}

/** At most this often a watcher hears of progress and new scores. */
const EVENT_INTERVAL_MS = 100

/**
 * Has the engine score what earlier results leave open. When the engine dies it is started again and goes on with the
 * prompt group in which it died; should it die in the same group again, there is something in it that kills it.
 *
 * @throws WorkbenchError `engine-lost` when the engine died twice in one prompt group; whatever the engine says
 */
export async function computeSweep(
  engine: EngineClient,
  prepared: PreparedSweep,
  options: ComputeOptions
): Promise<ComputedSweep> {
  const run = new SweepRun(prepared, options)
  let diedInGroup = false
  while (run.missing.length > 0) {
    const finishedBefore = run.finishedCount
    try {
      await run.follow(engine)
    } catch (error) {
      const died = error instanceof WorkbenchError && error.problem.code === 'engine-lost'
      const advanced = run.finishedCount > finishedBefore
      if (!died || options.signal.aborted || (diedInGroup && !advanced)) throw error
      diedInGroup = true
      run.engineDied(error)
    }
  }
  return run.result()
}

class SweepRun {
  private readonly models: readonly SweptModel[]
  private readonly scorer: Scorer
  private readonly scores: ModelScores[]
  /** Prompts of which every model's score is known. */
  private readonly finished = new Set<number>()
  private readonly changed = new Set<number>()
  private readonly notices: string[] = []
  private readonly works: Work[] = []
  private seconds = 0
  private progress: SweepProgress
  private computedIn: ComputedIn | null = null
  private memory: Omit<SweepMemory, 'groupCount'> | null = null
  private readonly budgetBytes: number
  private checkpoint: SweepCheckpoint | null
  /** Rows of the groups that were finished before the engine was last started. */
  private rowsBefore = 0
  private startedMs = 0
  private toldMs = -Infinity

  constructor(
    private readonly prepared: PreparedSweep,
    private readonly options: ComputeOptions
  ) {
    this.models = prepared.models
    this.scorer = scorerOf(prepared.scoredBy)
    this.scores = [...prepared.models, ...prepared.rivals].map(() => new ModelScores(prepared.prompts))
    this.checkpoint = options.checkpoint
    this.budgetBytes = withinEngine(prepared.request.memoryBytes ?? defaultMemoryBytes())
    this.progress = { ...NOTHING_DONE, layerCount: prepared.layerCount }
    this.reuse(options.earlier)
  }

  /** Prompts still to be computed. */
  get missing(): number[] {
    return this.options.chosen.filter((prompt) => !this.finished.has(prompt))
  }

  get finishedCount(): number {
    return this.finished.size
  }

  private reuse(earlier: EarlierResults | null): void {
    if (earlier === null) return
    const { prompts } = this.prepared
    for (const prompt of this.options.chosen) {
      const known = earlier.scores.get(at(prompts, prompt, 'prompt').key)
      if (known === undefined) continue
      for (const [model, score] of known.entries()) at(this.scores, model, 'model').set(prompt, score)
      this.finished.add(prompt)
    }
    if (this.finished.size === 0) return
    this.computedIn = { device: earlier.device, precision: earlier.precision }
    this.progress = { ...this.progress, reusedPromptCount: this.finished.size }
    for (const model of this.scores.keys()) this.changed.add(model)
    this.tell()
  }

  /** Follows one run of the engine over the missing prompts to its end, or until it cannot go on. */
  async follow(engine: EngineClient): Promise<void> {
    const { prepared, missing, options } = this
    const { base, post, groups, request } = prepared
    const { signal } = options
    this.startedMs = performance.now()
    const rate = progressRate()
    const events = await engine.sweep(
      {
        base: base.checkpoint.path,
        post: post.checkpoint.path,
        models: this.models.map((model) => modelOf(model, prepared.layerCount)),
        prompts: missing.map((prompt) => ({
          tokens: at(prepared.prompts, prompt, 'prompt').tokens,
          groups: at(groups, prompt, 'prompt')
        })),
        memoryBytes: this.budgetBytes,
        device: request.device?.device,
        precision: request.precision,
        sampling: samplingOf(prepared),
        rivals: prepared.rivals
      },
      { signal }
    )
    for await (const event of events) {
      throwIfCancelled(signal, 'The sweep')
      if (event.type === 'plan') {
        if (!this.begin(event)) return
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
        for (const [place, prompt] of event.prompts.entries()) {
          const score = this.scorer.score(at(event.probabilities, place, 'prompt'))
          at(this.scores, event.model, 'model').set(at(missing, prompt, 'prompt'), score)
        }
        this.changed.add(event.model)
      } else if (event.type === 'group') {
        this.works.push(event.work)
        await this.finish(event.prompts.map((prompt) => at(missing, prompt, 'prompt')))
      } else {
        return this.end(event.seconds)
      }
      if (performance.now() - this.toldMs >= EVENT_INTERVAL_MS) this.tell()
    }
    throw new WorkbenchError('engine-lost', 'The engine ended the sweep before it was done.')
  }

  /** @returns false when what is known was computed in another way, and all has to be computed again */
  private begin(plan: Extract<EngineSweepEvent, { type: 'plan' }>): boolean {
    const { device, precision, rowsTotal } = plan
    const known = this.computedIn
    if (known !== null && (known.device !== device || known.precision !== precision)) {
      this.notice(
        `What was computed before, on ${known.device} in ${known.precision}, was not used: this sweep runs on ${device} in ${precision}.`
      )
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
    this.checkpoint?.begin(this.prepared.identity, this.computedIn, this.progress.reusedPromptCount > 0)
    this.progress = { ...this.progress, phase: 'sweeping', rowsTotal: this.rowsBefore + rowsTotal }
    this.tell()
    return true
  }

  private forget(): void {
    this.finished.clear()
    this.changed.clear()
    for (const scores of this.scores) scores.clear()
    this.computedIn = null
    this.rowsBefore = 0
    this.progress = { ...this.progress, rowsDone: 0, reusedPromptCount: 0 }
  }

  private async finish(prompts: readonly number[]): Promise<void> {
    const results = prompts.map((prompt) => ({
      prompt,
      promptKey: at(this.prepared.prompts, prompt, 'prompt').key,
      scores: this.scores.flatMap((scores) => scores.get(prompt) ?? [])
    }))
    const complete = results.filter(({ scores }) => scores.length === this.scores.length)
    for (const { prompt } of complete) this.finished.add(prompt)
    this.rowsFinished = this.progress.rowsDone
    try {
      await this.checkpoint?.keep(complete)
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
      this.checkpoint = null
      this.notice(`The sweep goes on without a checkpoint. ${error.message}`)
    }
  }
  private rowsFinished = 0

  private end(seconds: number): void {
    this.seconds += seconds
    this.tell()
    if (this.missing.length > 0) {
      throw new WorkbenchError('engine-lost', 'The engine ended the sweep before every score had arrived.')
    }
  }

  /** Counts what was done and says that it goes on. */
  engineDied(reason: Error): void {
    this.seconds += (performance.now() - this.startedMs) / 1000
    this.rowsBefore = this.rowsFinished
    this.progress = {
      ...this.progress,
      rowsDone: this.rowsBefore,
      rowsPerSecond: null,
      secondsLeft: null,
      layer: null
    }
    const done = `${this.finished.size} of ${this.options.chosen.length} prompts`
    this.notice(`${reason.message} It was started again and went on with ${done} done.`)
    this.tell()
  }

  result(): ComputedSweep {
    if (this.computedIn === null) throw new WorkbenchError('bad-input', 'There is no prompt to score.')
    return {
      ...this.computedIn,
      scores: this.scores.map((scores) => this.options.chosen.map((prompt) => scores.of(prompt))),
      progress: this.progress,
      work: totalWork(this.works),
      seconds: this.seconds,
      memory: this.memory === null ? undefined : { ...this.memory, groupCount: this.works.length },
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
      this.changed.has(index) ? [{ model, score: at(this.scores, index, 'model').soFar() }] : []
    )
    this.changed.clear()
    if (entries.length > 0) this.options.onEvent({ type: 'scores', entries })
  }
}

function identicalNotice(layers: readonly number[]): string {
  const named = layers.length === 1 ? `Layer ${layers.join()} is` : `Layers ${layers.join(', ')} are`
  return `${named} identical in base and post: restoring ${layers.length === 1 ? 'it' : 'them'} changes nothing.`
}
