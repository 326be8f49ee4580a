import type { RankEvent } from '../../contract/documents/rank-table'
import type { Recipe } from '../../contract/model/recipe'
import { progressShare } from '../../contract/work/progress'
import type { ProjectPair } from '../project/pair/project-pair'
import { scoreRanks } from '../work/rank-table'
import { projectPlace } from '../work/work-place'
import type { JobContext } from './job-context'
import type { JobTable } from './job-table'
import { createWorkJob } from './progress-job'

/** Scores of recipes as adapters of several ranks, for open projects. */
export class RankJobs {
  readonly table: JobTable<RankEvent>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('ranks')
  }

  /** Starts scoring. @throws WorkbenchError as `JobTurns.start` */
  async start(pair: ProjectPair, recipe: Recipe): Promise<void> {
    const { turns, devices } = this.context
    const request = { recipe, savesNorms: false, project: pair.folder }
    await turns.start(pair, this.table, 'The scoring of ranks', () =>
      Promise.resolve(
        createWorkJob<RankEvent>(this.context, {
          name: 'the scoring of ranks',
          first: { type: 'progress', progress: { phase: 'decomposing', share: null } },
          eventOf: (work) => {
            const phase = work.kind === 'decomposition' ? 'decomposing' : 'scoring'
            return { type: 'progress', progress: { phase, share: progressShare(work).share } }
          },
          run: async (means) => ({
            type: 'finished',
            table: await scoreRanks(projectPlace(pair), request, devices, means)
          })
        })
      )
    )
  }
}
