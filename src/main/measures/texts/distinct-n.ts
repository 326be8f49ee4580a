import { nGrams } from './n-grams'

/**
 * Computes distinct-n (Li et al. 2016, arXiv 1510.03055) as different n-grams over n-grams, where Li et al. divide by
 * words. Compare only cells of one size. @param answers the words of each @returns null when no answer has n words
 */
export function distinctN(answers: readonly (readonly string[])[], n: number): number | null {
  const seen = new Set<string>()
  let total = 0
  for (const words of answers) {
    for (const nGram of nGrams(words, n)) {
      seen.add(nGram)
      total++
    }
  }
  return total === 0 ? null : seen.size / total
}
