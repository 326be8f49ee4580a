import type { CheckEvent, CheckProgress } from '../../contract/documents/answer-check'
import type { Recipe } from '../../contract/model/recipe'
import { baselinesToCheck, checkSweep, rangesToCheck } from '../crc/check/check-sweep'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { Job } from './job'
import type { JobContext } from './job-context'
import { endingNews } from './job-news'
import type { JobTable } from './job-table'

const NAME = 'The check'

interface CheckFact {
  type: 'progress'
  progress: CheckProgress
}

/** What is shown of a check that has not asked the engine yet. */
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
    const prepare = async (): Promise<Job<CheckEvent, CheckFact>> => {
      const sweep = await own.readSweep(sweepId)
      const event = ({ progress }: CheckFact): CheckEvent => ({ type: 'progress', sweepId, progress })
      return new Job<CheckEvent, CheckFact>({
        name: 'the check',
        async run(_id, facts, signal) {
          const earlier = await own.readAnswerCheck(sweepId)
          const checked = recipes.length > 0 ? recipes : rangesToCheck(sweep, earlier, rho)
          const pair = pairPaths(own.document.location)
          const onProgress = (progress: CheckProgress): void => {
            facts.set('progress', { type: 'progress', progress })
            const { rowsDone, rowsTotal, secondsLeft } = progress
            const share = rowsTotal === 0 ? null : rowsDone / rowsTotal
            tell({ job: NAME, type: 'progress', share, secondsLeft })
          }
          const baselines = baselinesToCheck(sweep, earlier, rho)
          const request = { pair, sweep, earlier, recipes: checked, baselines }
          await own.saveAnswerCheck(await checkSweep(engine.client(), request, signal, onProgress))
          return { type: 'finished', sweepId }
        },
        snapshot: (_id, facts) => event(facts[0] ?? { type: 'progress', progress: NOTHING_DONE }),
        events: (facts) => facts.map(event),
        onEnd: (ending) => tell(endingNews(NAME, ending))
      })
    }
    await turns.start(own, this.table, 'A check', prepare)
  }
}
