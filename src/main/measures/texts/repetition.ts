import { nGramCounts } from './n-grams'

/**
 * Computes seq-rep-n (Welleck et al. 2020, arXiv 1908.04319), the share of n-grams in a text that repeat an earlier
 * one. A text of fewer than n words has 0.
 */
export function repetition(words: readonly string[], n: number): number {
  const counts = nGramCounts(words, n)
  const total = Math.max(0, words.length - n + 1)
  return total === 0 ? 0 : 1 - counts.size / total
}
