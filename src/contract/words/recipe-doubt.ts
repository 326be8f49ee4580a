import { answerLimit } from '../documents/answer-check'
import type { Recipe } from '../model/recipe'
import { formatScore } from './format'
import type { CheckEvidence, RecipeCheck } from './recipe-check'

/** What is wrong with a range that its sweep selects, or with the sweep, or with a range that keeps too little. */
const DOUBTFUL: readonly RecipeCheck['state'][] = [
  'below',
  'unstable',
  'guess',
  'not-worth-it',
  'unfit-prompts'
]

/**
 * What was measured that speaks against restoring a recipe, as a sentence without its full stop: that it fails the check of whole
 * answers, was scored below the limit, or is selected by a sweep that says why it should not be restored; null where nothing does.
 *
 * @param found what `recipeCheck` or `sweepFinding` makes of it
 */
export function recipeDoubt(
  { name }: Pick<Recipe, 'name'>,
  { state, words }: Pick<RecipeCheck, 'state' | 'words'>,
  { check, rho }: Pick<CheckEvidence, 'check' | 'rho'>
): string | null {
  if (DOUBTFUL.includes(state)) return `${name}: ${words}`
  if (state !== 'fails' || check === null) return null
  return `${name} ${words}: at least ${formatScore(answerLimit(check, rho))} is kept, and more diversity than post`
}
