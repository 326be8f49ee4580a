import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { mean, sampleRankCorrelation, sampleStandardDeviation } from 'simple-statistics'
import type { Interval } from '../../contract/documents/crc'
import { interval } from '../crc/selection/bootstrap'

const RESAMPLES = 2_000
/** Up to this many prompts every assignment of signs is tried. */
const EXACT_PROMPTS = 14
const SIGN_DRAWS = 10_000

/** A mean over prompts and how sure it is. */
export interface MeanEstimate {
  mean: number
  /** 95 %, percentiles of a bootstrap over prompts (Efron and Tibshirani 1993, chapter 13). */
  interval: Interval
  promptCount: number
}

/** One variant against another on the same prompts. */
export interface PairedDifference extends MeanEstimate {
  /** Cohen's d for paired values: mean over standard deviation of the differences; null when they do not vary. */
  effectSize: number | null
  /**
   * Two-sided, by flipping the signs of the differences (Fisher 1935): how often chance alone would put their mean this
   * far from 0. Exact up to 14 prompts, by 10,000 drawn assignments beyond.
   */
  pValue: number
}

/**
 * @param values one per prompt
 * @returns null without any value
 */
export function meanEstimate(values: readonly number[], seed: number): MeanEstimate | null {
  if (values.length === 0) return null
  const random = xoroshiro128plus(seed)
  const means = Float64Array.from({ length: RESAMPLES }, () => {
    const sum = values.reduce((drawn) => drawn + (values[uniformInt(random, 0, values.length - 1)] ?? 0), 0)
    return sum / values.length
  })
  return { mean: mean([...values]), interval: interval(means), promptCount: values.length }
}

/**
 * @param differences one per prompt: the variant's value minus that of what it is compared with
 * @returns null without any difference
 */
export function pairedDifference(differences: readonly number[], seed: number): PairedDifference | null {
  const estimate = meanEstimate(differences, seed)
  if (estimate === null) return null
  const deviation = differences.length < 2 ? 0 : sampleStandardDeviation([...differences])
  return {
    ...estimate,
    effectSize: deviation === 0 ? null : estimate.mean / deviation,
    pValue: signFlipTest(differences, seed)
  }
}

function signFlipTest(differences: readonly number[], seed: number): number {
  const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0))
  // What differs in the last digits only is as far from 0.
  const threshold = observed * (1 - 1e-12)
  const atLeast = (flipped: (index: number) => boolean): boolean =>
    Math.abs(differences.reduce((sum, value, i) => (flipped(i) ? sum - value : sum + value), 0)) >= threshold
  if (differences.length <= EXACT_PROMPTS) {
    const assignments = 2 ** differences.length
    let extreme = 0
    for (let signs = 0; signs < assignments; signs++) if (atLeast((i) => ((signs >> i) & 1) === 1)) extreme++
    return extreme / assignments
  }
  const random = xoroshiro128plus(seed)
  let extreme = 0
  for (let draw = 0; draw < SIGN_DRAWS; draw++) {
    const flips = differences.map(() => uniformFloat64(random) < 0.5)
    if (atLeast((i) => flips[i] === true)) extreme++
  }
  // The observed assignment counts as one draw, so that no p-value is 0.
  return (extreme + 1) / (SIGN_DRAWS + 1)
}

/**
 * p-values of several comparisons together (Holm 1979): below a level each says that the chance of any false finding
 * among them is below that level.
 */
export function holmAdjusted(pValues: readonly number[]): number[] {
  const order = pValues.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value)
  const adjusted = new Array<number>(pValues.length).fill(1)
  let largest = 0
  for (const [rank, { value, index }] of order.entries()) {
    largest = Math.max(largest, Math.min(1, value * (pValues.length - rank)))
    adjusted[index] = largest
  }
  return adjusted
}

/**
 * Spearman's rank correlation.
 *
 * @returns null for fewer than three pairs, or when one side does not vary
 */
export function rankCorrelation(pairs: readonly (readonly [number, number])[]): number | null {
  if (pairs.length < 3) return null
  const correlation = sampleRankCorrelation(
    pairs.map(([a]) => a),
    pairs.map(([, b]) => b)
  )
  return Number.isFinite(correlation) ? correlation : null
}
