import type { ChecksumsEvent } from '../../contract/documents/checksums'
import type { DistancesEvent } from '../../contract/documents/distances'
import type { ValuesEvent } from '../../contract/documents/non-finite'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'
import { requireWritable } from './turns'
import { startChecksumsJob, startDistancesJob, startValuesJob } from './weights-jobs'

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
  startDistances(own: ProjectPair): void {
    const { turns, tell } = this.context
    requireWritable(own, 'Layer distances')
    turns.requireNoneOf(own, this.distances)
    this.distances.add(own, startDistancesJob({ own, tell, ...pairPaths(own.document.location) }))
  }

  /** Starts hashing the pair's weight files. @throws WorkbenchError `busy` while that goes on; `read-only` */
  startChecksums(own: ProjectPair): void {
    const { turns, tell } = this.context
    requireWritable(own, 'Checksums')
    turns.requireNoneOf(own, this.checksums)
    this.checksums.add(own, startChecksumsJob({ own, tell, ...pairPaths(own.document.location) }))
  }

  /** Starts looking for values that are not finite in the pair's weights. @throws WorkbenchError `busy` while that goes on */
  startValues(own: ProjectPair): void {
    const { turns, tell } = this.context
    turns.requireNoneOf(own, this.values)
    this.values.add(own, startValuesJob({ tell, ...pairPaths(own.document.location) }))
  }
}
