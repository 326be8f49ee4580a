import type { CategoryScore } from '../../contract/documents/crc'
import type { CarriedSelection } from '../../contract/documents/sweep-comparison'
import type { RestorationRange } from '../../contract/model/recipe'
import { atRelativeDepth } from '../../contract/model/relative-depth'

/** A sweep's selected range, and the scores and checks of its ranges, for a transfer to or from another sweep. */
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

/**
 * Carries the range that one sweep selected over to another sweep, whose models may have more or fewer layers. Returns
 * the score there of the range at the same relative depth; null if nothing was selected or that range was not scored.
 */
export function carriedSelection(source: SelectionSide, target: SelectionSide): CarriedSelection | null {
  if (source.selected === null) return null
  const other = atRelativeDepth(source.selected, source.layerCount, target.layerCount)
  const scored = target.scoreOf(other)
  if (scored === undefined) return null
  const { validity, diversity } = scored
  const targetSelection = target.selected === null ? undefined : target.scoreOf(target.selected)
  return {
    range: source.selected,
    other,
    score: { validity, diversity },
    gain: diversity - target.post.diversity,
    validityKept: validityKept(scored, target.post),
    keepsEnough: validity >= target.rho * target.post.validity,
    passesCheck: target.passes(other),
    behind: targetSelection === undefined ? null : targetSelection.diversity - diversity
  }
}

/** Computes the share of post's validity that is kept; null if post's validity is 0. */
export const validityKept = ({ validity }: CategoryScore, post: CategoryScore): number | null =>
  post.validity === 0 ? null : validity / post.validity
