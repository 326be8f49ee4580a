import type { ChecksumsDocument } from '../../../contract/documents/checksums'
import { ReadingJob } from '../../app/reading-job.svelte'
import type { OpenProject } from '../../app/open-project.svelte'

/** SHA-256 of the pair's files, and the job that computes them. */
export class Checksums {
  stored = $state.raw<{ base: ChecksumsDocument | null; post: ChecksumsDocument | null } | null>(null)
  readonly job: ReadingJob

  constructor(private readonly project: OpenProject) {
    this.job = new ReadingJob(project, 'checksums', 'SHA-256', () => this.load())
  }

  async load(): Promise<void> {
    const { here, client } = this.project
    const stored = await this.project.attempt(() => client.checksums.get(here))
    if (stored !== null) this.stored = stored
  }
}
