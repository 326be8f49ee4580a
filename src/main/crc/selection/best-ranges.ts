import type { CategoryScore } from '../../../contract/documents/crc'
import { byDiversity } from '../../../contract/model/by-diversity'
import type { RestorationRange } from '../../../contract/model/recipe'
import { compareRanges } from './select-range'

/** Lists at most `count` ranges that keep the validity, the most diverse first. Ties are broken as in a selection. */
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
