import type { KeptIdentity } from '../model/kept'
import { keptOf, type Model, sameModel } from '../model/model'
import type { Recipe } from '../model/recipe'
import type { KeptCheckpoint, KeptRecipe } from './project'
import type { Variant } from './samples'

/** Recipes and checkpoints that a project keeps. */
export interface KeptModels {
  recipes: readonly KeptRecipe[]
  otherCheckpoints: readonly KeptCheckpoint[]
}

export const NOTHING_KEPT: KeptModels = { recipes: [], otherCheckpoints: [] }

/** Returns the kept recipe that restores the same weights, preferably with the same name, or undefined. */
export function keptRecipe(recipe: Recipe, { recipes }: KeptModels): KeptRecipe | undefined {
  const model: Model = { kind: 'recipe', recipe }
  const same = recipes.filter((kept) => sameModel({ kind: 'recipe', recipe: kept.recipe }, model))
  return same.find((kept) => kept.recipe.name === recipe.name) ?? same[0]
}

export const keptCheckpoint = (
  { fingerprint }: Pick<KeptCheckpoint, 'fingerprint'>,
  { otherCheckpoints }: KeptModels
): KeptCheckpoint | undefined => otherCheckpoints.find((kept) => kept.fingerprint === fingerprint)

/** Finds the project's entry of a variant: by its id, or else by its weights. */
function currentEntry(variant: Variant, project: KeptModels): KeptIdentity | undefined {
  const id = keptOf(variant)?.id
  if (variant.kind === 'recipe')
    return project.recipes.find((kept) => kept.id === id) ?? keptRecipe(variant.recipe, project)
  if (variant.kind === 'checkpoint')
    return project.otherCheckpoints.find((kept) => kept.id === id) ?? keptCheckpoint(variant, project)
  return undefined
}

/** Returns entries of a stored run with the current identities of their variants; the same list if none changed. */
export function withKeptIdentities<Entry>(
  entries: Entry[],
  variantOf: (entry: Entry) => Variant,
  withVariant: (entry: Entry, variant: Variant) => Entry,
  project: KeptModels
): Entry[] {
  const current = entries.map((entry) => {
    const variant = withKeptIdentity(variantOf(entry), project)
    return variant === variantOf(entry) ? entry : withVariant(entry, variant)
  })
  return current.every((entry, index) => entry === entries[index]) ? entries : current
}

/** Returns a variant of a stored run with the id of the project's entry, and its mark: the number of its colour. */
export function withKeptIdentity(variant: Variant, project: KeptModels): Variant {
  if (variant.kind !== 'recipe' && variant.kind !== 'checkpoint') return variant
  const { kept: before, ...model } = variant
  const now = currentEntry(variant, project)
  if (now?.id === before?.id && now?.mark === before?.mark) return variant
  return now === undefined ? model : { ...model, kept: { id: now.id, mark: now.mark } }
}
