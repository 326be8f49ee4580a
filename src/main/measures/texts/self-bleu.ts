import { nGramCounts } from './n-grams'

const MAX_ORDER = 4
/** Count of an order without any match: "method 1" of Chen and Cherry 2014. */
const EPSILON = 0.1

/**
 * Computes Self-BLEU (Zhu et al. 2018, "Texygen", arXiv 1802.01886): the mean BLEU-4 of each answer with all
 * others as references. Lower is more diverse. BLEU is that of Papineni et al. 2002 with uniform weights and
 * the closest reference length. As in Texygen, an order without a match counts 0.1 matches (smoothing method
 * 1 of Chen and Cherry 2014). Answers of fewer than four words use the orders they have, so that repeated
 * one-word answers score 1 instead of 0.18. An answer without words scores 1 if another has none, otherwise
 * 0. More references raise the score, so compare only cells of the same size.
 *
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
 * Counts each answer's n-grams at most as often as in another answer: its largest, or second largest count. The time
 * is linear in the text.
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

function closestLength(length: number, others: readonly number[]): number {
  return others.reduce((closest, other) => {
    const difference = Math.abs(other - length) - Math.abs(closest - length)
    return difference < 0 || (difference === 0 && other < closest) ? other : closest
  })
}
