import type { DistancesDocument } from '../../contract/documents/distances'
import type { DistanceMetric } from './distances'
import { readingJob, type ReadingJob } from '../app/reading-job.svelte'
import type { Workbench } from '../app/workbench.svelte'

/** The Pair view's distances: those the project has, and the comparison that runs now. */
export class Distances {
  shown = $state.raw<DistancesDocument | null>(null)
  /** Whose checkpoint is another now than when the shown distances were computed. */
  changed = $state.raw<readonly ('base' | 'post')[]>([])
  metric = $state<DistanceMetric>('relativeNorm')
  readonly job: ReadingJob

  constructor(private readonly workbench: Workbench) {
    this.job = readingJob(
      workbench,
      'Comparison',
      () => workbench.client.distances,
      (path) => this.load(path)
    )
  }

  reset(): void {
    this.job.reset()
    this.shown = null
    this.changed = []
  }

  /** Shows what the project has, and follows a job that runs already. */
  async adopt(path: string): Promise<void> {
    await this.load(path)
    if (!this.job.busy && path === this.workbench.project?.path) void this.job.follow()
  }

  async start(): Promise<void> {
    if (this.job.busy) return
    await this.job.begin((path) => this.workbench.client.distances.start({ path }))
  }

  private async load(path: string): Promise<void> {
    const stored = await this.workbench.attempt(() => this.workbench.client.distances.get({ path }))
    if (stored === null || path !== this.workbench.project?.path) return
    this.shown = stored.distances
    this.changed = stored.changed
  }
}
