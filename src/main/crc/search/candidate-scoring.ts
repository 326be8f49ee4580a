import type { RecipeScore, SweepDocument } from '../../../contract/documents/crc'
import type { SearchProgress } from '../../../contract/documents/search'
import type { SweepProgress } from '../../../contract/documents/sweep-events'
import type { WorkCounts } from '../../../contract/documents/sweep-work'
import type { LayerStrength } from '../../../contract/model/recipe'
import { setSource } from '../../../contract/model/strengths'
import type { EngineClient } from '../../engine/host'
import { type PairFolders, scoreRecipes } from '../sweep/score-recipes'
import type { SavedSearchProgress } from './saved-search-progress'

/** Scores the candidates of a search, one sweep per generation, and reports the progress. */
export class CandidateScoring {
  /** Work of all generations so far. */
  readonly work: WorkCounts
  private best: SearchProgress['best'] = null

  constructor(
    private readonly engine: EngineClient,
    private readonly request: { pair: PairFolders; sweep: SweepDocument },
    private readonly signal: AbortSignal,
    private readonly onProgress: (progress: SearchProgress) => void,
    private readonly savedProgress: SavedSearchProgress | null
  ) {
    this.work = { ...request.sweep.work, blockEvaluations: 0, weightBytesRead: 0 }
  }

  /** Adds the best recipe to later progress reports. */
  noteBest(best: SearchProgress['best']): void {
    this.best = best
  }

  /** Scores candidates, each given by its layers' strengths, in their order. */
  async score(candidates: readonly (readonly LayerStrength[])[], generation: number): Promise<RecipeScore[]> {
    const { pair, sweep } = this.request
    const recipes = candidates.map((layers, index) => ({
      name: String(index),
      layers: setSource(layers, sweep.source)
    }))
    const notify = (current: SweepProgress): void =>
      this.onProgress({
        generation,
        candidates: candidates.length,
        blockEvaluationsDone: this.work.blockEvaluations,
        best: this.best,
        sweep: current
      })
    const history = this.savedProgress?.next() ?? null
    const scored = await scoreRecipes(this.engine, { pair, sweep, recipes }, this.signal, notify, history)
    this.work.blockEvaluations += scored.work.blockEvaluations
    this.work.weightBytesRead += scored.work.weightBytesRead
    return scored.recipes
  }
}
