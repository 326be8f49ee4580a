import type { DistancesDocument } from '../../../contract/documents/distances'
import type { DistanceMetric } from './distances'
import { ReadingJob } from '../../app/reading-job.svelte'
import type { OpenProject } from '../../app/open-project.svelte'

/** Distances between the layers of base and post, and the job that computes them. */
export class Distances {
  document = $state.raw<DistancesDocument | null>(null)
  /** Checkpoints that have changed since the distances were computed. */
  changed = $state.raw<readonly ('base' | 'post')[]>([])
  metric = $state<DistanceMetric>('relativeNorm')
  readonly job: ReadingJob

  constructor(private readonly project: OpenProject) {
    this.job = new ReadingJob(project, 'distances', 'Comparison', () => this.load())
  }

  async load(): Promise<void> {
    const { here, client } = this.project
    const stored = await this.project.attempt(() => client.distances.get(here))
    if (stored === null) return
    this.document = stored.distances
    this.changed = stored.changed
  }
}
