import type { CategoryScore } from '../../../contract/documents/crc'
import type { RestorationRange } from '../../../contract/model/recipe'
import { compareRanges, DIVERSITY_TIE } from './select-range'

/**
 * The most diverse of the ranges that keep the validity, at most `count`, best first. Ties go as in the selection rule, so that
 * the selected range is the first: where layers are identical in both checkpoints, longer ranges have its very scores.
 */
export function bestRanges<T extends CategoryScore & RestorationRange>(
  ranges: readonly T[],
  minimumValidity: number,
  count: number
): T[] {
  const valid = ranges.filter((range) => range.validity >= minimumValidity)
  let greatest = Infinity
  return valid
    .sort((a, b) => b.diversity - a.diversity)
    .map((range) => {
      if (range.diversity < greatest - DIVERSITY_TIE) greatest = range.diversity
      return { range, greatest }
    })
    .sort((a, b) => b.greatest - a.greatest || compareRanges(a.range, b.range))
    .slice(0, count)
    .map(({ range }) => range)
}
