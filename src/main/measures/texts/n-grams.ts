/** Lists all sequences of n neighbouring words, each joined by spaces. */
export function nGrams(words: readonly string[], n: number): string[] {
  return Array.from({ length: Math.max(0, words.length - n + 1) }, (_, start) =>
    words.slice(start, start + n).join(' ')
  )
}

/** Counts how often each sequence of n neighbouring words occurs. */
export function nGramCounts(words: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>()
  for (const nGram of nGrams(words, n)) counts.set(nGram, (counts.get(nGram) ?? 0) + 1)
  return counts
}
