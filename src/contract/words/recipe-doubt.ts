import { verdictFacts } from '../documents/verdict'
import type { Recipe } from '../model/recipe'
import type { RecipeCheck } from './recipe-check'

/** Reports whether a state speaks against a recipe. */
export const isDoubtful = (state: RecipeCheck['state']): boolean => state === 'below' || verdictFacts(state).isDoubt

/** Returns a measured reason against a recipe, as sentences; null if there is none. */
export function recipeDoubt(
  { name }: Pick<Recipe, 'name'>,
  { state, words }: Pick<RecipeCheck, 'state' | 'words'>
): string | null {
  if (!isDoubtful(state)) return null
  const text = /[.…]$/.test(words) ? words : `${words}.`
  return text.startsWith(`${name}:`) ? text : `${name}: ${text}`
}
