import { elementAt, mapGet } from '../../../contract/model/look-up'
import type { TruncatedBaseline } from '../../../contract/model/sampling-baseline'
import { allFinite } from '../../checkpoint/non-finite'
import { standardDeviation } from './sampler'

/* Indices below are not checked, because these loops go over the whole vocabulary. They stay within the arrays. */

/**
 * Computes the probabilities of some tokens after each baseline has removed unlikely tokens (top-k, top-p or
 * top-n-sigma). Tokens that are as likely as the last remaining token are kept too.
 *
 * @param logits of one row, for the whole vocabulary
 * @returns one list of probabilities per baseline, in the order of `tokens`; NaN if a logit is not finite
 */
export function truncatedProbabilities(
  logits: Float32Array,
  baselines: readonly TruncatedBaseline[],
  tokens: readonly number[]
): Float64Array[] {
  if (!allFinite(logits)) return baselines.map(() => new Float64Array(tokens.length).fill(NaN))
  const buckets = new LogitBuckets(logits)
  const sumsAt = cumulativeWeights(buckets, new Set(baselines.map(({ temperature }) => temperature)))
  const deviation = standardDeviation(logits)
  return baselines.map((baseline) => {
    const { temperature } = baseline
    const sums = mapGet(sumsAt, temperature, 'temperature')
    const lowest = lowestKept(baseline, buckets, sums, deviation)
    const total = weightFrom(lowest, buckets, sums, temperature)
    return Float64Array.from(tokens, (token) => {
      const logit = elementAt(logits, token, 'logit')
      return logit < lowest ? 0 : Math.exp((logit - buckets.greatest) / temperature) / total
    })
  })
}

const MAX_BUCKETS = 2 ** 16

/** Logits in buckets of about equal values, the greatest first, so that only one bucket must be sorted for a limit. */
class LogitBuckets {
  readonly greatest: number
  readonly count: number
  /** All logits, bucket after bucket. */
  readonly ordered: Float32Array
  /** Index of each bucket's first logit, and the number of logits at the end. */
  readonly starts: Uint32Array
  private readonly scale: number

  constructor(logits: Float32Array) {
    const { length } = logits
    let [least, greatest] = [Infinity, -Infinity]
    for (let i = 0; i < length; i++) {
      const logit = logits[i] ?? NaN
      if (logit > greatest) greatest = logit
      if (logit < least) least = logit
    }
    this.count = Math.min(MAX_BUCKETS, 2 ** Math.ceil(Math.log2(length)))
    this.greatest = greatest
    this.scale = greatest > least ? (this.count - 1) / (greatest - least) : 0
    this.ordered = new Float32Array(length)
    this.starts = new Uint32Array(this.count + 2)
    const bucketOf = new Uint16Array(length)
    // The start of a bucket is first stored one place later. Putting its logits into their places moves it there.
    for (let i = 0; i < length; i++) {
      const bucket = this.bucketWith(logits[i] ?? NaN)
      bucketOf[i] = bucket
      this.starts[bucket + 2] = (this.starts[bucket + 2] ?? 0) + 1
    }
    for (let next = 2; next <= this.count; next++)
      this.starts[next] = (this.starts[next] ?? 0) + (this.starts[next - 1] ?? 0)
    for (let i = 0; i < length; i++) {
      const next = (bucketOf[i] ?? 0) + 1
      const index = this.starts[next] ?? 0
      this.ordered[index] = logits[i] ?? NaN
      this.starts[next] = index + 1
    }
  }

  /** Returns the bucket of a logit. */
  bucketWith(logit: number): number {
    return Math.floor((this.greatest - logit) * this.scale)
  }

  /** Returns the logits of a bucket without a copy, in any order. */
  logitsOf(bucket: number): Float32Array {
    return this.ordered.subarray(this.starts[bucket], this.starts[bucket + 1])
  }
}

/** Arrays as long as the largest vocabulary so far, because allocating them takes longer than filling them. */
const scratch: Float64Array[] = []

function scratchOf(index: number, length: number): Float64Array {
  const existing = scratch[index]
  if (existing !== undefined && existing.length >= length) return existing.subarray(0, length)
  const array = new Float64Array(length)
  scratch[index] = array
  return array
}

/**
 * Returns, for each temperature, the sums of weights of the first 1, 2, … logits, until the next call. The greatest
 * logit has weight 1.
 */
function cumulativeWeights(
  { ordered, greatest }: LogitBuckets,
  temperatures: ReadonlySet<number>
): Map<number, Float64Array> {
  const weightsAt = new Map<number, Float64Array>()
  for (const temperature of [...temperatures].sort((a, b) => b - a)) {
    // Weights at a temperature are the squares of weights at twice the temperature. Squares are faster than exp.
    const atDouble = weightsAt.get(2 * temperature)
    const weights = scratchOf(weightsAt.size, ordered.length)
    if (atDouble === undefined)
      for (let i = 0; i < weights.length; i++) weights[i] = Math.exp(((ordered[i] ?? 0) - greatest) / temperature)
    else
      for (let i = 0; i < weights.length; i++) {
        const root = atDouble[i] ?? 0
        weights[i] = root * root
      }
    weightsAt.set(temperature, weights)
  }
  for (const weights of weightsAt.values()) {
    let sum = 0
    for (let i = 0; i < weights.length; i++) weights[i] = sum += weights[i] ?? 0
  }
  return weightsAt
}

/** Returns the lowest logit that a baseline keeps. @param deviation standard deviation of the logits */
function lowestKept(
  { kind, limit, temperature }: TruncatedBaseline,
  buckets: LogitBuckets,
  sums: Float64Array,
  deviation: number
): number {
  const { greatest, starts, count, ordered } = buckets
  if (kind === 'top-n-sigma') return greatest - limit * deviation
  const countsOrWeights = (end: number): number => (kind === 'top-k' ? end : (sums[end - 1] ?? 0))
  const wanted = kind === 'top-k' ? Math.min(limit, ordered.length) : limit * countsOrWeights(ordered.length)
  const bucket = firstIndex(count, (index) => countsOrWeights(starts[index + 1] ?? 0) >= wanted)
  let reached = countsOrWeights(starts[bucket] ?? 0)
  const sorted = buckets.logitsOf(bucket).toSorted().reverse()
  for (const logit of sorted) {
    reached += kind === 'top-k' ? 1 : Math.exp((logit - greatest) / temperature)
    if (reached >= wanted) return logit
  }
  // Rounding may leave a remainder.
  return elementAt(sorted, sorted.length - 1, 'logit')
}

/** Returns the total weight of the tokens whose logit is at least `lowest`. */
function weightFrom(lowest: number, buckets: LogitBuckets, sums: Float64Array, temperature: number): number {
  const bucket = Math.min(buckets.count - 1, buckets.bucketWith(lowest))
  let total = sums[(buckets.starts[bucket] ?? 0) - 1] ?? 0
  for (const logit of buckets.logitsOf(bucket))
    if (logit >= lowest) total += Math.exp((logit - buckets.greatest) / temperature)
  return total
}

/**
 * Returns the first index at which a condition holds, by bisection. The condition must then hold at all later indices.
 */
function firstIndex(length: number, holds: (index: number) => boolean): number {
  let [first, end] = [0, length - 1]
  while (first < end) {
    const middle = (first + end) >>> 1
    if (holds(middle)) end = middle
    else first = middle + 1
  }
  return first
}
