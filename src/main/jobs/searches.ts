import type { SearchEvent, UnfinishedSearch } from '../../contract/documents/search'
import { SearchCheckpoints } from '../crc/search/search-checkpoints'
import { pairPaths } from '../project/demo'
import type { Project } from '../project/project'
import { projectSearchCheckpoints, writeUnfinishedSearch } from '../project/search-files'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'
import { startSearchJob } from './search-job'

/** Searches of open projects for recipes beyond one range. */
export class Searches {
  readonly table: JobTable<SearchEvent>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.engineJobs('search', 'A search')
  }

  /**
   * Starts growing recipes from the best ranges of a sweep.
   *
   * @param fresh computes everything, whatever an interrupted search has computed
   *
   * @throws WorkbenchError as `JobTurns.start`, and as `readSweep`
   */
  async start(project: Project, asked: UnfinishedSearch, fresh: boolean): Promise<void> {
    const { engine, turns, tell } = this.context
    await turns.start(project, 'A search', async () => {
      const { sweepId, ...settings } = asked
      const sweep = await project.readSweep(sweepId)
      const check = await project.readAnswerCheck(sweepId)
      await writeUnfinishedSearch(project.path, asked)
      const job = startSearchJob({
        engine: engine.client(),
        request: { pair: pairPaths(project.document.pair), sweep, check, ...settings },
        checkpoints: new SearchCheckpoints(projectSearchCheckpoints(project.path), fresh),
        save: (document) => project.saveSearch(document),
        tell
      })
      return this.table.add(project, job)
    })
  }
}
