import { checkOfRange, type CheckResult } from '../documents/answer-check'
import type { Bootstrap, CrossFit } from '../documents/crc'
import type { RestorationRange } from '../model/recipe'
import { formatPercent, formatScore, rangePhrase } from './format'
import { isSame } from './range-facts'
import type { ScoreWords } from './score-words'

/** Lists the ranges that one half of the prompts selected and that a check did not contain; none without a check. */
export function uncheckedHalves({ folds }: Pick<CrossFit, 'folds'>, check: CheckResult | null): RestorationRange[] {
  if (check === null) return []
  const picked = folds.flatMap(({ selected }) => selected ?? [])
  return picked.filter(
    (range, index) => checkOfRange(check, range) === null && picked.findIndex((each) => isSame(each, range)) === index
  )
}

/** Describes the share of resamples that an unchecked range wins; empty if none does. */
export function uncheckedWins({ wins }: Pick<Bootstrap, 'wins'>, check: CheckResult | null): string {
  const unchecked = check === null ? [] : wins.filter((win) => checkOfRange(check, win) === null)
  if (unchecked.length === 0) return ''
  const share = unchecked.reduce((sum, win) => sum + win.share, 0)
  return `a range that was not checked picked in ${formatPercent(share)} of them`
}

/** Describes the validity of cross-fitted selections, such as "at validity 0.896, below the limit of 0.900". */
export function crossFitAt(
  { validity }: Pick<CrossFit, 'validity'>,
  minimum: number,
  words: Pick<ScoreWords, 'validity'>,
  unchecked: readonly RestorationRange[]
): string {
  const belowLimit = validity < minimum ? `, below the limit of ${formatScore(minimum)}` : ''
  const uncheckedNote =
    unchecked.length === 0 ? '' : `, of ${unchecked.map((range) => rangePhrase(range)).join(' and ')} (not checked)`
  return `at ${words.validity} ${formatScore(validity)}${belowLimit}${uncheckedNote}`
}
