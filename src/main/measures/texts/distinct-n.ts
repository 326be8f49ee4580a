import { nGrams } from './n-grams'

/**
 * Computes distinct-n: the number of different n-grams divided by the number of all n-grams. Li et al. 2016 (arXiv
 * 1510.03055) divide by the number of words. It is comparable for equally many answers.
 * @param answers the words of each answer
 * @returns null if no answer has n words
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
