import { computingFromOptions } from '../../contract/documents/samples'
import { progressShare, UNKNOWN_PROGRESS, type WorkEvent } from '../../contract/work/progress'
import type { StudyStepState, StudyStepWork, WorkListDocument } from '../../contract/work/work-list'
import { errorMessage } from '../base/files/bounded-file'
import type { Project } from '../project/project'
import { resultEndWords } from '../work/work-list'
import type { StepResult, StudyListener } from './step-result'
import type { StudyStep } from './steps'
import { computationSettings, type Study, taskName } from './study-file'
import type { ResolvedStudy } from './study-project'

/** Milliseconds between two writes of the progress. */
const WRITE_INTERVAL_MS = 500

/** Stores the progress of a study in the project for windows that show it, and forwards all events to a listener. */
export class StudyRecorder {
  #study: NonNullable<WorkListDocument['study']>
  #steps: StudyStepState[]
  #timer: NodeJS.Timeout | null = null
  /** True after a failed write was reported. */
  #complained = false
  readonly #failures: { pair: string | null; reason: string }[] = []
  /** Milliseconds until the next write. It is 0 at first, so that the beginning of the study is written at once. */
  #delayMs = 0

  constructor(
    private readonly project: Project,
    { study, path }: ResolvedStudy,
    steps: readonly StudyStep[],
    private readonly listener: StudyListener
  ) {
    this.#study = {
      name: study.name,
      file: path,
      startedAt: new Date().toISOString(),
      lock: project.lockToken,
      ended: null
    }
    this.#steps = steps.map((step) => ({
      origin: 'study',
      id: step.key,
      pair: step.pair,
      work: workOfStep(study, step),
      taskName: step.task === null ? null : step.key.slice(`${step.pair}/${step.kind}/`.length),
      state: 'waiting',
      progress: UNKNOWN_PROGRESS,
      seconds: null,
      problem: null
    }))
  }

  /** Stores the beginning of a step before the listener receives it. */
  async begin(step: StudyStep, index: number, count: number): Promise<void> {
    this.#set(step.key, { state: 'running' })
    await this.#write()
    this.listener.begins(step, index, count)
  }

  notify(event: WorkEvent): void {
    this.listener.notify(event)
    if (event.type !== 'progress') return
    const running = this.#steps.find(({ state }) => state === 'running')
    if (running !== undefined) this.#set(running.id, { progress: progressShare(event) })
  }

  ended(step: StudyStep, result: StepResult): void {
    this.listener.ended(step, result)
    const { outcome, seconds, problem } = result
    if (outcome === 'failed') this.#failures.push({ pair: step.pair, reason: resultEndWords(result) })
    this.#set(step.key, { state: outcome, progress: UNKNOWN_PROGRESS, seconds, problem })
  }

  /** Returns the reasons why steps of a pair failed. */
  failuresOf(pair: string): string[] {
    return this.#failures.flatMap((failure) => (failure.pair === pair ? [failure.reason] : []))
  }

  async end(ended: 'done' | 'stopped'): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#study = { ...this.#study, ended }
    await this.#write()
  }

  #set(id: string, changes: Partial<StudyStepState>): void {
    this.#steps = this.#steps.map((step) => (step.id === id ? { ...step, ...changes } : step))
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      void this.#write()
    }, this.#delayMs)
    this.#delayMs = WRITE_INTERVAL_MS
  }

  /** Writes the states of all steps. A failure is reported once and does not stop the study. */
  async #write(): Promise<void> {
    try {
      await this.project.work.recordStudy(this.#study, this.#steps)
    } catch (error) {
      if (!this.#complained) {
        this.listener.notify({
          type: 'notice',
          message: `The study's progress cannot be shown in the window: ${errorMessage(error)}`
        })
      }
      this.#complained = true
    }
  }
}

/** Describes a step as windows show work: its kind and settings. */
function workOfStep({ sweep, check, evaluate }: Study, { kind, task }: StudyStep): StudyStepWork {
  switch (kind) {
    case 'sweep':
      return { kind, settings: task === null ? (sweep ?? {}) : { task: taskName(task) } }
    case 'check':
      return { kind, settings: { best: check } }
    case 'filter':
    case 'evaluate': {
      if (task === null) throw new RangeError('an evaluation without a task')
      const computing = computingFromOptions(computationSettings(evaluate, task))
      const n = kind === 'filter' ? 1 : task.n
      return { kind: 'evaluate', settings: { task: taskName(task), n, seed: task.seed, ...computing } }
    }
    case 'report':
      return { kind, settings: {} }
  }
}
