/**
 * Computes the mean Jaccard distance (Jaccard 1901) over all pairs of answers. The distance of two answers is 1 minus
 * the number of words in both, divided by the number of words in either. Two answers without words are equal.
 * @param answers the words of each answer
 * @returns null for fewer than two answers
 */
export function meanPairwiseDistance(answers: readonly (readonly string[])[]): number | null {
  if (answers.length < 2) return null
  const sets = answers.map((words) => new Set(words))
  let total = 0
  let pairs = 0
  for (const [index, set] of sets.entries()) {
    for (const other of sets.slice(index + 1)) {
      total += jaccardDistance(set, other)
      pairs++
    }
  }
  return total / pairs
}

function jaccardDistance(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a]
  let shared = 0
  for (const word of small) if (large.has(word)) shared++
  const union = a.size + b.size - shared
  return union === 0 ? 0 : 1 - shared / union
}
