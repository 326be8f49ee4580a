import type { OtherCheckpoint } from '../contract/crc'
import { freeName } from '../contract/free-name'
import type { ProjectState } from '../contract/project'
import type { Recipe, RestorationRange } from '../contract/recipe'
import type { Variant } from '../contract/samples'
import { rangeName } from './format'

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
  recipes: ProjectState['document']['recipes'],
  checkpoints: readonly OtherCheckpoint[],
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
  const add = (recipe: Recipe, origin: VariantChoice['origin']): void => {
    choices.push({ variant: { kind: 'recipe', name: free(recipe.name), recipe }, origin })
  }
  if (selected !== null && !recipes.some(({ recipe }) => isRange(recipe, selected))) {
    add({ name: rangeName(selected), ranges: [[selected.start, selected.end]] }, 'selected by the sweep')
  }
  for (const { recipe } of recipes) add(recipe, 'kept recipe')
  for (const checkpoint of checkpoints) {
    const variant: Variant = { kind: 'checkpoint', ...checkpoint, name: free(checkpoint.name) }
    choices.push({ variant, origin: 'checkpoint' })
  }
  return choices
}
