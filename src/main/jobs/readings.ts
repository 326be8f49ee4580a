import type { ChecksumsEvent } from '../../contract/documents/checksums'
import type { DistancesEvent } from '../../contract/documents/distances'
import type { ValuesEvent } from '../../contract/documents/non-finite'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'
import { requireWritablePair } from './turns'
import { createChecksumsJob, createDistancesJob, createValuesJob } from './weights-jobs'

/** Readings of whole checkpoints of open projects. They run beside the engine. */
export class Readings {
  readonly distances: JobTable<DistancesEvent>
  readonly checksums: JobTable<ChecksumsEvent>
  readonly values: JobTable<ValuesEvent>

  constructor(private readonly context: JobContext) {
    this.distances = context.turns.jobs('distances')
    this.checksums = context.turns.jobs('checksums')
    this.values = context.turns.jobs('values')
  }

  /** Starts comparing the pair. @throws WorkbenchError `busy` while a comparison runs; `read-only` */
  async startDistances(pair: ProjectPair): Promise<void> {
    const { turns, tell } = this.context
    requireWritablePair(pair, 'Layer distances')
    await turns.startBeside(pair, this.distances, () =>
      Promise.resolve(createDistancesJob({ pair, tell, ...pairPaths(pair.document.location) }))
    )
  }

  /** Starts hashing the pair's weight files. @throws WorkbenchError `busy` while hashing runs; `read-only` */
  async startChecksums(pair: ProjectPair): Promise<void> {
    const { turns, tell } = this.context
    requireWritablePair(pair, 'Checksums')
    await turns.startBeside(pair, this.checksums, () =>
      Promise.resolve(createChecksumsJob({ pair, tell, ...pairPaths(pair.document.location) }))
    )
  }

  /**
   * Starts searching the pair's weights for values that are not finite.
   *
   * @throws WorkbenchError `busy` while a search runs
   */
  async startValues(pair: ProjectPair): Promise<void> {
    const { turns, tell } = this.context
    await turns.startBeside(pair, this.values, () =>
      Promise.resolve(createValuesJob({ tell, ...pairPaths(pair.document.location) }))
    )
  }
}
