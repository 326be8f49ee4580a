import { MAX_QUEUED, QUEUE_VERSION, type QueuedJob } from '../../../contract/documents/queue'
import { WorkbenchError } from '../../../contract/model/problem'
import type { RunChange } from '../../base/files/serial-queue'
import { QUEUE } from '../documents/stored-documents'

/** The jobs that wait in line over a project's pairs. Every change is on the disk when its promise resolves. */
export class ProjectQueue {
  #jobs: readonly QueuedJob[]

  /** @param jobs as they were stored */
  constructor(
    private readonly folder: string,
    private readonly change: RunChange,
    jobs: readonly QueuedJob[]
  ) {
    this.#jobs = jobs
  }

  /** In the order of their turns. */
  get jobs(): readonly QueuedJob[] {
    return this.#jobs
  }

  /** Takes the line as another program has left it. */
  take(jobs: readonly QueuedJob[]): void {
    this.#jobs = jobs
  }

  /** Changes the line by what it is when it is the change's turn. @throws WorkbenchError `bad-input`, `read-only` */
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
