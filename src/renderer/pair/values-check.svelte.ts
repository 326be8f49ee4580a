import type { PairValues } from '../../contract/documents/non-finite'
import { readingJob, type ReadingJob } from '../app/reading-job.svelte'
import type { Workbench } from '../app/workbench.svelte'

/** The search for values of the pair that are not finite: the one that runs now, and what the last one found. */
export class ValuesCheck {
  found = $state.raw<PairValues | null>(null)
  readonly job: ReadingJob

  constructor(private readonly workbench: Workbench) {
    this.job = readingJob(
      workbench,
      'Check of values',
      () => workbench.client.values,
      (path, ending) => {
        if ('values' in ending && path === workbench.project?.path) this.found = ending.values
      }
    )
  }

  reset(): void {
    this.job.reset()
    this.found = null
  }

  /** Follows a job that runs already; what was found of other checkpoints is forgotten. */
  adopt(): void {
    this.found = null
    if (!this.job.busy) void this.job.follow()
  }

  async start(): Promise<void> {
    if (this.job.busy) return
    this.found = null
    await this.job.begin((path) => this.workbench.client.values.start({ path }))
  }
}
