import { answerLimit, type CheckResult, type FullAnswerScores } from '../documents/answer-check'
import type { Selection } from '../documents/crc'
import type { RestorationRange } from '../model/recipe'
import { formatScore } from './format'
import { findRange } from '../model/strengths'

export const winShare = ({ wins }: Pick<Selection['bootstrap'], 'wins'>, range: RestorationRange): number =>
  findRange(wins, range)?.share ?? 0

/** Reports whether both are the same range. Null equals none. */
export const isSame = (range: RestorationRange, other: RestorationRange | null): boolean =>
  range.start === other?.start && range.end === other.end

/** Returns the verb that follows the phrase of a range. */
export const winVerb = ({ start, end }: RestorationRange): string => (start === end ? 'wins' : 'win')

/** Smaller values do not show in three decimals. */
const SHOWN_DOUBT = 0.0005

/** Describes how exact the validity of full answers is. */
export function exactness({ undecided }: Pick<FullAnswerScores, 'undecided'>): string {
  return undecided < SHOWN_DOUBT ? 'exact' : `at most ${formatScore(undecided)} more`
}

/** Returns why a checked model fails the check. */
export function checkFailureWords({ answers, firstToken }: FullAnswerScores, check: CheckResult, rho: number): string {
  const limit = answerLimit(check, rho)
  const { diversity, validity } = answers
  const post = formatScore(check.post.answers.diversity)
  const first = `first token ${formatScore(firstToken.validity)}`
  return validity < limit
    ? `full answers have validity ${formatScore(validity)}, below the limit of ${formatScore(limit)} (${first})`
    : `full answers have diversity ${formatScore(diversity)}, not above post's ${post}`
}
