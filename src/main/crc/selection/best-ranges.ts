import type { CategoryScore } from '../../../contract/documents/crc'
import { byDiversity } from '../../../contract/model/by-diversity'
import type { RestorationRange } from '../../../contract/model/recipe'
import { compareRanges } from './select-range'

/**
 * The best by diversity of the ranges that keep the validity, at most `count`, best first. Ties go as in the selection rule, so that
 * the selected range is the first: where layers are identical in both checkpoints, longer ranges have its very scores.
 */
export const bestRanges = <T extends CategoryScore & RestorationRange>(
  ranges: readonly T[],
  minimumValidity: number,
  count: number
): T[] =>
  byDiversity(
    ranges.filter((range) => range.validity >= minimumValidity),
    (range) => range
  )
    .flatMap((equal) => equal.sort(compareRanges))
    .slice(0, count)
