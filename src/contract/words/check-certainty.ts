import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { CheckResult, FullAnswerScores } from '../documents/answer-check'
import type { CategoryScore, Interval } from '../documents/crc'
import { elementAt } from '../model/look-up'
import { multimap } from '../model/multimap'
import { DEFAULT_SEED, drawPrompts, interval, RESAMPLES } from '../model/resampling'
import { formatPercent, formatScore } from './format'
import { PROMPTS_FOR_INTERVAL } from './baseline-words'

interface CheckCertainty {
  validity: Interval
  /** Share of resamples in which the model passes. Model and post are scored on the same resamples. */
  passing: number
}

/**
 * Estimates how certainly a model passes a full-answer check, by a bootstrap over prompts, stratified by category.
 *
 * @returns null for too few prompts, and for checks of earlier versions without scores of each prompt
 */
export function checkCertainty(
  { categories, post }: Pick<CheckResult, 'categories' | 'post'>,
  model: Pick<FullAnswerScores, 'prompts'>,
  rho: number
): CheckCertainty | null {
  if (categories === undefined || post.prompts === undefined || model.prompts === undefined) return null
  if (categories.length < PROMPTS_FOR_INTERVAL) return null
  const ofPost = resampled(categories, post.prompts)
  const ofModel = resampled(categories, model.prompts)
  let passes = 0
  for (const [resample, validity] of ofModel.validity.entries()) {
    const isValid = validity >= rho * elementAt(ofPost.validity, resample, 'resample')
    const isDiverse =
      elementAt(ofModel.diversity, resample, 'resample') > elementAt(ofPost.diversity, resample, 'resample')
    if (isValid && isDiverse) passes++
  }
  return { validity: interval(ofModel.validity), passing: passes / RESAMPLES }
}

interface Means {
  validity: Float64Array
  diversity: Float64Array
}

/** The slider of the limit requests the same means repeatedly. */
const cachedMeans = new WeakMap<readonly CategoryScore[], Means>()

/** Returns means over the same resamples for every model, so that models are compared on the same prompts. */
function resampled(categories: readonly string[], prompts: readonly CategoryScore[]): Means {
  const cached = cachedMeans.get(prompts)
  if (cached !== undefined) return cached
  const random = xoroshiro128plus(DEFAULT_SEED)
  const byCategory = [...multimap(categories.map((category, index) => [category, index])).values()]
  const means = { validity: new Float64Array(RESAMPLES), diversity: new Float64Array(RESAMPLES) }
  for (let resample = 0; resample < RESAMPLES; resample++) {
    let [validity, diversity] = [0, 0]
    for (const drawn of drawPrompts(random, byCategory)) {
      const weight = 1 / (drawn.length * byCategory.length)
      for (const index of drawn) {
        const score = elementAt(prompts, index, 'prompt')
        validity += weight * score.validity
        diversity += weight * score.diversity
      }
    }
    means.validity[resample] = validity
    means.diversity[resample] = diversity
  }
  cachedMeans.set(prompts, means)
  return means
}

export const validitySpan = ({ validity: [low, high] }: CheckCertainty): string =>
  `${formatScore(low)} to ${formatScore(high)}`

/** Formats the share: "passes in 83 % of resamples". */
export const passingWords = ({ passing }: CheckCertainty): string => `passes in ${formatPercent(passing)} of resamples`
