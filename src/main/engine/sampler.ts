import type { Sampling } from '../../contract/engine'

/**
 * Draws the next token as the field's libraries do: repetition penalty, temperature, top-k, top-p, min-p, in that
 * order, then one draw from what is left.
 *
 * @param logits [vocabulary]; not changed
 * @param earlier tokens the repetition penalty counts: prompt and answer so far
 * @param uniform a number from 0 (included) to 1 (excluded)
 */
export function sampleToken(
  logits: Float32Array,
  sampling: Sampling,
  earlier: readonly number[],
  uniform: number
): number {
  const scores = penalised(logits, sampling.repetitionPenalty, earlier)
  if (sampling.temperature === 0) return indexOfMaximum(scores)
  return draw(candidates(scores, sampling), uniform)
}

/**
 * The distribution that {@link sampleToken} draws from: the probability of every token that can come, summing to 1.
 *
 * @param logits [vocabulary]; not changed
 * @param earlier tokens the repetition penalty counts
 */
export function tokenProbabilities(
  logits: Float32Array,
  sampling: Sampling,
  earlier: readonly number[]
): ReadonlyMap<number, number> {
  const scores = penalised(logits, sampling.repetitionPenalty, earlier)
  if (sampling.temperature === 0) return new Map([[indexOfMaximum(scores), 1]])
  const { tokens, weights } = candidates(scores, sampling)
  const total = sum(weights)
  return new Map(Array.from(tokens, (token, i) => [token, (weights[i] ?? 0) / total]))
}

/** Tokens that may be drawn, in the order of their ids. A vocabulary has 150,000 tokens, so these are flat arrays. */
interface Candidates {
  readonly tokens: Int32Array
  /** Proportional to the probabilities; the likeliest token has 1. */
  readonly weights: Float64Array
}

/**
 * Repetition penalty (Keskar et al. 2019, arXiv 1909.05858): logits of earlier tokens are divided by the penalty when
 * positive and multiplied by it when negative.
 */
function penalised(logits: Float32Array, penalty: number, earlier: readonly number[]): Float32Array {
  if (penalty === 1) return logits
  const scores = Float32Array.from(logits)
  for (const token of new Set(earlier)) {
    const score = scores[token] ?? 0
    scores[token] = score > 0 ? score / penalty : score * penalty
  }
  return scores
}

/** Tokens that survive the filters. */
export function candidates(scores: Float32Array, sampling: Omit<Sampling, 'repetitionPenalty'>): Candidates {
  const { temperature, topK, topP, minP } = sampling
  const maximum = scores[indexOfMaximum(scores)] ?? 0
  // min-p (Nguyen et al. 2024, arXiv 2407.01082) keeps tokens at least minP times as likely as the likeliest, which top-k
  // and top-p never remove; so without top-p it can cut first, and spares most of the exponentials.
  const cutFirst = topP === 1 && minP > 0
  const lowestScore = Math.max(
    cutFirst ? maximum + temperature * Math.log(minP) : -Infinity,
    topK === null ? -Infinity : kthLargest(scores, topK)
  )
  const tokens = new Int32Array(countFrom(scores, lowestScore))
  const weights = new Float64Array(tokens.length)
  let count = 0
  for (let token = 0; token < scores.length; token++) {
    const score = scores[token] ?? -Infinity
    if (score >= lowestScore) {
      tokens[count] = token
      weights[count++] = Math.exp((score - maximum) / temperature)
    }
  }
  const nucleus = topP === 1 ? { tokens, weights } : smallestNucleus({ tokens, weights }, topP)
  return cutFirst || minP === 0 ? nucleus : select(nucleus, (weight) => weight >= minP)
}

/**
 * top-p (Holtzman et al. 2019, arXiv 1904.09751): the fewest likeliest tokens that together have at least topP.
 * Sorting a whole vocabulary would take longer than computing its logits. So weights are summed up by their leading
 * bits, which order positive numbers, and only those among which the sum reaches topP are sorted.
 */
function smallestNucleus(kept: Candidates, topP: number): Candidates {
  const { weights } = kept
  const wanted = topP * sum(weights)
  // Sign, exponent and two bits of the fraction: the likeliest, of weight 1, have the highest.
  const words = new Uint16Array(weights.buffer)
  const leading = (i: number): number => (words[4 * i + 3] ?? 0) >>> 2
  const sums = new Float64Array(LEADING_BITS_OF_ONE + 1)
  for (let i = 0; i < weights.length; i++) {
    const bits = leading(i)
    sums[bits] = (sums[bits] ?? 0) + (weights[i] ?? 0)
  }
  let edge = LEADING_BITS_OF_ONE
  let held = 0
  while (edge > 0 && held + (sums[edge] ?? 0) < wanted) held += sums[edge--] ?? 0

  const atEdge: number[] = []
  for (let i = 0; i < weights.length; i++) if (leading(i) === edge) atEdge.push(i)
  atEdge.sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b)
  let count = 0
  while (count < atEdge.length && held < wanted) held += weights[atEdge[count++] ?? 0] ?? 0
  const last = atEdge[count - 1] ?? -1
  const lowest = weights[last] ?? 0
  return select(kept, (weight, i) => weight > lowest || (weight === lowest && i <= last))
}

/** The high 14 bits of 1 as a float64. */
const LEADING_BITS_OF_ONE = 0x3ff0 >>> 2

function select(
  { tokens, weights }: Candidates,
  wanted: (weight: number, index: number) => boolean
): Candidates {
  return {
    tokens: tokens.filter((_, i) => wanted(weights[i] ?? 0, i)),
    weights: weights.filter(wanted)
  }
}

/**
 * The k-th largest score; tokens that tie with it survive as well, as in the field's libraries. A heap of the k largest
 * so far has it on top, and nearly every score of a large vocabulary is below.
 */
function kthLargest(scores: Float32Array, k: number): number {
  if (k >= scores.length) return -Infinity
  const heap = scores.slice(0, k).sort()
  for (let token = k; token < scores.length; token++) {
    const score = scores[token] ?? -Infinity
    if (score <= (heap[0] ?? -Infinity)) continue
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= k) break
      const child = left + 1 < k && (heap[left + 1] ?? 0) < (heap[left] ?? 0) ? left + 1 : left
      const smaller = heap[child] ?? 0
      if (smaller >= score) break
      heap[at] = smaller
      at = child
    }
    heap[at] = score
  }
  return heap[0] ?? -Infinity
}

function draw({ tokens, weights }: Candidates, uniform: number): number {
  let left = uniform * sum(weights)
  for (let i = 0; i < weights.length; i++) {
    left -= weights[i] ?? 0
    if (left < 0) return tokens[i] ?? 0
  }
  // Rounding may leave a crumb: the last token takes it.
  return tokens[tokens.length - 1] ?? 0
}

function sum(values: Float64Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}

function countFrom(scores: Float32Array, lowest: number): number {
  let count = 0
  for (const score of scores) if (score >= lowest) count++
  return count
}

function indexOfMaximum(scores: Float32Array): number {
  let best = 0
  let maximum = scores[0] ?? 0
  for (let i = 1; i < scores.length; i++) {
    const score = scores[i] ?? 0
    if (score <= maximum) continue
    maximum = score
    best = i
  }
  return best
}
