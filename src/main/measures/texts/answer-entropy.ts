/**
 * Computes the Shannon entropy of n answers divided by log n: 0 if all are equal, 1 if all differ. It is comparable for
 * equally many answers.
 * @param counts number of times that each different answer was given
 * @returns null for fewer than two answers
 */
export function answerEntropy(counts: readonly number[]): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total < 2) return null
  let entropy = 0
  for (const count of counts) entropy -= (count / total) * Math.log(count / total)
  // Rounding can pass either bound by a last digit, and a single answer gives -0.
  return Math.min(1, Math.max(0, entropy / Math.log(total)))
}
