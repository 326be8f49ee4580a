import type { Kept } from '../model/kept'
import { keptOf, type Model, sameModel } from '../model/model'
import type { Recipe } from '../model/recipe'
import type { KeptCheckpoint, KeptRecipe } from './project'
import type { Variant } from './samples'

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

/** What the project keeps a variant as now; undefined where it does not. */
function keptNow(variant: Variant, project: KeptModels): Kept | undefined {
  const id = keptOf(variant)?.id
  if (variant.kind === 'recipe')
    return project.recipes.find((kept) => kept.id === id) ?? keptRecipe(variant.recipe, project)
  if (variant.kind === 'checkpoint')
    return project.otherCheckpoints.find((kept) => kept.id === id) ?? keptCheckpoint(variant, project)
  return undefined
}

/**
 * A variant of a stored run with the id and number of what the project keeps now, so that it has one colour on every page: its recipe may
 * have been kept, or removed, since the run.
 *
 * @returns the same object where nothing has changed
 */
export function asKept(variant: Variant, project: KeptModels): Variant {
  if (variant.kind !== 'recipe' && variant.kind !== 'checkpoint') return variant
  const { kept: before, ...model } = variant
  const now = keptNow(variant, project)
  if (now?.id === before?.id && now?.mark === before?.mark) return variant
  return now === undefined ? model : { ...model, kept: { id: now.id, mark: now.mark } }
}
