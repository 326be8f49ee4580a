import { checkOf, type CheckResult, passesCheck } from '../documents/answer-check'
import type { Selection } from '../documents/crc'
import type { HeadlineState } from '../documents/headline'
import type { AnyModel } from '../model/model'
import type { Recipe } from '../model/recipe'
import { formatScore } from './format'
import { comparedName, doesBetter, rivalBasis, strongestRival } from './rival-words'

/** What whole answers make of a recipe, for a badge; `words` say it in full. */
export interface RecipeCheck {
  state: Extract<HeadlineState, 'holds' | 'outdone' | 'fails' | 'unchecked'>
  label: string
  words: string
}

/**
 * Whether a recipe was checked on whole answers and how that went, wherever it is shown. Where it holds and a rival has more
 * diversity at the validity kept, beyond what the prompts leave open, it is not praised, as the headline is not.
 *
 * @param selection of the sweep that was checked; null where it has none
 */
export function recipeCheck(
  check: CheckResult | null,
  recipe: Recipe,
  rho: number,
  selection: Pick<Selection, 'rivals' | 'minimumValidity'> | null
): RecipeCheck {
  const checked = checkOf(check, { kind: 'recipe', recipe })
  if (check === null || checked === null)
    return { state: 'unchecked', label: 'not checked', words: 'not checked on whole answers' }
  const validity = formatScore(checked.answers.validity)
  if (!passesCheck(checked, check, rho))
    return { state: 'fails', label: 'fails', words: `fails the check, ${validity} on whole answers` }
  const words = `holds on whole answers, ${validity}`
  const rival = selection === null ? null : strongestRival(selection)
  if (rival === null || !doesBetter(rival) || rival.diversity <= checked.firstToken.diversity)
    return { state: 'holds', label: 'holds', words }
  const better =
    `${comparedName(rival)} does better ${rivalBasis(rival, check)}: diversity ${formatScore(rival.diversity)} at ` +
    `validity ${formatScore(rival.validity)}, against ${formatScore(checked.firstToken.diversity)}`
  return { state: 'outdone', label: 'holds, outdone', words: `${words}, but ${better}` }
}

/**
 * Of what a model's score is, to stand beside it where its whole answers were checked too, and have another; empty elsewhere.
 */
export const scoreBasis = (check: CheckResult | null, model: AnyModel): string =>
  checkOf(check, model) === null ? '' : 'first tokens'
