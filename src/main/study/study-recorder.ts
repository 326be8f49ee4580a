import { STUDY_VERSION, type StudyDocument, type StudyStepState } from '../../contract/documents/study'
import { progressShare, UNKNOWN_PROGRESS, type WorkEvent } from '../../contract/work/progress'
import { errorMessage } from '../base/files/bounded-file'
import type { Project } from '../project/project'
import { STUDIES } from '../project/documents/stored-documents'
import type { StepListener, StepResult, StudyListener } from './step-result'
import type { StudyStep } from './steps'
import type { PlacedStudy } from './study-project'

/** Milliseconds between writes of a changed state. */
const TELL_MS = 500

/** Stores the progress of a study in the project for windows that show it, and forwards all events to a listener. */
export class StudyRecorder implements StepListener {
  #document: StudyDocument
  #timer: NodeJS.Timeout | null = null
  #complained = false
  /** The first state is written at once. */
  #delayMs = 0

  /** @param steps steps of this run */
  constructor(
    private readonly project: Project,
    { study, path }: PlacedStudy,
    steps: readonly StudyStep[],
    private readonly listener: StudyListener
  ) {
    this.#document = {
      schemaVersion: STUDY_VERSION,
      name: study.name,
      file: path,
      startedAt: new Date().toISOString(),
      lock: project.lockToken,
      ended: null,
      steps: steps.map(({ key, pair, kind, task }) => ({
        ...{ key, pair, kind, task: task === null ? null : key.slice(`${pair}/${kind}/`.length) },
        state: 'waiting',
        ...{ progress: UNKNOWN_PROGRESS, seconds: null, problem: null }
      }))
    }
  }

  /** Stores the beginning of a step before the listener receives it. */
  async begin(step: StudyStep, place: number, count: number): Promise<void> {
    this.#set(step.key, { state: 'running' })
    await this.#write()
    this.listener.begins(step, place, count)
  }

  notify(event: WorkEvent): void {
    this.listener.notify(event)
    if (event.type !== 'progress') return
    const running = this.#document.steps.find(({ state }) => state === 'running')
    if (running !== undefined) this.#set(running.key, { progress: progressShare(event) })
  }

  ended(step: StudyStep, result: StepResult): void {
    this.listener.ended(step, result)
    const { outcome, seconds, problem } = result
    this.#set(step.key, { state: outcome, progress: UNKNOWN_PROGRESS, seconds, problem })
  }

  /** Stores the end of the study. */
  async end(ended: 'done' | 'stopped'): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#document = { ...this.#document, ended }
    await this.#write()
  }

  #set(key: string, changes: Partial<StudyStepState>): void {
    const steps = this.#document.steps.map((step) => (step.key === key ? { ...step, ...changes } : step))
    this.#document = { ...this.#document, steps }
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      void this.#write()
    }, this.#delayMs)
    this.#delayMs = TELL_MS
  }

  /** Writes the state. A failure is reported once and does not stop the study. */
  async #write(): Promise<void> {
    try {
      await this.project.change(() => STUDIES.write(this.project.path, this.#document))
    } catch (error) {
      if (!this.#complained) {
        this.listener.notify({
          type: 'notice',
          message: `How far the study is cannot be shown in the window: ${errorMessage(error)}`
        })
      }
      this.#complained = true
    }
  }
}
