import { mean, sampleRankCorrelation, sampleStandardDeviation } from 'simple-statistics'
import type { Interval } from '../../contract/documents/crc'
import type { MeasureDifference, Estimate } from '../../contract/documents/evaluation'
import { FEWEST_PROMPTS, MIN_CORRELATED } from '../../contract/documents/evaluation'
import { NORMAL_QUANTILE as Z, tQuantile } from '../../contract/model/t-quantile'
import { elementAt, mapGet } from '../../contract/model/look-up'
import { type SignFlips, signFlips } from '../crc/selection/sign-flip'

/** Seed of the random signs in comparisons of many prompts, so that results repeat. */
const SEED = 1
/** Share of intervals that miss the true value: 1 in 20. */
const LEVEL = 0.05
/** Smallest slope of Hall's transformation at the end of an interval, relative to its middle. */
const MIN_SLOPE = 1 / 4

/**
 * Computes a mean over prompts with its interval. The interval is Wilson's (1927) if every prompt has 0 or 1, and
 * these are the limits. Otherwise it comes from a t statistic corrected for skewness (Hall 1992), cut to the range of
 * the measure. docs/methods.md says how often these intervals contain the true value at 5 to 40 prompts.
 * @param values one per prompt.
 * @param limits smallest and largest possible value.
 * @returns null without values; no interval below {@link FEWEST_PROMPTS} prompts, or if all values are equal
 * (except shares of all 0 or all 1)
 */
export function meanEstimate(values: readonly number[], limits: readonly [number, number]): Estimate | null {
  if (values.length === 0) return null
  const centre = mean([...values])
  return { mean: centre, interval: meanInterval(values, centre, limits), promptCount: values.length }
}

function meanInterval(
  values: readonly number[],
  centre: number,
  [min, max]: readonly [number, number]
): Interval | null {
  const n = values.length
  if (n < FEWEST_PROMPTS) return null
  if (min === 0 && max === 1 && values.every((value) => value === 0 || value === 1)) return wilson(centre, n)
  const deviation = sampleStandardDeviation([...values])
  // Values that differ only in the last digits count as equal.
  if (deviation <= 1e-12 * Math.abs(centre)) return null
  const t = tQuantile(n - 1)
  const skewness = cappedSkewness(values, t)
  const end = (quantile: number): number =>
    Math.min(max, Math.max(min, centre - (deviation / Math.sqrt(n)) * skewed(quantile, skewness, n)))
  return [end(t), end(-t)]
}

/**
 * Computes the skewness of values, limited to the range that Hall's transformation supports. That is a cubic
 * (1 + a T)^3 of the t statistic T, with a = skewness / (3 root n). Where it is flat, its inverse diverges.
 * Its slope, (1 + a T)^2 of the slope in the middle, is therefore kept above {@link MIN_SLOPE} up to the end
 * of the interval. With r = 1 - MIN_SLOPE^(3/2) the skewness g has to fulfil g t / root n + g^2 / 6n = r. Few
 * prompts cannot show a larger skewness.
 */
function cappedSkewness(values: readonly number[], t: number): number {
  const n = values.length
  const max = 3 * Math.sqrt(n) * (Math.sqrt(t ** 2 + (2 / 3) * (1 - MIN_SLOPE ** 1.5)) - t)
  return Math.max(-max, Math.min(max, momentSkewness(values)))
}

/** Computes the third central moment divided by the second to the power 3/2. */
function momentSkewness(values: readonly number[]): number {
  const centre = mean([...values])
  const moment = (power: number): number => mean(values.map((value) => (value - centre) ** power))
  return moment(3) / moment(2) ** 1.5
}

/** Converts a quantile of a symmetric distribution to a quantile of a skewed one, by the inverse of Hall's cubic. */
function skewed(quantile: number, skewness: number, n: number): number {
  if (Math.abs(skewness) < 1e-6) return quantile
  const root = Math.sqrt(n)
  return ((3 * root) / skewness) * (Math.cbrt(1 + skewness * (quantile / root - skewness / (6 * n))) - 1)
}

/** Computes Wilson's 95 % interval of a share of `n` independent cases, which may count in part. */
export function wilson(share: number, n: number): Interval {
  const centre = (share + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n)
  const half = (Z / (1 + Z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2))
  // For shares of 0 and 1 an end is the end of the scale, without rounding errors.
  return [share === 0 ? 0 : centre - half, share === 1 ? 1 : centre + half]
}

/**
 * Identifies the models and settings that a comparison compares. Null if both sides have the same model and settings,
 * so that no difference can be found.
 */
export type ComparisonKey = string | null

/**
 * Compares variants on the same prompts: means of the differences, with p from flipping their signs. The
 * p-values are adjusted so that the probability of any false finding stays below a level (Holm 1979). Each
 * interval has the level at which Holm's procedure decided, at least 95 %. So it contains 0 exactly if
 * the adjusted p is above 0.05. There is no interval if the difference is the same on every prompt.
 *
 * Copies of a variant with the same differences count as one comparison in the adjustment. A comparison with the key
 * null does not count, and keeps its own p-value.
 * @param comparisons the differences of each comparison, one per prompt.
 * @param keys one per comparison; all different by default.
 * @returns one entry per comparison; null without differences
 */
export function pairedDifferences(
  comparisons: readonly (readonly number[])[],
  keys: readonly ComparisonKey[] = comparisons.map((_, index) => String(index))
): (MeasureDifference | null)[] {
  const tests = comparisons.map((differences, index) => {
    if (differences.length === 0) return null
    const equalWeights = differences.map(() => 1)
    const key = elementAt(keys, index, 'comparison')
    return {
      differences,
      flips: signFlips(differences, equalWeights, SEED),
      // Copies may have different answers in a stopped evaluation. They then have different keys.
      key: key === null ? null : `${key} ${differences.join(' ')}`
    }
  })
  const pValues = new Map(
    tests.flatMap((test) => (test === null || test.key === null ? [] : [[test.key, test.flips.pValue] as const]))
  )
  const decisions = holm([...pValues.values()])
  const decisionOf = new Map([...pValues.keys()].map((key, index) => [key, elementAt(decisions, index, 'comparison')]))
  return tests.map((test) => {
    if (test === null) return null
    const { differences, flips, key } = test
    const uncounted = { adjusted: flips.pValue, level: LEVEL }
    return describeDifference(differences, flips, key === null ? uncounted : mapGet(decisionOf, key, 'comparison'))
  })
}

function describeDifference(
  differences: readonly number[],
  { mean, pValue, interval }: SignFlips,
  { adjusted, level }: HolmDecision
): MeasureDifference {
  const deviation = differences.length < 2 ? 0 : sampleStandardDeviation([...differences])
  // A difference that is the same on every prompt would give an interval without width.
  const isConstant = deviation <= 1e-12 * Math.abs(mean)
  return {
    mean,
    interval: differences.length < FEWEST_PROMPTS || isConstant ? null : interval(level),
    promptCount: differences.length,
    effectSize: deviation === 0 ? null : mean / deviation,
    pValue,
    adjustedPValue: adjusted
  }
}

interface HolmDecision {
  /** The adjusted p-value. */
  readonly adjusted: number
  /** Level at which Holm's procedure decided whether there is a difference. */
  readonly level: number
}

/** Adjusts p-values with Holm's method, and gives the level at which the procedure decides each of them. */
export function holm(pValues: readonly number[]): HolmDecision[] {
  const order = pValues.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value)
  const decisions = pValues.map(() => ({ adjusted: 1, level: LEVEL }))
  let largest = 0
  let level = 0
  for (const [rank, { value, index }] of order.entries()) {
    const others = pValues.length - rank
    // Equal p-values get the strictest level among them, so that their order does not matter.
    const isTied = rank > 0 && value === elementAt(order, rank - 1, 'p-value').value
    // The first p-value that is no finding ends the procedure. Later ones are decided at its level.
    if (largest <= LEVEL && !isTied) level = LEVEL / others
    largest = Math.max(largest, Math.min(1, value * others))
    decisions[index] = { adjusted: largest, level }
  }
  return decisions
}

/** Computes Spearman's rank correlation. @returns null for fewer than three pairs, or if one side does not vary */
export function rankCorrelation(pairs: readonly (readonly [number, number])[]): number | null {
  if (pairs.length < MIN_CORRELATED) return null
  const correlation = sampleRankCorrelation(
    pairs.map(([a]) => a),
    pairs.map(([, b]) => b)
  )
  return Number.isFinite(correlation) ? correlation : null
}

/** Computes the 95 % interval of a rank correlation (Bonett and Wright 2000); null below five pairs. */
export function rankInterval(correlation: number, count: number): Interval | null {
  if (count < FEWEST_PROMPTS) return null
  // The transformation has no value at a perfect correlation.
  const z = Math.atanh(Math.max(-1 + 1e-12, Math.min(1 - 1e-12, correlation)))
  const half = Z * Math.sqrt((1 + correlation ** 2 / 2) / (count - 3))
  return [Math.tanh(z - half), Math.tanh(z + half)]
}
