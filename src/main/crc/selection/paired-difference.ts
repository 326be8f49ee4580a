import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { PairedDifference } from '../../../contract/documents/search'
import { elementAt } from '../../../contract/model/look-up'
import { CONFIDENCE, drawPrompts, interval, RESAMPLES } from '../../../contract/model/resampling'

/** Computes the mean difference of two models and its percentile interval, stratified by category. */
export function pairedDifference(
  differences: readonly number[],
  categories: readonly (readonly number[])[],
  seed: number
): PairedDifference {
  const random = xoroshiro128plus(seed)
  const mean = (drawn: readonly (readonly number[])[]): number =>
    drawn.reduce((sum, ids) => sum + ids.reduce((s, i) => s + elementAt(differences, i, 'prompt'), 0) / ids.length, 0) /
    drawn.length
  const resampled = new Float64Array(RESAMPLES)
  for (let resample = 0; resample < RESAMPLES; resample++) resampled[resample] = mean(drawPrompts(random, categories))
  return {
    difference: mean(categories),
    interval: interval(resampled),
    confidence: CONFIDENCE,
    resamples: RESAMPLES
  }
}
