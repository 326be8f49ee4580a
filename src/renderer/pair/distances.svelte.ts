import type { DistancesDocument } from '../../contract/documents/distances'
import type { DistanceMetric } from './distances'
import { ReadingJob } from '../app/reading-job.svelte'
import type { OpenProject } from '../app/open-project.svelte'

/** Distances between the layers of base and post, and the job that computes them. */
export class Distances {
  shown = $state.raw<DistancesDocument | null>(null)
  /** Whose checkpoint is another now than when the shown distances were computed. */
  changed = $state.raw<readonly ('base' | 'post')[]>([])
  metric = $state<DistanceMetric>('relativeNorm')
  readonly job: ReadingJob

  constructor(private readonly project: OpenProject) {
    this.job = new ReadingJob(project, 'distances', 'Comparison', () => this.load())
  }

  /** Fetches what the project has. */
  async load(): Promise<void> {
    const { here, client } = this.project
    const stored = await this.project.attempt(() => client.distances.get(here))
    if (stored === null) return
    this.shown = stored.distances
    this.changed = stored.changed
  }
}
