import type { CategoryScore } from '../../../contract/documents/crc'
import { leaders } from '../../../contract/model/by-diversity'
import { elementAt } from '../../../contract/model/look-up'
import type { RestorationRange } from '../../../contract/model/recipe'

/** Selects a range by its scores over all prompts; null if none qualifies. The rule is that of {@link selectIndex}. */
export function selectRange<Range extends RestorationRange & CategoryScore>(
  ranges: readonly Range[],
  post: CategoryScore,
  rho: number
): Range | null {
  const validity = ranges.map((range) => range.validity)
  const diversity = ranges.map((range) => range.diversity)
  const index = selectIndex(ranges, validity, diversity, post, rho)
  return index === null ? null : elementAt(ranges, index, 'range')
}

/**
 * Selects the most diverse range that keeps at least `rho` times post's validity and is more diverse than post. Of
 * equally diverse ranges it selects the most valid, then the shortest, then the first.
 * @param validity one value per range, like `diversity`
 * @returns the index of the range; null if none qualifies
 */
export function selectIndex(
  ranges: readonly RestorationRange[],
  validity: ArrayLike<number>,
  diversity: ArrayLike<number>,
  post: CategoryScore,
  rho: number
): number | null {
  const minimumValidity = rho * post.validity
  // Scores are read without objects, because a selection runs this ten thousand times.
  const validityOf = (index: number): number => elementAt(validity, index, 'range')
  const diversityOf = (index: number): number => elementAt(diversity, index, 'range')
  const qualifying: number[] = []
  for (let index = 0; index < ranges.length; index++) {
    if (validityOf(index) >= minimumValidity && diversityOf(index) > post.diversity) qualifying.push(index)
  }
  let selected: number | null = null
  for (const index of leaders(leaders(qualifying, diversityOf), validityOf)) {
    const isBefore = (other: number): boolean =>
      compareRanges(elementAt(ranges, index, 'range'), elementAt(ranges, other, 'range')) < 0
    if (selected === null || isBefore(selected)) selected = index
  }
  return selected
}

/** Orders ranges by length, then by start. */
export function compareRanges(a: RestorationRange, b: RestorationRange): number {
  return a.end - a.start - (b.end - b.start) || a.start - b.start
}
