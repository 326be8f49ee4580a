import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { Difference, Interval } from '../../../contract/documents/crc'
import { CONFIDENCE } from './bootstrap'
import { at } from '../../../contract/model/look-up'

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
  const weightOf = Float64Array.from(weights)
  const weighted = Float64Array.from(differences, (difference, i) => difference * at(weights, i, 'weight'))
  const sum = weighted.reduce((all, value) => all + value, 0)
  // What differs in the last digits only is as far from 0.
  const threshold = Math.abs(sum) * (1 - 1e-12)
  const exact = differences.length <= EXACT_PROMPTS
  const tried = exact ? 2 ** differences.length : SIGN_DRAWS
  const flip = exact ? everyWay() : drawnWays(seed, differences.length)
  const flipped = new Uint8Array(differences.length)
  const means = new Float64Array(tried)
  let meanCount = 0
  let extreme = 0
  for (let assignment = 0; assignment < tried; assignment++) {
    flip(flipped)
    let flippedSum = 0
    let flippedWeight = 0
    // Unchecked, and without a branch: a selection comes here millions of times, and these arrays are equally long.
    for (let i = 0; i < flipped.length; i++) {
      const isFlipped = flipped[i] ?? 0
      flippedSum += isFlipped * (weighted[i] ?? 0)
      flippedWeight += isFlipped * (weightOf[i] ?? 0)
    }
    if (Math.abs(sum - 2 * flippedSum) >= threshold) extreme++
    if (flippedWeight > 0) means[meanCount++] = flippedSum / flippedWeight
  }
  const ordered = means.subarray(0, meanCount).sort()
  return {
    mean: sum / total,
    // Of drawn assignments the observed one counts as one, so that no p-value is 0.
    pValue: exact ? extreme / tried : (extreme + 1) / (tried + 1),
    interval: (level) => {
      // So many assignments the test may reject on each side; with the observed one among them.
      const outside = Math.floor((level / 2) * (ordered.length + 1))
      if (outside < 1) return null
      return [at(ordered, outside - 1, 'mean'), at(ordered, ordered.length - outside, 'mean')]
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

/** Writes an assignment at each call: 1 where the difference is flipped. A new array for each took most of a sweep's end. */
type Flip = (flipped: Uint8Array) => void

function everyWay(): Flip {
  let signs = 0
  return (flipped) => {
    for (let i = 0; i < flipped.length; i++) flipped[i] = (signs >> i) & 1
    signs++
  }
}

function drawnWays(seed: number, count: number): Flip {
  const drawn = drawnSigns(seed, count)
  let first = 0
  return (flipped) => {
    flipped.set(drawn.subarray(first, first + count))
    first += count
  }
}

/** Up to so many signs the last drawn are kept: a selection compares a dozen rivals over the same prompts, and drawing took most of it. */
const KEPT_SIGNS = 2 ** 23
let kept: { readonly seed: number; readonly count: number; readonly signs: Uint8Array } | null = null

/** Signs of every drawn assignment, end to end. */
function drawnSigns(seed: number, count: number): Uint8Array {
  if (kept !== null && kept.seed === seed && kept.count === count) return kept.signs
  const random = xoroshiro128plus(seed)
  const signs = new Uint8Array(SIGN_DRAWS * count)
  for (let i = 0; i < signs.length; i++) signs[i] = uniformFloat64(random) < 0.5 ? 1 : 0
  if (signs.length <= KEPT_SIGNS) kept = { seed, count, signs }
  return signs
}
