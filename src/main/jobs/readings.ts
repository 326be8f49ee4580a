import type { ChecksumsEvent } from '../../contract/documents/checksums'
import type { DistancesEvent } from '../../contract/documents/distances'
import type { ValuesEvent } from '../../contract/documents/non-finite'
import { pairPaths } from '../project/demo'
import type { Project } from '../project/project'
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
    this.distances = context.turns.readingJobs('distances', 'A comparison')
    this.checksums = context.turns.readingJobs('checksums', 'Hashing')
    this.values = context.turns.readingJobs('values', 'A check of values')
  }

  /** Starts comparing the pair. @throws WorkbenchError `busy` while that goes on; `read-only` */
  startDistances(project: Project): void {
    const { turns, tell } = this.context
    requireWritable(project, 'Layer distances')
    turns.requireNoneOf(project, this.distances)
    this.distances.add(project, startDistancesJob({ project, tell, ...pairPaths(project.document.pair) }))
  }

  /** Starts hashing the pair's weight files. @throws WorkbenchError `busy` while that goes on; `read-only` */
  startChecksums(project: Project): void {
    const { turns, tell } = this.context
    requireWritable(project, 'Checksums')
    turns.requireNoneOf(project, this.checksums)
    this.checksums.add(project, startChecksumsJob({ project, tell, ...pairPaths(project.document.pair) }))
  }

  /** Starts looking for values that are not finite in the pair's weights. @throws WorkbenchError `busy` while that goes on */
  startValues(project: Project): void {
    const { turns, tell } = this.context
    turns.requireNoneOf(project, this.values)
    this.values.add(project, startValuesJob({ tell, ...pairPaths(project.document.pair) }))
  }
}
