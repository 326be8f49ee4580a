import type { CheckEvent, CheckProgress } from '../../contract/documents/answer-check'
import type { Recipe } from '../../contract/model/recipe'
import { progressShare } from '../../contract/work/progress'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { CheckWork } from '../work/check'
import type { JobContext } from './job-context'
import type { JobTable } from './job-table'
import { createProgressJob } from './progress-job'

/** Progress of a check that has not asked the engine yet. */
const NOTHING_DONE: CheckProgress = { rowsDone: 0, rowsTotal: 0, rowsPerSecond: null, secondsLeft: null }

/** Full-answer checks of sweeps of open projects. */
export class Checks {
  readonly table: JobTable<CheckEvent>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('answer check')
  }

  /**
   * Starts checking recipes, or without any the best ranges of a sweep that were not checked yet, and the best baselines. The check
   * is kept with the sweep.
   *
   * @param rho share of post's validity that a range must keep
   * @throws WorkbenchError as `JobTurns.start`, and as `readSweep`
   */
  async start(
    own: ProjectPair,
    { sweepId, rho, recipes }: { sweepId: string; rho: number; recipes: readonly Recipe[] }
  ): Promise<void> {
    const { engine, turns, tell } = this.context
    await turns.start(own, this.table, 'A check', async () => {
      const sweep = await own.readSweep(sweepId)
      const shown = (progress: CheckProgress): CheckEvent => ({ type: 'progress', sweepId, progress })
      return createProgressJob<CheckEvent>({
        name: 'the check',
        first: shown(NOTHING_DONE),
        news: { tell, job: 'The check' },
        async run(report, signal) {
          const parts = { rho, ...(recipes.length > 0 && { recipes }) }
          const work = await CheckWork.open(pairPaths(own.document.location), sweep, parts, own)
          const check = await work.compute({
            engine: engine.client(),
            signal,
            notify(event) {
              if (event.type === 'progress' && event.kind === 'check')
                report(shown(event.progress), progressShare(event))
            }
          })
          await work.keep(check)
          return { type: 'finished', sweepId }
        }
      })
    })
  }
}
