import type { CategoryScore } from '../../contract/documents/crc'
import type { CarriedSelection } from '../../contract/documents/sweep-comparison'
import type { RestorationRange } from '../../contract/model/recipe'
import { atRelativeDepth } from '../../contract/model/relative-depth'

/** What of a sweep says what its selected range is elsewhere, and what those of others are in it. */
export interface SelectionSide {
  readonly layerCount: number
  /** Share of post's validity that a selected range must keep. */
  readonly rho: number
  readonly selected: RestorationRange | null
  readonly post: CategoryScore
  /** Undefined for a range that was not scored. */
  readonly scoreOf: (range: RestorationRange) => CategoryScore | undefined
  /** On whole answers; null for a range that was not checked. */
  readonly passes: (range: RestorationRange) => boolean | null
}

/**
 * What the range that one sweep selects is in another, at the same relative depth: a score that the other has.
 *
 * @returns null where nothing is selected, or the other has not scored what stands for it
 */
export function carriedSelection(from: SelectionSide, to: SelectionSide): CarriedSelection | null {
  if (from.selected === null) return null
  const other = atRelativeDepth(from.selected, from.layerCount, to.layerCount)
  const scored = to.scoreOf(other)
  if (scored === undefined) return null
  const { validity, diversity } = scored
  const own = to.selected === null ? undefined : to.scoreOf(to.selected)
  return {
    range: from.selected,
    other,
    score: { validity, diversity },
    gain: diversity - to.post.diversity,
    validityKept: validityKept(scored, to.post),
    keepsEnough: validity >= to.rho * to.post.validity,
    passesCheck: to.passes(other),
    behind: own === undefined ? null : own.diversity - diversity
  }
}

/** Share of post's validity; null where post has none. */
export const validityKept = ({ validity }: CategoryScore, post: CategoryScore): number | null =>
  post.validity === 0 ? null : validity / post.validity
