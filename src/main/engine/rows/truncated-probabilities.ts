import { elementAt, mapGet } from '../../../contract/model/look-up'
import type { TruncatedBaseline } from '../../../contract/model/sampling-baseline'
import { allFinite } from '../../checkpoint/non-finite'
import { standardDeviation } from './sampler'

/* Indices below are not checked, because these loops go over the whole vocabulary. They stay within the arrays. */

/**
 * Computes the probabilities of some tokens after each baseline has removed unlikely tokens (top-k, top-p or
 * top-n-sigma). Tokens that are as likely as the last remaining token are kept too.
 *
 * @param logits of one row, for the vocabulary
 * @returns probabilities per baseline, in the order of `tokens`; NaN if a logit is not finite
 */
export function truncatedProbabilities(
  logits: Float32Array,
  baselines: readonly TruncatedBaseline[],
  tokens: readonly number[]
): Float64Array[] {
  if (!allFinite(logits)) return baselines.map(() => new Float64Array(tokens.length).fill(NaN))
  const buckets = new LogitBuckets(logits)
  const weightsAt = weightsByTemperature(buckets, new Set(baselines.map(({ temperature }) => temperature)))
  return baselines.map((baseline) => {
    const { weights, sums } = mapGet(weightsAt, baseline.temperature, 'temperature')
    const cut = cutOf(baseline, buckets, sums)
    const inBucket = buckets.tokensIn(cut.bucket)
    const lowest = cut.lowest ?? lowestKept(cut, inBucket, logits, baseline.kind === 'top-k' ? null : weights)
    let total = cut.bucket === 0 ? 0 : elementAt(sums, cut.bucket - 1, 'sum')
    for (const token of inBucket) if ((logits[token] ?? NaN) >= lowest) total += weights[token] ?? NaN
    const probabilities = new Float64Array(tokens.length)
    for (const [index, token] of tokens.entries())
      if (elementAt(logits, token, 'logit') >= lowest) probabilities[index] = (weights[token] ?? NaN) / total
    return probabilities
  })
}

/** Logits per bucket, on average, and the most buckets: more would not stay in the processor's cache. */
const LOGITS_OF_BUCKET = 16
const MAX_BUCKETS = 2 ** 11

/** Logits in buckets of equal width, the greatest first, so that only buckets with a limit must be sorted. */
class LogitBuckets {
  readonly greatest: number
  /** Numbers of logits in the first 1, 2, … buckets. */
  readonly counts: Float64Array
  private readonly count: number
  private readonly scale: number
  private readonly bucketOf: Uint16Array
  /** Tokens of the first bucket, of the second, and so on. */
  private readonly byBucket: Uint32Array
  private readonly sorted = new Map<number, Uint32Array>()
  private knownDeviation: number | null = null

  constructor(readonly logits: Float32Array) {
    const { length } = logits
    let [least, greatest] = [Infinity, -Infinity]
    for (let i = 0; i < length; i++) {
      const logit = logits[i] ?? NaN
      if (logit > greatest) greatest = logit
      if (logit < least) least = logit
    }
    this.greatest = greatest
    this.count = Math.min(MAX_BUCKETS, Math.ceil(length / LOGITS_OF_BUCKET))
    this.scale = greatest > least ? (this.count - 1) / (greatest - least) : 0
    const { count, scale } = this
    const bucketOf = new Uint16Array(length)
    const counts = new Float64Array(count)
    for (let i = 0; i < length; i++) {
      const bucket = Math.floor((greatest - (logits[i] ?? NaN)) * scale)
      bucketOf[i] = bucket
      counts[bucket] = (counts[bucket] ?? 0) + 1
    }
    this.bucketOf = bucketOf
    this.counts = accumulated(counts)
    const byBucket = new Uint32Array(length)
    const free = Uint32Array.of(0, ...this.counts)
    for (let i = 0; i < length; i++) {
      const bucket = bucketOf[i] ?? 0
      const position = free[bucket] ?? 0
      byBucket[position] = i
      free[bucket] = position + 1
    }
    this.byBucket = byBucket
  }

  /** Standard deviation of the logits. */
  get deviation(): number {
    this.knownDeviation ??= standardDeviation(this.logits)
    return this.knownDeviation
  }

  /** Returns the bucket of a logit. The last bucket is also that of anything below all logits. */
  bucketWith(logit: number): number {
    return Math.min(this.count - 1, Math.floor((this.greatest - logit) * this.scale))
  }

  /** Returns the tokens of a bucket, that with the greatest logit first. */
  tokensIn(bucket: number): Uint32Array {
    const earlier = this.sorted.get(bucket)
    if (earlier !== undefined) return earlier
    const { logits, counts } = this
    const tokens = this.byBucket.subarray(bucket === 0 ? 0 : counts[bucket - 1], counts[bucket])
    tokens.sort((a, b) => (logits[b] ?? NaN) - (logits[a] ?? NaN))
    this.sorted.set(bucket, tokens)
    return tokens
  }

  /** Returns the sums of the logits' weights in the first 1, 2, … buckets. */
  cumulative(weights: Float64Array): Float64Array {
    const { bucketOf, count } = this
    const sums = new Float64Array(count)
    for (let i = 0; i < weights.length; i++) {
      const bucket = bucketOf[i] ?? 0
      sums[bucket] = (sums[bucket] ?? 0) + (weights[i] ?? 0)
    }
    return accumulated(sums)
  }
}

/** Replaces each value by the sum of the values up to it. */
function accumulated(values: Float64Array): Float64Array {
  for (let i = 1; i < values.length; i++) values[i] = (values[i] ?? 0) + (values[i - 1] ?? 0)
  return values
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

/** Weights of all tokens at a temperature; the greatest logit has weight 1. */
interface Weights {
  readonly weights: Float64Array
  /** Total weights of the first 1, 2, … buckets. */
  readonly sums: Float64Array
}

/** Returns the weights at each temperature. They last until the next call. */
function weightsByTemperature(buckets: LogitBuckets, temperatures: ReadonlySet<number>): Map<number, Weights> {
  const { logits, greatest } = buckets
  const weightsAt = new Map<number, Weights>()
  for (const temperature of [...temperatures].sort((a, b) => b - a)) {
    // Weights at a temperature are the squares of weights at twice the temperature. Squares are faster than exp.
    const atDouble = weightsAt.get(2 * temperature)?.weights
    const weights = scratchOf(weightsAt.size, logits.length)
    if (atDouble === undefined)
      for (let i = 0; i < weights.length; i++) weights[i] = Math.exp(((logits[i] ?? 0) - greatest) / temperature)
    else
      for (let i = 0; i < weights.length; i++) {
        const root = atDouble[i] ?? 0
        weights[i] = root * root
      }
    weightsAt.set(temperature, { weights, sums: buckets.cumulative(weights) })
  }
  return weightsAt
}

/** Limit of a baseline, which keeps all tokens of the buckets before. */
interface Cut {
  readonly bucket: number
  /** The lowest kept logit; null if it must be found in the bucket. */
  readonly lowest: number | null
  /** Number (top-k) or weight that kept tokens must reach. */
  readonly wanted: number
  /** The same for tokens of the buckets before. */
  readonly reached: number
}

/** Finds the bucket with the lowest logit that a baseline keeps. @param weights total weights of the first buckets */
function cutOf({ kind, limit }: TruncatedBaseline, buckets: LogitBuckets, weights: Float64Array): Cut {
  if (kind === 'top-n-sigma') {
    const lowest = buckets.greatest - limit * buckets.deviation
    return { bucket: buckets.bucketWith(lowest), lowest, wanted: NaN, reached: NaN }
  }
  const sums = kind === 'top-k' ? buckets.counts : weights
  const all = elementAt(sums, sums.length - 1, 'sum')
  const wanted = kind === 'top-k' ? Math.min(limit, all) : limit * all
  const bucket = sums.findIndex((sum) => sum >= wanted)
  return { bucket, lowest: null, wanted, reached: sums[bucket - 1] ?? 0 }
}

/**
 * Returns the logit at which kept tokens reach the limit.
 *
 * @param tokens of the bucket, that with the greatest logit first
 * @param weights of all tokens; null counts them
 */
function lowestKept(
  { wanted, reached }: Cut,
  tokens: Uint32Array,
  logits: Float32Array,
  weights: Float64Array | null
): number {
  let sum = reached
  for (const token of tokens) {
    sum += weights === null ? 1 : (weights[token] ?? NaN)
    if (sum >= wanted) return elementAt(logits, token, 'logit')
  }
  // Rounding may leave a remainder.
  return elementAt(logits, elementAt(tokens, tokens.length - 1, 'token'), 'logit')
}
