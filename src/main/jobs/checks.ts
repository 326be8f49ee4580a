import { CHECKED_AT_ONCE, type CheckEvent, type CheckProgress } from '../../contract/documents/answer-check'
import type { SweepDocument } from '../../contract/documents/crc'
import type { Recipe } from '../../contract/model/recipe'
import { cancelled } from '../base/files/cancelling'
import { problemOf, reportDefect } from '../base/rpc-problems'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { CheckWork } from '../work/check'
import type { JobContext } from './job-context'
import type { JobTable } from './job-table'
import { createWorkJob } from './progress-job'
import type { SweepJob } from './sweep-job'

const NOTHING_DONE: CheckProgress = { rowsDone: 0, rowsTotal: 0, rowsPerSecond: null, secondsLeft: null }

/** Jobs of full-answer checks, which compare complete answers of a sweep's best ranges with its scores. */
export class Checks {
  readonly table: JobTable<CheckEvent>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('answer check')
  }

  /** Starts the first check of a sweep's best ranges, unless an earlier check covers them or another job runs. */
  async startAfter(pair: ProjectPair, { id: sweepId, done }: Pick<SweepJob, 'id' | 'done'>): Promise<void> {
    await done
    const summary = pair.sweeps.find(({ id }) => id === sweepId)
    if (summary?.scoredBy.kind !== 'crc' || summary.selected === null) return
    const { location, settings } = pair.document
    const parts = { rho: settings.rho, best: CHECKED_AT_ONCE }
    try {
      // No await comes before the start, so that no other job begins after the sweep.
      await this.begin(pair, sweepId, async (sweep) => {
        const work = await CheckWork.first(pairPaths(location), sweep, parts, pair)
        if (work.request.recipes.length === 0) throw cancelled('The check')
        return work
      })
    } catch (error) {
      if (problemOf(error) === null) reportDefect(error, 'the check after a sweep')
    }
  }

  /** Starts checking recipes, or the best unchecked ranges, and the best baselines. The check is stored. */
  async start(
    pair: ProjectPair,
    { sweepId, rho, recipes }: { sweepId: string; rho: number; recipes: readonly Recipe[] }
  ): Promise<void> {
    const parts = { rho, ...(recipes.length > 0 && { recipes }) }
    await this.begin(pair, sweepId, (sweep) => CheckWork.open(pairPaths(pair.document.location), sweep, parts, pair))
  }

  private async begin(
    pair: ProjectPair,
    sweepId: string,
    open: (sweep: SweepDocument) => Promise<CheckWork>
  ): Promise<void> {
    await this.context.turns.start(pair, this.table, 'A check', async () => {
      const work = await open(await pair.readSweep(sweepId))
      return createWorkJob<CheckEvent>(this.context, {
        name: 'the check',
        first: { type: 'progress', sweepId, progress: NOTHING_DONE },
        eventOf: ({ kind, progress }) => (kind === 'check' ? { type: 'progress', sweepId, progress } : null),
        async run(runtime) {
          await work.keep(await work.compute(runtime))
          return { type: 'finished', sweepId }
        }
      })
    })
  }
}
