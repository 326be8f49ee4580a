import type { RecipeScore, SweepDocument } from '../../../contract/documents/crc'
import { weightsKey } from '../../../contract/model/model'
import type { Recipe } from '../../../contract/model/recipe'
import type { SweepProgress } from '../../../contract/documents/sweep-events'
import type { EngineClient } from '../../engine/host'
import { forecastMeasures } from '../task/forecasts'
import { runCrcSweep, type SweepHistory } from './crc-sweep'
import type { CrcSweepRequest } from './prepare-sweep'
import { elementAt } from '../../../contract/model/look-up'
import { requireSameAsSwept } from './same-as-swept'

/** Folders of a pair of models. */
export interface PairFolders {
  base: string
  post: string
}

/** The folders of a swept pair, and the engine's memory limit. */
export type SweptPair = Pick<CrcSweepRequest, 'base' | 'post' | 'memoryBytes'>

/** Scores recipes exactly as a sweep scored its ranges. @returns a sweep of only the recipes, in their order */
export async function scoreRecipes(
  engine: EngineClient,
  { pair, sweep, recipes }: { pair: SweptPair; sweep: SweepDocument; recipes: readonly Recipe[] },
  signal: AbortSignal,
  onProgress: (progress: SweepProgress) => void,
  history: SweepHistory | null = null
): Promise<SweepDocument> {
  const scored = await runCrcSweep(
    engine,
    {
      // Not `...pair`: a whole request of a sweep also has this type, and would score its baselines again.
      base: pair.base,
      post: pair.post,
      memoryBytes: pair.memoryBytes,
      prompts: promptsOf(sweep),
      rendering: sweep.rendering,
      rho: 0,
      ranges: false,
      wholeBase: false,
      uniformBlendCount: 0,
      whatIf: sweep.whatIf.length > 0,
      recipes,
      device: { device: sweep.device, notice: null },
      precision: sweep.precision
    },
    signal,
    (event) => {
      if (event.type === 'progress') onProgress(event.progress)
    },
    history
  )
  requireSameAsSwept(scored, sweep)
  const recipeScores = scored.recipes.map((score) => ({
    ...score,
    ...forecastMeasures(sweep.prompts, score.prompts, sweep.base?.prompts, sweep.scoredBy.kind === 'crc')
  }))
  return { ...scored, recipes: recipeScores }
}

/**
 * Returns prompts of a sweep for a new request.
 *
 * @param chosen indices of prompts, without prompts of the task to keep
 */
export function promptsOf(
  { scoredBy, prompts }: SweepDocument,
  chosen?: readonly number[]
): CrcSweepRequest['prompts'] {
  const chosenOf = <Prompt>(all: readonly Prompt[]): readonly Prompt[] =>
    chosen === undefined ? all : chosen.map((index) => elementAt(all, index, 'prompt'))
  if (scoredBy.kind !== 'task') return chosenOf(prompts).map(({ text, category, valid }) => ({ text, category, valid }))
  if (chosen === undefined) return scoredBy
  const { task } = scoredBy
  return { ...scoredBy, keep: undefined, task: { ...task, prompts: [...chosenOf(task.prompts)] } }
}

/** Adds the score of a recipe to a sweep's scores, in place of an earlier score of the same weights. */
export function withRecipeScore(scores: readonly RecipeScore[], score: RecipeScore): RecipeScore[] {
  const keyOf = ({ recipe }: RecipeScore): string => weightsKey({ kind: 'recipe', recipe })
  return [...scores.filter((other) => keyOf(other) !== keyOf(score)), score]
}
