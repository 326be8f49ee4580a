/**
 * Shannon entropy of the answers' shares over log n, the largest that n answers can have (Shannon 1948, "A Mathematical
 * Theory of Communication"): 0 when all are the same, 1 when all differ. It is the entropy of the sample: with few
 * answers it lies below that of the model, so compare cells of the same size only.
 *
 * @param counts how often each different answer came, all positive
 * @returns null for fewer than two answers, which cannot differ
 */
export function answerEntropy(counts: readonly number[]): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total < 2) return null
  let entropy = 0
  for (const count of counts) entropy -= (count / total) * Math.log(count / total)
  // Rounding can leave either bound by a last digit, and a single answer gives -0.
  return Math.min(1, Math.max(0, entropy / Math.log(total)))
}
