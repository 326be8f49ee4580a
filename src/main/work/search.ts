import type { SearchDocument } from '../../contract/documents/search'
import { throwIfCancelled } from '../base/files/cancelling'
import { SavedSearchProgress } from '../crc/search/saved-search-progress'
import { type RecipeSearchRequest, runRecipeSearch } from '../crc/search/search-run'
import { projectSearchProgress, searchProgressBeside, writeUnfinishedSearch } from '../project/documents/search-files'
import type { ProjectPair } from '../project/pair/project-pair'
import { keepSweepOnce } from '../project/results/keep-sweep'
import type { WorkRuntime } from './work-runtime'
import type { WorkContext } from './work-context'

/**
 * Returns where a search saves its progress: in the project, else beside the output file. Null without both.
 *
 * @param fresh true ignores the progress of an earlier search
 */
export function savedSearchProgress(
  { pair, file }: Pick<WorkContext, 'pair'> & { file: { readonly path: string } | null },
  fresh: boolean
): SavedSearchProgress | null {
  if (pair !== null) return new SavedSearchProgress(projectSearchProgress(pair.folder, pair.project.change), fresh)
  return file === null ? null : new SavedSearchProgress(searchProgressBeside(file.path), fresh)
}

export class SearchWork {
  constructor(
    readonly request: RecipeSearchRequest,
    private readonly pair: ProjectPair | null,
    /** Partial results, from which a stopped search is resumed; null saves none. */
    readonly savedProgress: SavedSearchProgress | null
  ) {}

  /** Runs the search. A project stores the settings of the search, so that a stopped search can be resumed. */
  async compute({ engine, signal, notify }: WorkRuntime): Promise<SearchDocument> {
    const { sweep, rho, settings } = this.request
    if (this.pair !== null) {
      await writeUnfinishedSearch(this.pair.folder, { sweepId: sweep.id, rho, settings })
    }
    const search = await runRecipeSearch(
      engine,
      this.request,
      signal,
      (progress) => notify({ type: 'progress', kind: 'search', progress }),
      this.savedProgress
    )
    throwIfCancelled(signal, 'The search')
    return search
  }

  /** Stores the search in the project, if there is one, with its sweep. */
  async keep(search: SearchDocument): Promise<void> {
    if (this.pair === null) return
    await keepSweepOnce(this.pair, this.request.sweep)
    await this.pair.saveSearch(search)
  }

  async removeProgress(): Promise<void> {
    await this.savedProgress?.clear()
  }
}
