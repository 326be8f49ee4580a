import type { ChecksumsDocument } from '../../contract/documents/checksums'
import { ReadingJob } from '../app/reading-job.svelte'
import type { OpenProject } from '../app/open-project.svelte'

/** The SHA-256 of the pair's files: what the project has of the checkpoints as they are, and the hashing that runs now. */
export class Checksums {
  stored = $state.raw<{ base: ChecksumsDocument | null; post: ChecksumsDocument | null } | null>(null)
  readonly job: ReadingJob

  constructor(private readonly project: OpenProject) {
    this.job = new ReadingJob(project, 'checksums', 'SHA-256', () => this.load())
  }

  /** Fetches what the project has. */
  async load(): Promise<void> {
    const { here, client } = this.project
    const stored = await this.project.attempt(() => client.checksums.get(here))
    if (stored !== null) this.stored = stored
  }
}
