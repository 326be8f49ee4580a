import { type Model, sameModel } from '../model/model'
import type { Recipe } from '../model/recipe'
import type { KeptCheckpoint, KeptRecipe } from './project'

/** What a project keeps, by which what was scored is recognised: it may have another name by now. */
export interface KeptModels {
  recipes: readonly KeptRecipe[]
  otherCheckpoints: readonly KeptCheckpoint[]
}

/** Of a project that keeps nothing. */
export const NOTHING_KEPT: KeptModels = { recipes: [], otherCheckpoints: [] }

/** The kept recipe that restores what a scored one does, of several the one of its name; undefined when none is kept. */
export function keptRecipe(recipe: Recipe, { recipes }: KeptModels): KeptRecipe | undefined {
  const model: Model = { kind: 'recipe', recipe }
  const same = recipes.filter((kept) => sameModel({ kind: 'recipe', recipe: kept.recipe }, model))
  return same.find((kept) => kept.recipe.name === recipe.name) ?? same[0]
}

/** The kept checkpoint of a fingerprint; undefined when none is kept. */
export const keptCheckpoint = (
  { fingerprint }: Pick<KeptCheckpoint, 'fingerprint'>,
  { otherCheckpoints }: KeptModels
): KeptCheckpoint | undefined => otherCheckpoints.find((kept) => kept.fingerprint === fingerprint)
