import type { ChecksumsDocument } from '../../contract/documents/checksums'
import { readingJob, type ReadingJob } from '../app/reading-job.svelte'
import type { Workbench } from '../app/workbench.svelte'

/** The SHA-256 of the pair's files: what the project has of the checkpoints as they are, and the hashing that runs now. */
export class Checksums {
  stored = $state.raw<{ base: ChecksumsDocument | null; post: ChecksumsDocument | null } | null>(null)
  readonly job: ReadingJob

  constructor(private readonly workbench: Workbench) {
    this.job = readingJob(
      workbench,
      'SHA-256',
      () => workbench.client.checksums,
      (path) => this.load(path)
    )
  }

  reset(): void {
    this.job.reset()
    this.stored = null
  }

  /** Shows what the project has, and follows a job that runs already. */
  async adopt(path: string): Promise<void> {
    await this.load(path)
    if (!this.job.busy && path === this.workbench.project?.path) void this.job.follow()
  }

  async start(): Promise<void> {
    if (this.job.busy) return
    await this.job.begin((path) => this.workbench.client.checksums.start({ path }))
  }

  private async load(path: string): Promise<void> {
    const stored = await this.workbench.attempt(() => this.workbench.client.checksums.get({ path }))
    if (stored !== null && path === this.workbench.project?.path) this.stored = stored
  }
}
