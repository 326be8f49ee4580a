import type { ChecksumsDocument } from '../../../contract/documents/checksums'
import type { DistancesDocument } from '../../../contract/documents/distances'
import type { PairValues } from '../../../contract/documents/non-finite'
import type { DistanceMetric } from './distances'
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

/** The search for NaN and infinity in the pair's weights, and its last result. */
export class ValuesCheck {
  result = $state.raw<PairValues | null>(null)
  readonly job: ReadingJob

  constructor(project: OpenProject) {
    this.job = new ReadingJob(project, 'values', 'Check of values', (ending) => {
      if ('values' in ending) this.result = ending.values
    })
  }

  async start(): Promise<void> {
    if (this.job.busy) return
    this.result = null
    await this.job.start()
  }
}
