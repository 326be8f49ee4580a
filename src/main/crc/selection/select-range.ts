import type { CategoryScore } from '../../../contract/documents/crc'
import { leaders } from '../../../contract/model/by-diversity'
import { elementAt } from '../../../contract/model/look-up'
import type { RestorationRange } from '../../../contract/model/recipe'

/** Selects the most diverse range with Q >= rho x Q(post), above post's diversity; -1 for none. Ties are fixed. */
export function selectRange(
  ranges: readonly RestorationRange[],
  validity: ArrayLike<number>,
  diversity: ArrayLike<number>,
  post: CategoryScore,
  rho: number
): number {
  const minimumValidity = rho * post.validity
  // Scores are read without objects, because a selection runs this ten thousand times.
  const validityOf = (index: number): number => elementAt(validity, index, 'range')
  const diversityOf = (index: number): number => elementAt(diversity, index, 'range')
  const qualifying: number[] = []
  for (let index = 0; index < ranges.length; index++) {
    if (validityOf(index) >= minimumValidity && diversityOf(index) > post.diversity) qualifying.push(index)
  }
  let selected = -1
  for (const index of leaders(leaders(qualifying, diversityOf), validityOf)) {
    const best = ranges[selected]
    if (best === undefined || compareRanges(elementAt(ranges, index, 'range'), best) < 0) selected = index
  }
  return selected
}

/** Sorts shorter ranges first, then by start. */
export function compareRanges(a: RestorationRange, b: RestorationRange): number {
  return a.end - a.start - (b.end - b.start) || a.start - b.start
}
