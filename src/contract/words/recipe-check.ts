import { checkOf, checkOfRange, type CheckResult, passesCheck } from '../documents/answer-check'
import type { Selection } from '../documents/crc'
import type { VerdictState } from '../documents/verdict'
import type { AnyModel } from '../model/model'
import type { Recipe, RestorationRange } from '../model/recipe'
import { formatScore } from './format'
import { baselineName, basisWords, comparedScores, isSurelyMoreDiverse, strongestBaseline } from './baseline-words'

/** Outcome of a recipe's full-answer check, in words. */
export interface RecipeCheck {
  state: VerdictState | 'below'
  label: string
  words: string
}

export interface CheckEvidence {
  readonly check: CheckResult | null
  /** Share of post's validity that full answers must keep. */
  readonly rho: number
  readonly selection: Pick<Selection, 'baselines' | 'families' | 'minimumValidity'> | null
}

/** Returns a suffix for an unchecked range, if other ranges were checked; else an empty text. */
export const uncheckedSuffix = (check: CheckResult | null, range: RestorationRange): string =>
  check === null || checkOfRange(check, range) !== null ? '' : ' (not checked)'

/** Describes the full-answer check of a recipe, and a baseline that is significantly better. */
export function recipeCheck(
  { check, rho, selection }: CheckEvidence,
  recipe: Recipe,
  firstToken: number | null
): RecipeCheck {
  const checked = checkOf(check, { kind: 'recipe', recipe })
  if (check === null || checked === null) return unchecked(selection, firstToken)
  const validity = formatScore(checked.answers.validity)
  if (!passesCheck(checked, check, rho))
    return { state: 'check-failed', label: 'fails the check', words: `fails the check, ${validity} on full answers` }
  const words = `passes the check, ${validity} on full answers`
  const baseline = selection === null ? null : strongestBaseline(selection)
  if (baseline === null || !isSurelyMoreDiverse(baseline)) return { state: 'holds', label: 'passes the check', words }
  const compared = comparedScores(baseline)
  const score = compared.isOnFullAnswers ? checked.answers : checked.firstToken
  if (compared.diversity <= score.diversity) return { state: 'holds', label: 'passes the check', words }
  const scores = `diversity ${formatScore(compared.diversity)} at validity ${formatScore(compared.validity)}`
  const name = `${baselineName(baseline)} does better ${basisWords(baseline, check)}`
  const better = `${name}: ${scores}, against ${formatScore(score.diversity)}`
  return {
    state: 'baseline-better',
    label: 'passes, a baseline does better',
    words: `${words}, but ${better}`
  }
}

function unchecked(selection: CheckEvidence['selection'], firstToken: number | null): RecipeCheck {
  const words = 'not checked on full answers'
  if (selection === null || firstToken === null || firstToken >= selection.minimumValidity)
    return { state: 'unchecked', label: 'not checked', words }
  const limit = formatScore(selection.minimumValidity)
  return {
    state: 'below',
    label: 'below the limit',
    words: `below the limit: validity ${formatScore(firstToken)} on first tokens, of ${limit}; ${words}`
  }
}

/** Returns "first tokens" as the basis of a score, if the model's full answers were scored too; else an empty text. */
export const scoreBasis = (check: CheckResult | null, model: AnyModel): string =>
  checkOf(check, model) === null ? '' : 'first tokens'
