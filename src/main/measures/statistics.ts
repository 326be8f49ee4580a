import { mean, sampleRankCorrelation, sampleStandardDeviation } from 'simple-statistics'
import type { Interval } from '../../contract/documents/crc'
import type { MeasureDifference, Estimate } from '../../contract/documents/evaluation'
import { FEWEST_PROMPTS } from '../../contract/documents/evaluation'
import { type Measure, limitsOf } from '../../contract/model/measures'
import { NORMAL_QUANTILE as Z, tQuantile } from '../../contract/model/t-quantile'
import { elementAt } from '../../contract/model/look-up'
import { signFlips } from '../crc/selection/sign-flip'

/** Of the drawn sign assignments. */
const SEED = 1
/** An interval misses the truth once in 20 times. */
const LEVEL = 0.05
/** Of Hall's transformation at the end of an interval, of that in its middle. */
const LEAST_SLOPE = 1 / 4

/**
 * A mean over prompts and how sure it is. The interval is Wilson's (1927) where every prompt has 0 or 1 of a share;
 * otherwise that of a t statistic freed of its skewness (Hall 1992), cut to what the measure can be. How often they hold the
 * truth at 5 to 40 prompts is in docs/methods.md.
 *
 * @param values one per prompt
 * @returns null without any value; no interval below {@link FEWEST_PROMPTS} prompts, or where all have the same value, but
 *   that of Wilson where all have 0 or all have 1 of a share
 */
export function meanEstimate(
  values: readonly number[],
  scale: Pick<Measure, 'scale' | 'greatest'>
): Estimate | null {
  if (values.length === 0) return null
  const centre = mean([...values])
  return { mean: centre, interval: meanInterval(values, centre, scale), promptCount: values.length }
}

function meanInterval(
  values: readonly number[],
  centre: number,
  scale: Pick<Measure, 'scale' | 'greatest'>
): Interval | null {
  const n = values.length
  if (n < FEWEST_PROMPTS) return null
  if (scale.scale === 'share' && values.every((value) => value === 0 || value === 1)) return wilson(centre, n)
  const deviation = sampleStandardDeviation([...values])
  // What differs in the last digits only is the same.
  if (deviation <= 1e-12 * Math.abs(centre)) return null
  const t = tQuantile(n - 1)
  const skewness = cappedSkewness(values, t)
  const [least, greatest] = limitsOf(scale)
  const end = (quantile: number): number =>
    Math.min(greatest, Math.max(least, centre - (deviation / Math.sqrt(n)) * skewed(quantile, skewness, n)))
  return [end(t), end(-t)]
}

/**
 * The skewness of some values, but not more than Hall's transformation can bear. It is a cubic (1 + a T)^3 of the t statistic T,
 * a = skewness / (3 root n); where it is flat its inverse runs away, and beyond that has no meaning. So its slope, (1 + a T)^2 of
 * that in the middle, is kept above {@link LEAST_SLOPE} as far as the end of the interval: with r = 1 - LEAST_SLOPE^(3/2) the
 * skewness g has to fulfil g t / root n + g^2 / 6n = r. Few prompts do not tell a larger one anyway.
 */
function cappedSkewness(values: readonly number[], t: number): number {
  const n = values.length
  const most = 3 * Math.sqrt(n) * (Math.sqrt(t ** 2 + (2 / 3) * (1 - LEAST_SLOPE ** 1.5)) - t)
  return Math.max(-most, Math.min(most, momentSkewness(values)))
}

/** The third central moment over the second to the power 3/2. */
function momentSkewness(values: readonly number[]): number {
  const centre = mean([...values])
  const moment = (power: number): number => mean(values.map((value) => (value - centre) ** power))
  return moment(3) / moment(2) ** 1.5
}

/** Hall's cubic transformation backwards: what a symmetric quantile is for a t statistic of this skewness. */
function skewed(quantile: number, skewness: number, n: number): number {
  if (Math.abs(skewness) < 1e-6) return quantile
  const root = Math.sqrt(n)
  return ((3 * root) / skewness) * (Math.cbrt(1 + skewness * (quantile / root - skewness / (6 * n))) - 1)
}

/**
 * Wilson's 95 % interval of a share of `n` independent cases. A case may count in part; the interval is then wider than it need be.
 */
export function wilson(share: number, n: number): Interval {
  const centre = (share + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n)
  const half = (Z / (1 + Z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2))
  // Its ends are those of the scale where all prompts are, but for rounding.
  return [share === 0 ? 0 : centre - half, share === 1 ? 1 : centre + half]
}

/**
 * Several comparisons on the same prompts, such as of each variant with one: means of the differences, with p by flipping
 * their signs, adjusted so that the chance of any false finding among them is below a level (Holm 1979). Each interval is
 * that of the level at which Holm's procedure decided on it, at least 95 %: it holds 0 just when the adjusted p is above 0.05;
 * none where all prompts differ alike.
 *
 * @param comparisons for each its differences, one per prompt
 * @param models which model with which settings each is of: what repeats another is the same comparison, and counts once in the
 * adjustment; null for what repeats the one that all are compared with, which counts nowhere
 * @returns as many; null without any difference
 */
export function pairedDifferences(
  comparisons: readonly (readonly number[])[],
  models: readonly (string | null)[] = comparisons.map((_, index) => String(index))
): (MeasureDifference | null)[] {
  const flips = comparisons.map((differences) =>
    differences.length === 0
      ? null
      : signFlips(
          differences,
          differences.map(() => 1),
          SEED
        )
  )
  // A stopped evaluation may have more of one than of what it repeats: then they are two.
  const keys = comparisons.map((differences, index) =>
    models[index] === null ? null : `${models[index]} ${differences.join(' ')}`
  )
  const counted = new Map(
    flips.flatMap((found, index) => {
      const key = keys[index] ?? null
      return found === null || key === null ? [] : [[key, found.pValue] as const]
    })
  )
  const places = [...counted.keys()]
  const decided = holm([...counted.values()])
  return flips.map((found, index) => {
    if (found === null) return null
    const key = keys[index] ?? null
    const { adjusted, level } =
      key === null
        ? { adjusted: found.pValue, level: LEVEL }
        : elementAt(decided, places.indexOf(key), 'comparison')
    const differences = elementAt(comparisons, index, 'comparison')
    const deviation = differences.length < 2 ? 0 : sampleStandardDeviation([...differences])
    // What is the same on every prompt would have an interval without width, as if it were sure of all others too.
    const isConstant = deviation <= 1e-12 * Math.abs(found.mean)
    return {
      mean: found.mean,
      interval: differences.length < FEWEST_PROMPTS || isConstant ? null : found.interval(level),
      promptCount: differences.length,
      effectSize: deviation === 0 ? null : found.mean / deviation,
      pValue: found.pValue,
      adjustedPValue: adjusted
    }
  })
}

/** Adjusts p-values as Holm did, and gives for each the level at which the procedure decides whether it is a finding. */
export function holm(pValues: readonly number[]): { adjusted: number; level: number }[] {
  const order = pValues.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value)
  const decided = pValues.map(() => ({ adjusted: 1, level: LEVEL }))
  let largest = 0
  let level = 0
  for (const [rank, { value, index }] of order.entries()) {
    const others = pValues.length - rank
    // Equal p-values get the strictest level among them, so that their order decides nothing.
    const isTied = rank > 0 && value === elementAt(order, rank - 1, 'p-value').value
    // The first that is no finding ends the procedure: those after it are none at its level.
    if (largest <= LEVEL && !isTied) level = LEVEL / others
    largest = Math.max(largest, Math.min(1, value * others))
    decided[index] = { adjusted: largest, level }
  }
  return decided
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

/**
 * The 95 % interval of a rank correlation by Fisher's transformation, with the variance of Bonett and Wright (2000).
 *
 * @param count pairs
 * @returns null below five pairs
 */
export function rankInterval(correlation: number, count: number): Interval | null {
  if (count < FEWEST_PROMPTS) return null
  // A perfect correlation is where the transformation has no value.
  const z = Math.atanh(Math.max(-1 + 1e-12, Math.min(1 - 1e-12, correlation)))
  const half = Z * Math.sqrt((1 + correlation ** 2 / 2) / (count - 3))
  return [Math.tanh(z - half), Math.tanh(z + half)]
}
