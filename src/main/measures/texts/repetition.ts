import { nGramCounts } from './n-grams'

/**
 * Computes the share of an answer's n-grams that repeat an earlier one (seq-rep-n of Welleck et al. 2020,
 * "Neural Text Generation with Unlikelihood Training", arXiv 1908.04319): 1 - different n-grams / n-grams.
 *
 * @returns 0 for an answer of fewer than n words, which repeats none
 */
export function repetition(words: readonly string[], n: number): number {
  const counts = nGramCounts(words, n)
  const total = Math.max(0, words.length - n + 1)
  return total === 0 ? 0 : 1 - counts.size / total
}
