import type { ChecksumsDocument } from '../../contract/documents/checksums'
import { readingJob, type ReadingJob } from '../app/reading-job.svelte'
import type { OpenProject } from '../app/open-project.svelte'

/** The SHA-256 of the pair's files: what the project has of the checkpoints as they are, and the hashing that runs now. */
export class Checksums {
  stored = $state.raw<{ base: ChecksumsDocument | null; post: ChecksumsDocument | null } | null>(null)
  readonly job: ReadingJob

  constructor(private readonly project: OpenProject) {
    this.job = readingJob(
      project,
      'checksums',
      'SHA-256',
      () => project.client.checksums,
      () => this.load()
    )
  }

  async start(): Promise<void> {
    if (this.job.busy) return
    await this.job.begin(() => this.project.client.checksums.start(this.project.here))
  }

  /** Fetches what the project has. */
  async load(): Promise<void> {
    const { here, client } = this.project
    const stored = await this.project.attempt(() => client.checksums.get(here))
    if (stored !== null) this.stored = stored
  }
}
