import type { PairValues } from '../../contract/documents/non-finite'
import { ReadingJob } from '../app/reading-job.svelte'
import type { OpenProject } from '../app/open-project.svelte'

/** The search for values of the pair that are not finite: the one that runs now, and what the last one found. */
export class ValuesCheck {
  found = $state.raw<PairValues | null>(null)
  readonly job: ReadingJob

  constructor(project: OpenProject) {
    this.job = new ReadingJob(project, 'values', 'Check of values', (ending) => {
      if ('values' in ending) this.found = ending.values
    })
  }

  /** Forgets what was found, maybe of other checkpoints. */
  forget(): void {
    this.found = null
  }

  async start(): Promise<void> {
    if (this.job.busy) return
    this.found = null
    await this.job.start()
  }
}
