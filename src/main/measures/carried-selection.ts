import type { CategoryScore } from '../../contract/documents/crc'
import type { CarriedSelection } from '../../contract/documents/sweep-comparison'
import type { RestorationRange } from '../../contract/model/recipe'
import { atRelativeDepth } from '../../contract/model/relative-depth'

export interface SelectionSide {
  readonly layerCount: number
  /** Share of post's validity that a selected range must keep. */
  readonly rho: number
  readonly selected: RestorationRange | null
  readonly post: CategoryScore
  /** Undefined if the range was not scored. */
  readonly scoreOf: (range: RestorationRange) => CategoryScore | undefined
  /** Result of the full-answer check; null if the range was not checked. */
  readonly passes: (range: RestorationRange) => boolean | null
}

/** Finds the score in another sweep of the range at the selected range's relative depth; null without one. */
export function carriedSelection(from: SelectionSide, to: SelectionSide): CarriedSelection | null {
  if (from.selected === null) return null
  const other = atRelativeDepth(from.selected, from.layerCount, to.layerCount)
  const scored = to.scoreOf(other)
  if (scored === undefined) return null
  const { validity, diversity } = scored
  const ownSelection = to.selected === null ? undefined : to.scoreOf(to.selected)
  return {
    range: from.selected,
    other,
    score: { validity, diversity },
    gain: diversity - to.post.diversity,
    validityKept: validityKept(scored, to.post),
    keepsEnough: validity >= to.rho * to.post.validity,
    passesCheck: to.passes(other),
    behind: ownSelection === undefined ? null : ownSelection.diversity - diversity
  }
}

/** Computes the share of post's validity that is kept; null if post's validity is 0. */
export const validityKept = ({ validity }: CategoryScore, post: CategoryScore): number | null =>
  post.validity === 0 ? null : validity / post.validity
