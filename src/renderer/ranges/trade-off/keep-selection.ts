import { plural } from '../../../contract/words/format'
import type { ScoredModel } from '../../recipes/scored-models'

/** Keeps the selected recipes. Baselines and other checkpoints restore no layers, so they are no recipes. */
interface KeepAction {
  label: string
  /** The reason why nothing can be kept; null if something can. */
  why: string | null
  recipes: readonly ScoredModel[]
}

/**
 * Returns the action for the selected models.
 *
 * @param selectedCount number of all selected models, including those that cannot be inspected
 */
export function keepAction(models: readonly ScoredModel[], selectedCount: number): KeepAction {
  const recipes = models.filter(({ layers }) => layers !== null)
  const refused = selectedCount - recipes.length
  if (recipes.length === 0) return { label: 'Keep', why: 'Only recipes can be kept, and none is selected.', recipes }
  return {
    label: refused === 0 ? 'Keep' : `Keep ${plural(recipes.length, 'recipe')} (${refused} can’t be kept)`,
    why: null,
    recipes
  }
}
