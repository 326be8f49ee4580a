import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { quickselect } from 'simple-statistics'
import type { Difference, Interval } from '../../../contract/documents/crc'
import { elementAt } from '../../../contract/model/look-up'
import { CONFIDENCE } from '../../../contract/model/resampling'

/** Maximum number of prompts for which every assignment of signs is tried. */
const EXACT_PROMPTS = 14
/** Number of random assignments of signs that are tried for more prompts. */
const SIGN_DRAWS = 10_000

/** A sign-flip test of weighted differences (Fisher 1935), which assumes a symmetric distribution. */
export interface SignFlips {
  mean: number
  /** Two-sided: share of sign assignments whose mean is at least as far from 0 as the observed mean. */
  pValue: number
  /** Returns the range of means that the two-sided test does not reject (Hartigan 1969); null for too few values. */
  interval: (level: number) => Interval | null
}

/**
 * Flips the signs of differences: in every way for up to 14 differences, and in 10,000 random ways for more. A way is
 * an assignment of signs.
 * @param weights one per difference
 * @param seed seed of the random ways
 */
export function signFlips(differences: readonly number[], weights: readonly number[], seed: number): SignFlips {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const weighted = differences.map((difference, i) => difference * elementAt(weights, i, 'weight'))
  const sum = weighted.reduce((all, value) => all + value, 0)
  // Means that differ only by rounding count as equally far from 0.
  const threshold = Math.abs(sum) * (1 - 1e-12)
  const exact = differences.length <= EXACT_PROMPTS
  const ways = waysToFlip(exact ? null : seed, differences.length)
  const weightedSums = subsetSums(weighted)
  const weightSums = subsetSums(weights)
  const wayBytes = Math.ceil(differences.length / 8)
  const tried = ways.length / wayBytes
  // Mean of the flipped differences of each way, from which the interval is read (Hartigan's typical values).
  const means: number[] = []
  let extreme = 0
  for (let way = 0, index = 0; way < tried; way++) {
    let flippedSum = 0
    let flippedWeight = 0
    // Indices are unchecked because a selection runs this loop a hundred thousand times. A byte is less than 256.
    for (let byte = 0; byte < wayBytes; byte++, index++) {
      const subset = byte * 256 + (ways[index] ?? NaN)
      flippedSum += weightedSums[subset] ?? NaN
      flippedWeight += weightSums[subset] ?? NaN
    }
    if (Math.abs(sum - 2 * flippedSum) >= threshold) extreme++
    if (flippedWeight > 0) means.push(flippedSum / flippedWeight)
  }
  /** Returns the mean with this rank, from 0. Selecting takes a fifth of the time of sorting all means. */
  const orderStatistic = (rank: number): number => {
    quickselect(means, rank)
    return elementAt(means, rank, 'mean')
  }
  return {
    mean: sum / total,
    // The observed signs count as one draw, so that no p-value is 0.
    pValue: exact ? extreme / tried : (extreme + 1) / (tried + 1),
    interval: (level) => {
      // Number of assignments that the test rejects on each side, with the observed one among the assignments.
      const outside = Math.floor((level / 2) * (means.length + 1))
      if (outside < 1) return null
      return [orderStatistic(outside - 1), orderStatistic(means.length - outside)]
    }
  }
}

/** Computes a weighted mean of differences with its 95 % interval and p-value, see {@link signFlips}. */
export function signFlip(differences: readonly number[], weights: readonly number[], seed: number): Difference {
  const { mean, pValue, interval } = signFlips(differences, weights, seed)
  return { mean, pValue, interval: interval(1 - CONFIDENCE) }
}

/*
 * A way is stored as bits, one per difference, which is 1 if its sign is flipped. Tables hold the sum of each possible
 * byte, because additions of single differences took most of the time of a selection.
 */

/** Maximum size of the cached ways, in bytes. A selection compares a dozen baselines over the same prompts. */
const MAX_CACHED_BYTES = 2 ** 20
/** The ways of the last call, with their arguments. */
let lastWays: { readonly seed: number | null; readonly count: number; readonly ways: Uint8Array } | null = null

/** Returns ways as bytes, [ways, ceil(count / 8)]. @param seed seed of random ways; null for all ways */
function waysToFlip(seed: number | null, count: number): Uint8Array {
  if (lastWays !== null && lastWays.seed === seed && lastWays.count === count) return lastWays.ways
  const ways = seed === null ? everyWay(count) : drawnWays(seed, count)
  if (ways.length <= MAX_CACHED_BYTES) lastWays = { seed, count, ways }
  return ways
}

function everyWay(count: number): Uint8Array {
  const wayBytes = Math.ceil(count / 8)
  return Uint8Array.from({ length: wayBytes * 2 ** count }, (_, index) => {
    const way = Math.floor(index / wayBytes)
    return (way >> (8 * (index % wayBytes))) & 255
  })
}

function drawnWays(seed: number, count: number): Uint8Array {
  const random = xoroshiro128plus(seed)
  const wayBytes = Math.ceil(count / 8)
  const ways = new Uint8Array(SIGN_DRAWS * wayBytes)
  for (let way = 0; way < SIGN_DRAWS; way++) {
    for (let i = 0; i < count; i++) {
      const byte = way * wayBytes + (i >> 3)
      if (uniformFloat64(random) < 0.5) ways[byte] = elementAt(ways, byte, 'byte') | (1 << (i & 7))
    }
  }
  return ways
}

/**
 * Sums all subsets of each eight values.
 * @returns [groups of eight, 256], indexed by the byte whose bits are the subset
 */
function subsetSums(values: readonly number[]): Float64Array {
  const sums = new Float64Array(Math.ceil(values.length / 8) * 256)
  for (const [i, value] of values.entries()) {
    const [first, bit] = [(i >> 3) * 256, 1 << (i & 7)]
    for (let subset = 0; subset < bit; subset++)
      sums[first + bit + subset] = elementAt(sums, first + subset, 'sum') + value
  }
  return sums
}
