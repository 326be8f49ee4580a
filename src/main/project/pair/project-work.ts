import { inputError } from '../../../contract/model/problem'
import {
  MAX_QUEUED,
  type QueuedJob,
  type StudyState,
  type StudyStepState,
  type WorkListDocument
} from '../../../contract/work/work-list'
import { writerOf } from '../../base/files/lock'
import type { RunChange } from '../../base/files/serial-queue'
import { WORK_LIST } from '../documents/stored-documents'

/** The work list of a project: its queue and its newest study. A change resolves when it is stored. */
export class ProjectWork {
  private readonly listeners = new Set<() => void>()

  constructor(
    private readonly folder: string,
    private readonly change: RunChange,
    private document: WorkListDocument
  ) {}

  get jobs(): readonly QueuedJob[] {
    return this.document.entries.filter((entry) => entry.origin === 'window')
  }

  /** The newest study; null for none. */
  get study(): StudyState | null {
    const { study, entries } = this.document
    if (study === null) return null
    const { lock, ...shown } = study
    // The study runs if the program that began it still holds the project's lock.
    const running = shown.ended === null && writerOf(this.folder)?.token === lock
    return { ...shown, running, steps: entries.filter((entry) => entry.origin === 'study') }
  }

  onChange(listener: () => void): void {
    this.listeners.add(listener)
  }

  /** Notifies the listeners of a change of the list, or of the program that writes it. */
  notify(): void {
    for (const listener of this.listeners) listener()
  }

  /** Replaces the list after another program has changed it. */
  replaceWork(document: WorkListDocument): void {
    this.document = document
    this.notify()
  }

  /** Changes the queue. The change receives the queue after all earlier changes. */
  async edit(change: (jobs: readonly QueuedJob[]) => readonly QueuedJob[]): Promise<void> {
    await this.change(async () => {
      const jobs = change(this.jobs)
      if (jobs.length > MAX_QUEUED) {
        throw inputError(`At most ${MAX_QUEUED} jobs can wait; these would be ${jobs.length}.`)
      }
      const steps = this.document.entries.filter(({ origin }) => origin === 'study')
      await this.write({ ...this.document, entries: [...jobs, ...steps] })
    })
  }

  /** Replaces the study and its steps. @throws WorkbenchError `read-only` */
  async recordStudy(study: WorkListDocument['study'], steps: readonly StudyStepState[]): Promise<void> {
    await this.change(() => this.write({ ...this.document, study, entries: [...this.jobs, ...steps] }))
  }

  private async write(document: WorkListDocument): Promise<void> {
    await WORK_LIST.write(this.folder, document)
    this.document = document
    this.notify()
  }
}
