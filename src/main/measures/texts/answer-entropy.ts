/**
 * Computes the Shannon entropy of the answers' shares divided by log n, the largest possible for n answers
 * (Shannon 1948, "A Mathematical Theory of Communication"). It is 0 if all are the same and 1 if all differ.
 * The entropy of a small sample is below that of the model, so compare only cells of the same size.
 *
 * @param counts how often each different answer came, all positive
 * @returns null for fewer than two answers, which cannot differ
 */
export function answerEntropy(counts: readonly number[]): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total < 2) return null
  let entropy = 0
  for (const count of counts) entropy -= (count / total) * Math.log(count / total)
  // Rounding can pass either bound by a last digit, and a single answer gives -0.
  return Math.min(1, Math.max(0, entropy / Math.log(total)))
}
