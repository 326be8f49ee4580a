import type { SearchEvent, SearchProgress, UnfinishedSearch } from '../../contract/documents/search'
import { NOTHING_DONE } from '../crc/sweep/compute-sweep'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { savedSearchProgress, SearchWork } from '../work/search'
import type { JobContext } from './job-context'
import type { JobTable } from './job-table'
import { createWorkJob } from './progress-job'

/** Progress of a search that has not read the pair yet. */
const NO_GENERATION: SearchProgress = {
  generation: 0,
  candidates: 0,
  blockEvaluationsDone: 0,
  best: null,
  sweep: NOTHING_DONE
}

/** Jobs that search for recipes better than the ranges of a sweep. */
export class Searches {
  readonly table: JobTable<SearchEvent>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('search')
  }

  /** Starts growing recipes from the best ranges of a sweep. @param fresh true ignores partial results */
  async start(pair: ProjectPair, { sweepId, ...settings }: UnfinishedSearch, fresh: boolean): Promise<void> {
    await this.context.turns.start(pair, this.table, 'A search', async () => {
      const sweep = await pair.readSweep(sweepId)
      const check = await pair.readAnswerCheck(sweepId)
      const request = { pair: pairPaths(pair.document.location), sweep, check, ...settings }
      const work = new SearchWork(request, pair, savedSearchProgress({ pair, file: null }, fresh))
      return createWorkJob<SearchEvent>(this.context, {
        name: 'the search',
        first: { type: 'progress', sweepId, progress: NO_GENERATION },
        eventOf: ({ kind, progress }) => (kind === 'search' ? { type: 'progress', sweepId, progress } : null),
        async run(runtime) {
          await work.keep(await work.compute(runtime))
          await work.removeProgress()
          return { type: 'finished', sweepId }
        }
      })
    })
  }
}
