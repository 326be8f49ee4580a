import { answerLimit } from '../documents/answer-check'
import type { Recipe } from '../model/recipe'
import { formatScore } from './format'
import type { CheckEvidence, RecipeCheck } from './recipe-check'

/**
 * What was measured that speaks against restoring a recipe, as a sentence without its full stop: that it fails the check of whole
 * answers, or was scored below the limit; null where nothing does.
 *
 * @param found what `recipeCheck` makes of it
 */
export function recipeDoubt(
  { name }: Pick<Recipe, 'name'>,
  { state, words }: Pick<RecipeCheck, 'state' | 'words'>,
  { check, rho }: Pick<CheckEvidence, 'check' | 'rho'>
): string | null {
  if (state === 'below') return `${name}: ${words}`
  if (state !== 'fails' || check === null) return null
  return `${name} ${words}: at least ${formatScore(answerLimit(check, rho))} is kept, and more diversity than post`
}
