import { nGramCounts } from './n-grams'

/** Length of the longest n-grams that BLEU-4 compares. */
const MAX_ORDER = 4
/** Number of matches that counts for an order (n-gram length) without any: "method 1" of Chen and Cherry 2014. */
const EPSILON = 0.1

/**
 * Computes Self-BLEU (Zhu et al. 2018, "Texygen", arXiv 1802.01886): the mean BLEU-4 of each answer with all
 * others as references. Lower is more diverse. BLEU is that of Papineni et al. 2002 with uniform weights and
 * the closest reference length. As in Texygen, an n-gram length without a match counts 0.1 matches (smoothing
 * method 1 of Chen and Cherry 2014). Answers of fewer than four words use only the n-grams they have, so that
 * repeated one-word answers score 1 instead of 0.18. An answer without words scores 1 if another answer has
 * none either, otherwise 0. More references raise the score, so it is comparable for equally many answers.
 * @param answers the words of each answer
 * @returns from 0 to 1; null for fewer than two answers
 */
export function selfBleu(answers: readonly (readonly string[])[]): number | null {
  if (answers.length < 2) return null
  const lengths = answers.map((words) => words.length)
  const matches = Array.from({ length: MAX_ORDER }, (_, order) => clippedMatches(answers, order + 1))
  const scores = lengths.map((length, answer) => {
    const closest = closestLength(length, lengths.toSpliced(answer, 1))
    if (length === 0) return closest === 0 ? 1 : 0
    if (matches[0]?.[answer] === 0) return 0
    const orders = Math.min(MAX_ORDER, length)
    let logPrecision = 0
    for (let order = 1; order <= orders; order++) {
      const matched = matches[order - 1]?.[answer] ?? 0
      logPrecision += Math.log((matched === 0 ? EPSILON : matched) / (length - order + 1)) / orders
    }
    return Math.exp(logPrecision + Math.min(0, 1 - closest / length))
  })
  return scores.reduce((sum, score) => sum + score, 0) / scores.length
}

/**
 * Counts the n-grams of each answer that match another answer. An n-gram counts at most as often as in the other answer
 * that repeats it most. The two largest counts of each n-gram are kept, so the time is linear in the text.
 */
function clippedMatches(answers: readonly (readonly string[])[], n: number): number[] {
  const counts = answers.map((words) => nGramCounts(words, n))
  const largestCounts = new Map<string, { holder: number; largest: number; second: number }>()
  for (const [holder, nGrams] of counts.entries()) {
    for (const [nGram, count] of nGrams) {
      const entry = largestCounts.get(nGram)
      if (entry === undefined) largestCounts.set(nGram, { holder, largest: count, second: 0 })
      else if (count > entry.largest) largestCounts.set(nGram, { holder, largest: count, second: entry.largest })
      else entry.second = Math.max(entry.second, count)
    }
  }
  return counts.map((nGrams, answer) => {
    let matched = 0
    for (const [nGram, count] of nGrams) {
      const entry = largestCounts.get(nGram)
      if (entry !== undefined) matched += Math.min(count, entry.holder === answer ? entry.second : entry.largest)
    }
    return matched
  })
}

/** Returns the length among others that is closest to a length; of two equally close lengths the shorter. */
function closestLength(length: number, others: readonly number[]): number {
  let closest = Infinity
  for (const other of others) {
    const [distance, closestDistance] = [Math.abs(other - length), Math.abs(closest - length)]
    if (distance < closestDistance || (distance === closestDistance && other < closest)) closest = other
  }
  return closest
}
