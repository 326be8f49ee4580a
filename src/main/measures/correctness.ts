import { numbersOf } from '../answers/numbers'

/**
 * Computes pass@k, the probability that at least one of k answers is right. With c right answers among n it is
 * 1 - C(n - c, k) / C(n, k) (Chen et al. 2021, arXiv 2107.03374). Null for n < k.
 */
export function passAtK(answerCount: number, rightCount: number, k: number): number | null {
  if (answerCount < k) return null
  if (answerCount - rightCount < k) return 1
  // Computed as a product, because the binomials overflow.
  let allWrong = 1
  for (let n = answerCount - rightCount + 1; n <= answerCount; n++) allWrong *= 1 - k / n
  return 1 - allWrong
}

/**
 * Takes a majority vote over final answers (Wang et al. 2023, arXiv 2203.11171).
 * @param finals final answers; null for an unreadable answer, which has no vote.
 * @returns 1 if the most frequent answer is right, otherwise 0. A tie gives the share of right answers among the tied.
 * Null without any vote
 */
export function majorityVote(finals: readonly (string | null)[], isRight: (final: string) => boolean): number | null {
  const votes = new Map<string, number>()
  for (const final of finals) if (final !== null) votes.set(final, (votes.get(final) ?? 0) + 1)
  if (votes.size === 0) return null
  const maxVotes = Math.max(...votes.values())
  const winners = [...votes].flatMap(([final, count]) => (count === maxVotes ? [final] : []))
  return winners.filter(isRight).length / winners.length
}

/** Computes the share of a closed set of `rightCount` right answers that was given at least once. */
export function coverage(given: readonly string[], rightCount: number): number {
  return new Set(given).size / rightCount
}

/** Counts the different solution paths among solutions with a right result. */
export function solutionPaths(solutions: readonly string[]): number {
  return new Set(solutions.map(solutionPath)).size
}

/** Identifies the way of a solution by the numbers in its text, in their order. */
export const solutionPath = (text: string): string => numbersOf(text).join(' ')
