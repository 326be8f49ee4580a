import { freeName } from '../../contract/model/free-name'
import { sameLayers } from '../../contract/documents/kept-models'
import type { KeptCheckpoint, KeptRecipe } from '../../contract/documents/project'
import type { Recipe, RestorationRange } from '../../contract/model/recipe'
import type { Kept } from '../../contract/model/kept'
import type { Variant } from '../../contract/documents/samples'
import { rangeName } from '../ui/format'

/** Where a variant that can be chosen comes from. */
export interface VariantChoice {
  variant: Variant
  origin: 'whole model' | 'selected by the sweep' | 'kept recipe' | 'checkpoint'
}

const isRange = (recipe: Recipe, range: RestorationRange): boolean =>
  'ranges' in recipe &&
  recipe.ranges.length === 1 &&
  recipe.ranges[0]?.[0] === range.start &&
  recipe.ranges[0][1] === range.end

/**
 * What can be compared: base, post, the selected range unless it is kept already, the kept recipes, and other
 * checkpoints. Names are made unique, since answers are stored under them.
 */
export function variantChoices(
  recipes: readonly KeptRecipe[],
  checkpoints: readonly KeptCheckpoint[],
  selected: RestorationRange | null
): VariantChoice[] {
  const choices: VariantChoice[] = [
    { variant: { kind: 'base', name: 'base' }, origin: 'whole model' },
    { variant: { kind: 'post', name: 'post' }, origin: 'whole model' }
  ]
  const free = (name: string): string =>
    freeName(
      name,
      choices.map(({ variant }) => variant.name)
    )
  const add = (recipe: Recipe, origin: VariantChoice['origin'], kept?: Kept): void => {
    const variant: Variant = { kind: 'recipe', name: free(recipe.name), recipe, ...(kept && { kept }) }
    choices.push({ variant, origin })
  }
  if (selected !== null && !recipes.some(({ recipe }) => isRange(recipe, selected))) {
    add({ name: rangeName(selected), ranges: [[selected.start, selected.end]] }, 'selected by the sweep')
  }
  for (const { id, mark, recipe } of recipes) add(recipe, 'kept recipe', { id, mark })
  for (const { id, mark, name, path, fingerprint } of checkpoints) {
    const kept = { id, mark }
    const variant: Variant = { kind: 'checkpoint', name: free(name), path, fingerprint, kept }
    choices.push({ variant, origin: 'checkpoint' })
  }
  return choices
}

/**
 * Whether two variants are the same of a project's: what is kept goes by its id. Where one does not say, as in runs of older
 * programs, the model decides.
 */
export function sameVariant(a: Variant, b: Variant): boolean {
  if (a.kind === 'recipe' && b.kind === 'recipe') {
    if (a.kept !== undefined && b.kept !== undefined) return a.kept.id === b.kept.id
    return sameLayers(a.recipe, b.recipe)
  }
  if (a.kind === 'checkpoint' && b.kind === 'checkpoint') {
    if (a.kept !== undefined && b.kept !== undefined) return a.kept.id === b.kept.id
    return a.fingerprint === b.fingerprint
  }
  return a.kind === b.kind
}
