import { elementAt } from '../../../contract/model/look-up'
import type { DrawSettings } from '../../../contract/model/sampling'

/* Indices in this module are not checked. Its loops over the whole vocabulary stay within the arrays. */

/**
 * Draws the next token. The order is repetition penalty, temperature, top-k or top-n-sigma, top-p, min-p, one draw.
 * @param logits [vocabulary].
 * @param earlier tokens of prompt and answer.
 * @param uniform random number from 0 to below 1
 */
export function sampleToken(
  logits: Float32Array,
  sampling: DrawSettings,
  earlier: readonly number[],
  uniform: number
): number {
  const scores = penalised(logits, sampling.repetitionPenalty, earlier)
  if (sampling.temperature === 0) return indexOfMaximum(scores)
  return draw(candidates(scores, sampling), uniform)
}

/** Computes the probabilities of `tokens` from which {@link sampleToken} draws. @param earlier tokens to penalise */
export function tokenProbabilities(
  logits: Float32Array,
  sampling: DrawSettings,
  earlier: readonly number[],
  tokens: readonly number[]
): Float64Array {
  const scores = penalised(logits, sampling.repetitionPenalty, earlier)
  if (sampling.temperature === 0) {
    const likeliest = indexOfMaximum(scores)
    return Float64Array.from(tokens, (token) => (token === likeliest ? 1 : 0))
  }
  const drawable = candidates(scores, sampling)
  const total = sum(drawable.weights)
  return Float64Array.from(tokens, (token) => {
    const index = indexOfValue(drawable.tokens, token)
    return index === -1 ? 0 : (drawable.weights[index] ?? 0) / total
  })
}

/** Finds the index of a value in ascending values by bisection; -1 if there is none. */
function indexOfValue(values: Int32Array, value: number): number {
  let [first, end] = [0, values.length]
  while (first < end) {
    const middle = (first + end) >>> 1
    if ((values[middle] ?? 0) < value) first = middle + 1
    else end = middle
  }
  return values[first] === value ? first : -1
}

/** Tokens that may be drawn, ascending, in flat arrays whose memory the next draw reuses. */
interface Candidates {
  readonly tokens: Int32Array
  /** Weights proportional to the probabilities. The likeliest token has 1. */
  readonly weights: Float64Array
}

/** Arrays as long as the largest vocabulary so far, because allocating them takes longer than filling them. */
let scratch = scratchOf(0)

function scratchOf(size: number): Candidates & { readonly scores: Float32Array; readonly edge: Float64Array } {
  return {
    tokens: new Int32Array(size),
    weights: new Float64Array(size),
    scores: new Float32Array(size),
    edge: new Float64Array(size)
  }
}

function reserve(size: number): typeof scratch {
  if (scratch.tokens.length < size) scratch = scratchOf(size)
  return scratch
}

/** Divides positive logits of earlier tokens by the penalty and multiplies negative ones (arXiv 1909.05858). */
function penalised(logits: Float32Array, penalty: number, earlier: readonly number[]): Float32Array {
  if (penalty === 1) return logits
  const scores = reserve(logits.length).scores.subarray(0, logits.length)
  scores.set(logits)
  for (const token of new Set(earlier)) {
    const score = scores[token] ?? 0
    scores[token] = score > 0 ? score / penalty : score * penalty
  }
  return scores
}

/** Returns the tokens that pass the filters. The result is valid until the next call. */
export function candidates(scores: Float32Array, sampling: Omit<DrawSettings, 'repetitionPenalty'>): Candidates {
  const { temperature, topP, minP } = sampling
  const likeliest = scores[indexOfMaximum(scores)] ?? 0
  const lowestKept = Math.max(lowestOfTopK(scores, sampling.topK), lowestOfSigma(scores, sampling.topNSigma))
  if (topP === 1) {
    // min-p (Nguyen et al. 2024, arXiv 2407.01082) keeps tokens at least minP times as likely as the likeliest, which
    // top-k never removes. It can therefore cut first here, which saves most of the exponentials.
    const lowest = minP > 0 ? likeliest + temperature * Math.log(minP) : -Infinity
    return weigh(scores, Math.max(lowest, lowestKept), likeliest, temperature)
  }
  const nucleus = nucleusOf(scores, lowestKept, likeliest, temperature, topP)
  return minP === 0 ? nucleus : keepWithinEdge(nucleus, { lowest: minP, ties: Infinity })
}

/** Returns the lowest score that top-k keeps; -Infinity without top-k. */
function lowestOfTopK(scores: Float32Array, topK: number | null): number {
  return topK === null ? -Infinity : kthLargest(scores, topK)
}

/** Returns the lowest score that top-n-sigma keeps; -Infinity without it. */
const lowestOfSigma = (scores: Float32Array, topNSigma: number | undefined): number =>
  topNSigma === undefined
    ? -Infinity
    : elementAt(scores, indexOfMaximum(scores), 'logit') - topNSigma * standardDeviation(scores)

/** Returns the standard deviation of a row's logits, with n - 1 as the published implementation has it. */
export function standardDeviation(scores: Float32Array): number {
  // Loops with an index take a tenth of the time of loops with an iterator.
  const { length } = scores
  let total = 0
  for (let i = 0; i < length; i++) total += scores[i] ?? 0
  const mean = total / length
  let squares = 0
  for (let i = 0; i < length; i++) {
    const distance = (scores[i] ?? 0) - mean
    squares += distance * distance
  }
  return Math.sqrt(squares / (length - 1))
}

/** Weighs the tokens that score at least `lowest`. */
function weigh(scores: Float32Array, lowest: number, likeliest: number, temperature: number): Candidates {
  const { tokens, weights } = reserve(scores.length)
  let count = 0
  for (let token = 0; token < scores.length; token++) {
    const score = scores[token] ?? -Infinity
    if (!(score >= lowest)) continue
    tokens[count] = token
    weights[count++] = Math.exp((score - likeliest) / temperature)
  }
  return { tokens: tokens.subarray(0, count), weights: weights.subarray(0, count) }
}

/** Distance below the likeliest score, in temperatures, beyond which tokens have next to no weight in total. */
const FAR = 20

/** Keeps the fewest likeliest tokens that together have topP (Holtzman et al. 2019, arXiv 1904.09751). */
function nucleusOf(
  scores: Float32Array,
  lowest: number,
  likeliest: number,
  temperature: number,
  topP: number
): Candidates {
  const far = likeliest - FAR * temperature
  const near = weigh(scores, Math.max(lowest, far), likeliest, temperature)
  const nearWeight = sum(near.weights)
  const farWeight = lowest >= far ? 0 : scores.length * Math.exp(-FAR)
  const edge = nucleusEdge(near.weights, topP * nearWeight)
  if (farWeight === 0 || edge.keptWeight >= topP * (nearWeight + farWeight)) return keepWithinEdge(near, edge)
  const all = weigh(scores, lowest, likeliest, temperature)
  return keepWithinEdge(all, nucleusEdge(all.weights, topP * sum(all.weights)))
}

/** The limit of kept weights: all weights above `lowest` are kept, and the first `ties` weights that equal it. */
interface Edge {
  readonly lowest: number
  readonly ties: number
}

/**
 * Finds the edge of the fewest largest weights whose sum reaches `wanted`. Instead of sorting all weights, sums them in
 * buckets by their leading bits, and sorts only the bucket in which the edge lies.
 */
function nucleusEdge(weights: Float64Array, wanted: number): Edge & { readonly keptWeight: number } {
  const words = new Uint32Array(weights.buffer, weights.byteOffset, 2 * weights.length)
  const bucketOf = (i: number): number => Math.min(BUCKET_BITS_OF_ONE - ((words[2 * i + 1] ?? 0) >>> 14), LAST_BUCKET)
  bucketSums.fill(0)
  for (let i = 0; i < weights.length; i++) {
    const bucket = bucketOf(i)
    bucketSums[bucket] = (bucketSums[bucket] ?? 0) + (weights[i] ?? 0)
  }
  let bucket = 0
  let keptWeight = 0
  while (bucket < LAST_BUCKET && keptWeight + (bucketSums[bucket] ?? 0) < wanted)
    keptWeight += bucketSums[bucket++] ?? 0

  const { edge } = scratch
  let count = 0
  for (let i = 0; i < weights.length; i++) if (bucketOf(i) === bucket) edge[count++] = weights[i] ?? 0
  const ascending = edge.subarray(0, count).sort()
  let edgeIndex = count
  while (edgeIndex > 0 && keptWeight < wanted) keptWeight += ascending[--edgeIndex] ?? 0
  const lowest = ascending[edgeIndex] ?? 0
  let ties = 0
  while (ascending[edgeIndex + ties] === lowest) ties++
  return { lowest, ties, keptWeight }
}

/** Leading bits of 1: sign, exponent and six bits of the fraction. Each power of two down to 2^-64 has 64 buckets. */
const BUCKET_BITS_OF_ONE = 0x3ff00000 >>> 14
const LAST_BUCKET = 64 * 64
const bucketSums = new Float64Array(LAST_BUCKET + 1)

function keepWithinEdge({ tokens, weights }: Candidates, { lowest, ties }: Edge): Candidates {
  let count = 0
  let equals = 0
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] ?? 0
    if (weight < lowest || (weight === lowest && equals++ >= ties)) continue
    tokens[count] = tokens[i] ?? 0
    weights[count++] = weight
  }
  return { tokens: tokens.subarray(0, count), weights: weights.subarray(0, count) }
}

/**
 * Returns the k-th largest score. Tokens with the same score are kept too. Uses a heap of the k largest scores so far.
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

/** Draws the token at which the running sum of weights exceeds `uniform` times their total. */
function draw({ tokens, weights }: Candidates, uniform: number): number {
  let remaining = uniform * sum(weights)
  for (let i = 0; i < weights.length; i++) {
    remaining -= weights[i] ?? 0
    if (remaining < 0) return tokens[i] ?? 0
  }
  // Rounding may leave a remainder, which goes to the last token.
  return tokens[tokens.length - 1] ?? 0
}

function sum(values: Float64Array): number {
  let total = 0
  for (const value of values) total += value
  return total
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
