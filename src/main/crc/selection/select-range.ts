import type { CategoryScore } from '../../../contract/documents/crc'
import type { RestorationRange } from '../../../contract/model/recipe'
import { at } from '../../../contract/model/look-up'

/** Diversities this close are a tie: beyond it they differ by rounding, not by the model. */
export const DIVERSITY_TIE = 1e-9

/**
 * The selection rule: of the ranges that keep validity Q >= rho x Q(post) and are more diverse than post, the one of
 * greatest diversity. Those within 1e-9 of the greatest tie, and of them the shorter range wins, then the smaller
 * start. (Measured from the greatest, so that the order of the ranges cannot change the outcome.)
 *
 * @param validity and `diversity` are parallel to `ranges`
 * @returns the index of the selected range; -1 when none qualifies
 */
export function selectRange(
  ranges: readonly RestorationRange[],
  validity: ArrayLike<number>,
  diversity: ArrayLike<number>,
  post: CategoryScore,
  rho: number
): number {
  const minimumValidity = rho * post.validity
  const qualifying: number[] = []
  let greatest = -Infinity
  for (let index = 0; index < ranges.length; index++) {
    const value = at(diversity, index, 'range')
    const qualifies = at(validity, index, 'range') >= minimumValidity && value > post.diversity
    if (!qualifies) continue
    qualifying.push(index)
    greatest = Math.max(greatest, value)
  }
  let selected = -1
  for (const index of qualifying) {
    if (at(diversity, index, 'range') < greatest - DIVERSITY_TIE) continue
    const best = ranges[selected]
    if (best === undefined || compareRanges(at(ranges, index, 'range'), best) < 0) selected = index
  }
  return selected
}

/** Shorter ranges first, then by start. */
export function compareRanges(a: RestorationRange, b: RestorationRange): number {
  return a.end - a.start - (b.end - b.start) || a.start - b.start
}
