import { MAX_QUEUED, QUEUE_VERSION, type QueuedJob } from '../../../contract/documents/queue'
import { WorkbenchError } from '../../../contract/model/problem'
import type { RunChange } from '../../base/files/serial-queue'
import { QUEUE } from '../documents/stored-documents'

/** The queued jobs of a project's pairs. Every change is on the disk when its promise resolves. */
export class ProjectQueue {
  #jobs: readonly QueuedJob[]

  /** @param jobs stored jobs */
  constructor(
    private readonly folder: string,
    private readonly change: RunChange,
    jobs: readonly QueuedJob[]
  ) {
    this.#jobs = jobs
  }

  /** In the order of their execution. */
  get jobs(): readonly QueuedJob[] {
    return this.#jobs
  }

  /** Replaces the queue after changes by another program. */
  take(jobs: readonly QueuedJob[]): void {
    this.#jobs = jobs
  }

  /**
   * Changes the queue. The change receives the queue after all earlier changes.
   *
   * @throws WorkbenchError `bad-input`, `read-only`
   */
  async edit(change: (jobs: readonly QueuedJob[]) => readonly QueuedJob[]): Promise<void> {
    await this.change(async () => {
      const jobs = change(this.#jobs)
      if (jobs.length > MAX_QUEUED) {
        throw new WorkbenchError(
          'bad-input',
          `At most ${MAX_QUEUED} jobs can wait; these would be ${jobs.length}.`
        )
      }
      await QUEUE.write(this.folder, { schemaVersion: QUEUE_VERSION, jobs: [...jobs] })
      this.#jobs = jobs
    })
  }
}
