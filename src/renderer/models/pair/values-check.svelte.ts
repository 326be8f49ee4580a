import type { PairValues } from '../../../contract/documents/non-finite'
import { ReadingJob } from '../../app/reading-job.svelte'
import type { OpenProject } from '../../app/open-project.svelte'

/** The search for NaN and infinity in the pair's weights, and its last result. */
export class ValuesCheck {
  result = $state.raw<PairValues | null>(null)
  readonly job: ReadingJob

  constructor(project: OpenProject) {
    this.job = new ReadingJob(project, 'values', 'Check of values', (ending) => {
      if ('values' in ending) this.result = ending.values
    })
  }

  /** Drops the result, which may be of other checkpoints. */
  reset(): void {
    this.result = null
  }

  async start(): Promise<void> {
    if (this.job.busy) return
    this.result = null
    await this.job.start()
  }
}
