import type { SearchDocument, SearchEvent, SearchProgress } from '../../contract/documents/search'
import { NOTHING_DONE } from '../crc/sweep/compute-sweep'
import type { SearchCheckpoints } from '../crc/search/search-checkpoints'
import { type RecipeSearchRequest, runRecipeSearch } from '../crc/search/search-run'
import type { EngineClient } from '../engine/host'
import { Job } from './job'
import { endingNews, type TellJobNews } from './job-news'

const NAME = 'The search'

interface SearchFact {
  type: 'progress'
  progress: SearchProgress
}

export interface SearchJobOptions {
  engine: EngineClient
  request: RecipeSearchRequest
  checkpoints: SearchCheckpoints
  save: (document: SearchDocument) => Promise<void>
  tell: TellJobNews
}

export type SearchJob = Job<SearchEvent, SearchFact>

/** A search as a job. */
export function createSearchJob({ engine, request, checkpoints, save, tell }: SearchJobOptions): SearchJob {
  const sweepId = request.sweep.id
  const event = ({ progress }: SearchFact): SearchEvent => ({ type: 'progress', sweepId, progress })
  return new Job<SearchEvent, SearchFact>({
    name: 'the search',
    async run(_id, facts, signal) {
      const onProgress = (progress: SearchProgress): void => {
        facts.set('progress', { type: 'progress', progress })
        // Of a generation: how many there will be is not known.
        const { rowsDone, rowsTotal, secondsLeft } = progress.sweep
        tell({
          job: NAME,
          type: 'progress',
          share: rowsTotal === 0 ? null : rowsDone / rowsTotal,
          secondsLeft
        })
      }
      await save(await runRecipeSearch(engine, request, signal, onProgress, checkpoints))
      await checkpoints.clear()
      return { type: 'finished', sweepId }
    },
    snapshot: (_id, facts) => event(facts[0] ?? { type: 'progress', progress: NO_GENERATION }),
    events: (facts) => facts.map(event),
    onEnd: (ending) => tell(endingNews(NAME, ending))
  })
}

/** What is shown of a search that failed before it had read the pair. */
const NO_GENERATION: SearchProgress = {
  generation: 0,
  candidates: 0,
  blockEvaluationsDone: 0,
  best: null,
  sweep: NOTHING_DONE
}
