import type { ChecksumsEvent } from '../../contract/documents/checksums'
import type { DistancesEvent } from '../../contract/documents/distances'
import type { ValuesEvent } from '../../contract/documents/non-finite'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'
import { requireWritable } from './turns'
import { createChecksumsJob, createDistancesJob, createValuesJob } from './weights-jobs'

/** Readings of whole checkpoints of open projects, which go on beside what the engine does. */
export class Readings {
  readonly distances: JobTable<DistancesEvent>
  readonly checksums: JobTable<ChecksumsEvent>
  readonly values: JobTable<ValuesEvent>

  constructor(private readonly context: JobContext) {
    this.distances = context.turns.jobs('distances')
    this.checksums = context.turns.jobs('checksums')
    this.values = context.turns.jobs('values')
  }

  /** Starts comparing the pair. @throws WorkbenchError `busy` while that goes on; `read-only` */
  async startDistances(own: ProjectPair): Promise<void> {
    const { turns, tell } = this.context
    requireWritable(own, 'Layer distances')
    await turns.startBeside(own, this.distances, () =>
      Promise.resolve(createDistancesJob({ own, tell, ...pairPaths(own.document.location) }))
    )
  }

  /** Starts hashing the pair's weight files. @throws WorkbenchError `busy` while that goes on; `read-only` */
  async startChecksums(own: ProjectPair): Promise<void> {
    const { turns, tell } = this.context
    requireWritable(own, 'Checksums')
    await turns.startBeside(own, this.checksums, () =>
      Promise.resolve(createChecksumsJob({ own, tell, ...pairPaths(own.document.location) }))
    )
  }

  /** Starts looking for values that are not finite in the pair's weights. @throws WorkbenchError `busy` while that goes on */
  async startValues(own: ProjectPair): Promise<void> {
    const { turns, tell } = this.context
    await turns.startBeside(own, this.values, () =>
      Promise.resolve(createValuesJob({ tell, ...pairPaths(own.document.location) }))
    )
  }
}
