/** How often each run of `n` words occurs; the words joined by a space, which no word holds. */
export function nGramCounts(words: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>()
  for (let start = 0; start + n <= words.length; start++) {
    const nGram = words.slice(start, start + n).join(' ')
    counts.set(nGram, (counts.get(nGram) ?? 0) + 1)
  }
  return counts
}
