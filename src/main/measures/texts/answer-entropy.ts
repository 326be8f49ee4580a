/**
 * Computes the Shannon entropy of the answers' shares over log n, 0 to 1, comparable for cells of one size. @param
 * counts how often each answer came @returns null for fewer than two answers
 */
export function answerEntropy(counts: readonly number[]): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total < 2) return null
  let entropy = 0
  for (const count of counts) entropy -= (count / total) * Math.log(count / total)
  // Rounding can pass either bound by a last digit, and a single answer gives -0.
  return Math.min(1, Math.max(0, entropy / Math.log(total)))
}
