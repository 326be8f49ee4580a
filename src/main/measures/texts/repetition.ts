import { nGramCounts } from './n-grams'

/** Computes seq-rep-n (Welleck et al. 2020, arXiv 1908.04319): 1 - different n-grams / n-grams; 0 for fewer words. */
export function repetition(words: readonly string[], n: number): number {
  const counts = nGramCounts(words, n)
  const total = Math.max(0, words.length - n + 1)
  return total === 0 ? 0 : 1 - counts.size / total
}
