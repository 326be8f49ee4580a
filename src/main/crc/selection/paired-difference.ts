import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { PairedDifference } from '../../../contract/documents/search'
import { elementAt } from '../../../contract/model/look-up'
import { CONFIDENCE, drawPrompts, interval, RESAMPLES } from '../../../contract/model/resampling'
import { mean } from '../../base/sums'

/**
 * Computes the mean difference of two models, and its percentile interval over resampled prompts of each category.
 * @param differences one per prompt.
 * @param categories indices of the prompts of each category. Other prompts do not count.
 */
export function pairedDifference(
  differences: readonly number[],
  categories: readonly (readonly number[])[],
  seed: number
): PairedDifference {
  const random = xoroshiro128plus(seed)
  const meanOver = (drawn: readonly (readonly number[])[]): number =>
    mean(drawn.map((prompts) => mean(prompts.map((prompt) => elementAt(differences, prompt, 'prompt')))))
  const resampled = Float64Array.from({ length: RESAMPLES }, () => meanOver(drawPrompts(random, categories)))
  return {
    difference: meanOver(categories),
    interval: interval(resampled),
    confidence: CONFIDENCE,
    resamples: RESAMPLES
  }
}
