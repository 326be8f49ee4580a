import { freeName } from '../model/free-name'
import type { KeptCheckpoint, KeptRecipe, SweepSummary } from './project'
import type { Recipe, RestorationRange } from '../model/recipe'
import type { Kept } from '../model/kept'
import type { Variant } from './samples'
import { blendRecipe } from './swept-model'
import type { TakenRival } from './crc'
import { rivalName } from '../model/rival'
import { sweptRangeModel, type Restoring, sameModel } from '../model/model'

/** Where a variant that can be chosen comes from. */
export interface VariantChoice {
  variant: Variant
  origin:
    | 'whole model'
    | 'selected by the sweep'
    | 'selected by the character task'
    | 'kept recipe'
    | 'checkpoint'
    | 'rival'
    | 'endpoint'
    | 'file'
}

/**
 * What can be compared: base, post, the selected range of a sweep unless it is kept already, the kept recipes, and other
 * checkpoints. Names are made unique, since answers are stored under them.
 *
 * @param ofCharacters what a sweep of the character task selects beside a newer one by a task; null for none
 */
export function variantChoices(
  recipes: readonly KeptRecipe[],
  checkpoints: readonly KeptCheckpoint[],
  selected: (RestorationRange & Restoring) | null,
  ofCharacters: (RestorationRange & Restoring) | null = null
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
  const addSelected = (
    range: (RestorationRange & Restoring) | null,
    origin: VariantChoice['origin']
  ): void => {
    if (range === null) return
    const model = sweptRangeModel(range, range)
    const known = [
      ...choices.map(({ variant }) => variant),
      ...recipes.map(({ recipe }) => ({ kind: 'recipe', recipe }) as const)
    ]
    if (!known.some((other) => sameModel(other, model))) add(model.recipe, origin)
  }
  addSelected(selected, 'selected by the sweep')
  addSelected(ofCharacters, 'selected by the character task')
  for (const { id, mark, recipe } of recipes) add(recipe, 'kept recipe', { id, mark })
  for (const { id, mark, name, path, fingerprint } of checkpoints) {
    const kept = { id, mark }
    const variant: Variant = { kind: 'checkpoint', name: free(name), path, fingerprint, kept }
    choices.push({ variant, origin: 'checkpoint' })
  }
  return choices
}

/** What the rule of a sweep's selection takes of blends and rivals, as variants. @param restoring of the sweep */
export function takenVariants(rivals: readonly TakenRival[], restoring: Restoring): VariantChoice[] {
  return rivals.map((taken): VariantChoice => {
    if (taken.kind !== 'blend') {
      return { variant: { kind: 'rival', name: rivalName(taken), rival: taken }, origin: 'rival' }
    }
    const recipe = blendRecipe(taken.strength, restoring)
    return { variant: { kind: 'recipe', name: recipe.name, recipe }, origin: 'rival' }
  })
}

/** What an evaluation begins with: what can be compared, and what the rule takes of the newest sweep. */
export function evaluatedChoices(
  offered: readonly VariantChoice[],
  newest: Pick<SweepSummary, 'rivals' | 'layerCount' | 'source'> | undefined
): VariantChoice[] {
  const taken = newest === undefined ? [] : takenVariants(newest.rivals, newest)
  return [
    ...offered,
    ...taken.filter(({ variant }) => !offered.some((choice) => sameModel(choice.variant, variant)))
  ]
}
