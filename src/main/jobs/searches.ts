import type { SearchEvent, UnfinishedSearch } from '../../contract/documents/search'
import { SearchCheckpoints } from '../crc/search/search-checkpoints'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { projectSearchCheckpoints, writeUnfinishedSearch } from '../project/documents/search-files'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'
import { createSearchJob, type SearchJob } from './search-job'

/** Searches of open projects for recipes beyond one range. */
export class Searches {
  readonly table: JobTable<SearchEvent>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('search')
  }

  /**
   * Starts growing recipes from the best ranges of a sweep.
   *
   * @param fresh computes everything, whatever an interrupted search has computed
   *
   * @throws WorkbenchError as `JobTurns.start`, and as `readSweep`
   */
  async start(own: ProjectPair, asked: UnfinishedSearch, fresh: boolean): Promise<void> {
    const { engine, turns, tell } = this.context
    const prepare = async (): Promise<SearchJob> => {
      const { sweepId, ...settings } = asked
      const sweep = await own.readSweep(sweepId)
      const check = await own.readAnswerCheck(sweepId)
      await writeUnfinishedSearch(own.folder, asked)
      return createSearchJob({
        engine: engine.client(),
        request: { pair: pairPaths(own.document.location), sweep, check, ...settings },
        checkpoints: new SearchCheckpoints(projectSearchCheckpoints(own.folder), fresh),
        save: (document) => own.saveSearch(document),
        tell
      })
    }
    await turns.start(own, this.table, 'A search', prepare)
  }
}
