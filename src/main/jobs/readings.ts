import type { ChecksumsEvent } from '../../contract/checksums'
import type { DistancesEvent } from '../../contract/distances'
import { pairPaths } from '../project/demo'
import type { Project } from '../project/project'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'
import { requireWritable } from './turns'
import { startChecksumsJob, startDistancesJob } from './weights-jobs'

/** Readings of whole checkpoints of open projects, which go on beside what the engine does. */
export class Readings {
  readonly distances: JobTable<DistancesEvent>
  readonly checksums: JobTable<ChecksumsEvent>

  constructor(private readonly context: JobContext) {
    this.distances = context.turns.readingJobs('A comparison')
    this.checksums = context.turns.readingJobs('Hashing')
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
}
