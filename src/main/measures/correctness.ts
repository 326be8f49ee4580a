import { numbersOf } from '../answers/numbers'

/**
 * Computes pass@k of c right answers in n: 1 - C(n - c, k) / C(n, k) (Chen et al. 2021, arXiv 2107.03374); null for n
 * < k.
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
 * Reports whether the most frequent final answer is right (Wang et al. 2023, arXiv 2203.11171), or the share of right
 * ones among ties. @param finals null for an unreadable answer @returns null without any vote
 */
export function majorityVote(finals: readonly (string | null)[], right: (final: string) => boolean): number | null {
  const votes = new Map<string, number>()
  for (const final of finals) if (final !== null) votes.set(final, (votes.get(final) ?? 0) + 1)
  if (votes.size === 0) return null
  const maxVotes = Math.max(...votes.values())
  const winners = [...votes].flatMap(([final, count]) => (count === maxVotes ? [final] : []))
  return winners.filter(right).length / winners.length
}

/** Computes the share of a closed set of `rightCount` right answers that was given at least once. */
export function coverage(given: readonly string[], rightCount: number): number {
  return new Set(given).size / rightCount
}

/** Counts different ways to a right answer, by their numbers in order. @param solutions right answers only */
export function solutionPaths(solutions: readonly string[]): number {
  return new Set(solutions.map(solutionPath)).size
}

export const solutionPath = (text: string): string => numbersOf(text).join(' ')
