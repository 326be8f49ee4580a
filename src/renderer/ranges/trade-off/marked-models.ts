import { plural } from '../../../contract/words/format'
import type { ScoredModel } from '../../recipes/scored-models'

/** Keeps the marked models that are recipes: baselines and other checkpoints restore no layers, so there is no recipe to keep. */
export interface KeepAction {
  label: string
  /** Why nothing can be kept; null where something can. */
  why: string | null
  recipes: readonly ScoredModel[]
}

/** @param markedCount of all marked models, also of those that cannot be inspected */
export function keepAction(models: readonly ScoredModel[], markedCount: number): KeepAction {
  const recipes = models.filter(({ layers }) => layers !== null)
  const refused = markedCount - recipes.length
  if (recipes.length === 0)
    return { label: 'Keep', why: 'Only recipes can be kept, and none is marked.', recipes }
  return {
    label: refused === 0 ? 'Keep' : `Keep ${plural(recipes.length, 'recipe')} (${refused} can’t be kept)`,
    why: null,
    recipes
  }
}
