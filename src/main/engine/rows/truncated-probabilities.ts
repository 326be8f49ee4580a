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
  const cuts = baselines.map((baseline) => {
    const sums = mapGet(sumsAt, baseline.temperature, 'temperature')
    return { ...baseline, sums, ...cutOf(baseline, buckets, sums) }
  })
  const logitsOf = buckets.logitsOf(new Set(cuts.map(({ bucket }) => bucket)))
  return cuts.map((cut) => {
    const inBucket = mapGet(logitsOf, cut.bucket, 'bucket')
    const weightOf = (logit: number): number => Math.exp((logit - buckets.greatest) / cut.temperature)
    const lowest = cut.lowest ?? lowestKept(cut, inBucket, weightOf)
    let total = cut.sums[cut.bucket - 1] ?? 0
    for (const logit of inBucket) if (logit >= lowest) total += weightOf(logit)
    return Float64Array.from(tokens, (token) => {
      const logit = elementAt(logits, token, 'logit')
      return logit < lowest ? 0 : weightOf(logit) / total
    })
  })
}

/** Logits per bucket, on average, and the most buckets: more would not stay in the processor's cache. */
const LOGITS_OF_BUCKET = 16
const MAX_BUCKETS = 2 ** 11

/** Logits in buckets of equal width, the greatest first, so that only buckets with a limit must be sorted. */
class LogitBuckets {
  readonly greatest: number
  private readonly count: number
  private readonly scale: number
  private readonly bucketOf: Uint16Array
  private knownCounts: Float64Array | null = null
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
    this.bucketOf = new Uint16Array(length)
    const { bucketOf, scale } = this
    for (let i = 0; i < length; i++) bucketOf[i] = Math.floor((greatest - (logits[i] ?? NaN)) * scale)
  }

  /** Numbers of logits in the first 1, 2, … buckets. */
  get counts(): Float64Array {
    this.knownCounts ??= this.cumulative(new Float64Array(this.logits.length).fill(1))
    return this.knownCounts
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

  /** Returns the logits of some buckets, descending. */
  logitsOf(buckets: ReadonlySet<number>): Map<number, number[]> {
    const { logits, bucketOf } = this
    const byBucket = new Map(Array.from(buckets, (bucket) => [bucket, new Array<number>()]))
    const isWanted = Uint8Array.from({ length: this.count }, (_, bucket) => (buckets.has(bucket) ? 1 : 0))
    for (let i = 0; i < logits.length; i++) {
      const bucket = bucketOf[i] ?? 0
      if (isWanted[bucket] === 1) mapGet(byBucket, bucket, 'bucket').push(logits[i] ?? NaN)
    }
    for (const list of byBucket.values()) list.sort((a, b) => b - a)
    return byBucket
  }

  /** Returns the sums of the logits' weights in the first 1, 2, … buckets. */
  cumulative(weights: Float64Array): Float64Array {
    const { bucketOf, count } = this
    const sums = new Float64Array(count)
    for (let i = 0; i < weights.length; i++) {
      const bucket = bucketOf[i] ?? 0
      sums[bucket] = (sums[bucket] ?? 0) + (weights[i] ?? 0)
    }
    for (let bucket = 1; bucket < count; bucket++) sums[bucket] = (sums[bucket] ?? 0) + (sums[bucket - 1] ?? 0)
    return sums
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

/** Returns, for each temperature, total weights of the first 1, 2, … buckets. The greatest logit has weight 1. */
function cumulativeWeights(buckets: LogitBuckets, temperatures: ReadonlySet<number>): Map<number, Float64Array> {
  const { logits, greatest } = buckets
  const weightsAt = new Map<number, Float64Array>()
  for (const temperature of [...temperatures].sort((a, b) => b - a)) {
    // Weights at a temperature are the squares of weights at twice the temperature. Squares are faster than exp.
    const atDouble = weightsAt.get(2 * temperature)
    const weights = scratchOf(weightsAt.size, logits.length)
    if (atDouble === undefined)
      for (let i = 0; i < weights.length; i++) weights[i] = Math.exp(((logits[i] ?? 0) - greatest) / temperature)
    else
      for (let i = 0; i < weights.length; i++) {
        const root = atDouble[i] ?? 0
        weights[i] = root * root
      }
    weightsAt.set(temperature, weights)
  }
  return new Map([...weightsAt].map(([temperature, weights]) => [temperature, buckets.cumulative(weights)]))
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

/** Returns the logit at which kept tokens reach the limit. @param descending logits of the bucket */
function lowestKept(
  { kind, wanted, reached }: Cut & Pick<TruncatedBaseline, 'kind'>,
  descending: readonly number[],
  weightOf: (logit: number) => number
): number {
  let sum = reached
  for (const logit of descending) {
    sum += kind === 'top-k' ? 1 : weightOf(logit)
    if (sum >= wanted) return logit
  }
  // Rounding may leave a remainder.
  return elementAt(descending, descending.length - 1, 'logit')
}
