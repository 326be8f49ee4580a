import type { ProjectState } from '../contract/project'
import type { Recipe, RestorationRange } from '../contract/recipe'
import type { Variant } from '../contract/samples'
import { rangeName } from './format'
import { freeName } from './kept-recipes'

/** Where a variant that can be chosen comes from. */
export interface VariantChoice {
  variant: Variant
  origin: 'whole model' | 'selected by the sweep' | 'kept recipe'
}

const isRange = (recipe: Recipe, range: RestorationRange): boolean =>
  'ranges' in recipe &&
  recipe.ranges.length === 1 &&
  recipe.ranges[0]?.[0] === range.start &&
  recipe.ranges[0][1] === range.end

/**
 * What can be compared: base, post, the selected range unless it is kept already, and the kept recipes. Names are
 * made unique, since answers are stored under them.
 */
export function variantChoices(
  recipes: ProjectState['document']['recipes'],
  selected: RestorationRange | null
): VariantChoice[] {
  const choices: VariantChoice[] = [
    { variant: { kind: 'base', name: 'base' }, origin: 'whole model' },
    { variant: { kind: 'post', name: 'post' }, origin: 'whole model' }
  ]
  const add = (recipe: Recipe, origin: VariantChoice['origin']): void => {
    const name = freeName(
      recipe.name,
      choices.map(({ variant }) => variant.name)
    )
    choices.push({ variant: { kind: 'recipe', name, recipe }, origin })
  }
  if (selected !== null && !recipes.some(({ recipe }) => isRange(recipe, selected))) {
    add({ name: rangeName(selected), ranges: [[selected.start, selected.end]] }, 'selected by the sweep')
  }
  for (const { recipe } of recipes) add(recipe, 'kept recipe')
  return choices
}
