import type { KeptIdentity } from '../model/kept'
import { keptOf, type Model, sameModel } from '../model/model'
import type { Recipe } from '../model/recipe'
import type { KeptCheckpoint, KeptRecipe } from './project'
import type { Variant } from './samples'

/** Recipes and checkpoints that a project keeps. They identify scored models even after a kept model was renamed. */
export interface KeptModels {
  recipes: readonly KeptRecipe[]
  otherCheckpoints: readonly KeptCheckpoint[]
}

/** The kept models of an empty project. */
export const NOTHING_KEPT: KeptModels = { recipes: [], otherCheckpoints: [] }

/**
 * Returns the kept recipe that restores the same weights as a scored one, or undefined. Among several, it prefers the
 * one with the same name.
 */
export function keptRecipe(recipe: Recipe, { recipes }: KeptModels): KeptRecipe | undefined {
  const model: Model = { kind: 'recipe', recipe }
  const same = recipes.filter((kept) => sameModel({ kind: 'recipe', recipe: kept.recipe }, model))
  return same.find((kept) => kept.recipe.name === recipe.name) ?? same[0]
}

/** Returns the kept checkpoint with the same fingerprint, or undefined. */
export const keptCheckpoint = (
  { fingerprint }: Pick<KeptCheckpoint, 'fingerprint'>,
  { otherCheckpoints }: KeptModels
): KeptCheckpoint | undefined => otherCheckpoints.find((kept) => kept.fingerprint === fingerprint)

/** Returns the project's current entry for a variant, or undefined if the project does not keep it. */
function currentEntry(variant: Variant, project: KeptModels): KeptIdentity | undefined {
  const id = keptOf(variant)?.id
  if (variant.kind === 'recipe')
    return project.recipes.find((kept) => kept.id === id) ?? keptRecipe(variant.recipe, project)
  if (variant.kind === 'checkpoint')
    return project.otherCheckpoints.find((kept) => kept.id === id) ?? keptCheckpoint(variant, project)
  return undefined
}

/**
 * Returns a variant of a stored run with the id and number of the project's current entry. This gives the model one
 * colour on every page, even if its recipe was kept or removed after the run.
 * @returns the same object if nothing has changed
 */
export function withKeptIdentity(variant: Variant, project: KeptModels): Variant {
  if (variant.kind !== 'recipe' && variant.kind !== 'checkpoint') return variant
  const { kept: before, ...model } = variant
  const now = currentEntry(variant, project)
  if (now?.id === before?.id && now?.mark === before?.mark) return variant
  return now === undefined ? model : { ...model, kept: { id: now.id, mark: now.mark } }
}
