import { nGrams } from './n-grams'

/**
 * Computes distinct-n (Li et al. 2016, "A Diversity-Promoting Objective Function for Neural Conversation
 * Models", arXiv 1510.03055): different n-grams over all answers, divided by the number of n-grams. Li et al. divide by the number of words instead, so that short answers cannot reach 1. The
 * value falls as answers get longer or more, so compare only cells of the same size.
 *
 * @param answers the words of each answer; n-grams do not cross answers.
 * @returns 0 < value <= 1; null when no answer has n words
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
