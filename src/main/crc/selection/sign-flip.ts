import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { quickselect } from 'simple-statistics'
import type { Difference, Interval } from '../../../contract/documents/crc'
import { at } from '../../../contract/model/look-up'
import { CONFIDENCE } from '../../../contract/model/resampling'

/** Up to this many prompts every assignment of signs is tried. */
const EXACT_PROMPTS = 14
const SIGN_DRAWS = 10_000

/** Weighted differences whose signs were flipped (Fisher 1935), which supposes that they lie evenly around their mean. */
export interface SignFlips {
  /** Weighted. */
  mean: number
  /** Two-sided: how often flipped signs alone put the mean this far from 0. */
  pValue: number
  /**
   * Every mean that the two-sided test at a level does not reject, so that it holds 0 just when p is greater: order
   * statistics of the means over subsets of the differences (Hartigan 1969).
   *
   * @returns null where the differences are too few for the test to reject anything at this level
   */
  interval: (level: number) => Interval | null
}

/**
 * Flips the signs of differences in every way up to 14 of them, in 10,000 drawn ways beyond.
 *
 * @param weights of the differences, as many
 */
export function signFlips(
  differences: readonly number[],
  weights: readonly number[],
  seed: number
): SignFlips {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const weighted = differences.map((difference, i) => difference * at(weights, i, 'weight'))
  const sum = weighted.reduce((all, value) => all + value, 0)
  // What differs in the last digits only is as far from 0.
  const threshold = Math.abs(sum) * (1 - 1e-12)
  const exact = differences.length <= EXACT_PROMPTS
  const ways = exact ? everyWay(differences.length) : drawnWays(seed, differences.length)
  const ofWeighted = subsetSums(weighted)
  const ofWeights = subsetSums(weights)
  const wayBytes = Math.ceil(differences.length / 8)
  const tried = ways.length / wayBytes
  const means: number[] = []
  let extreme = 0
  for (let way = 0, place = 0; way < tried; way++) {
    let flippedSum = 0
    let flippedWeight = 0
    // Unchecked: a selection comes here a hundred thousand times, and a byte is less than 256.
    for (let byte = 0; byte < wayBytes; byte++, place++) {
      const subset = byte * 256 + (ways[place] ?? NaN)
      flippedSum += ofWeighted[subset] ?? NaN
      flippedWeight += ofWeights[subset] ?? NaN
    }
    if (Math.abs(sum - 2 * flippedSum) >= threshold) extreme++
    if (flippedWeight > 0) means.push(flippedSum / flippedWeight)
  }
  /** The mean of so many smaller ones; it takes a fifth of the time of sorting them. */
  const orderStatistic = (place: number): number => {
    quickselect(means, place)
    return at(means, place, 'mean')
  }
  return {
    mean: sum / total,
    // Of drawn assignments the observed one counts as one, so that no p-value is 0.
    pValue: exact ? extreme / tried : (extreme + 1) / (tried + 1),
    interval: (level) => {
      // So many assignments the test may reject on each side; with the observed one among them.
      const outside = Math.floor((level / 2) * (means.length + 1))
      if (outside < 1) return null
      return [orderStatistic(outside - 1), orderStatistic(means.length - outside)]
    }
  }
}

/** A weighted mean of differences with its 95 % interval and p, as {@link signFlips}. @param weights as many */
export function signFlip(
  differences: readonly number[],
  weights: readonly number[],
  seed: number
): Difference {
  const { mean, pValue, interval } = signFlips(differences, weights, seed)
  return { mean, pValue, interval: interval(1 - CONFIDENCE) }
}

/*
 * Ways to flip signs stand end to end in bytes, a bit for each difference that is flipped; sums over what a byte flips are
 * looked up, since adding them one by one took most of a selection.
 */

function everyWay(count: number): Uint8Array {
  const wayBytes = Math.ceil(count / 8)
  return Uint8Array.from({ length: wayBytes * 2 ** count }, (_, place) => {
    const way = Math.floor(place / wayBytes)
    return (way >> (8 * (place % wayBytes))) & 255
  })
}

/** Up to so many bytes the last drawn are kept: a selection compares a dozen rivals over the same prompts. */
const KEPT_BYTES = 2 ** 20
let kept: { readonly seed: number; readonly count: number; readonly ways: Uint8Array } | null = null

function drawnWays(seed: number, count: number): Uint8Array {
  if (kept !== null && kept.seed === seed && kept.count === count) return kept.ways
  const random = xoroshiro128plus(seed)
  const wayBytes = Math.ceil(count / 8)
  const ways = new Uint8Array(SIGN_DRAWS * wayBytes)
  for (let way = 0; way < SIGN_DRAWS; way++) {
    for (let i = 0; i < count; i++) {
      const place = way * wayBytes + (i >> 3)
      if (uniformFloat64(random) < 0.5) ways[place] = at(ways, place, 'byte') | (1 << (i & 7))
    }
  }
  if (ways.length <= KEPT_BYTES) kept = { seed, count, ways }
  return ways
}

/** Sums over every subset of each eight values, 256 in a row, by the bits of the byte that tells the subset. */
function subsetSums(values: readonly number[]): Float64Array {
  const sums = new Float64Array(Math.ceil(values.length / 8) * 256)
  for (const [i, value] of values.entries()) {
    const [first, bit] = [(i >> 3) * 256, 1 << (i & 7)]
    for (let subset = 0; subset < bit; subset++)
      sums[first + bit + subset] = at(sums, first + subset, 'sum') + value
  }
  return sums
}
