import { formatScore } from '../../ui/format'
import type { ChartColors } from '../../plots/chart-theme'

/** How something marked in a triangle is outlined. */
export interface MarkLook {
  color: keyof ChartColors
  width: number
  /** Of what sets the line off from the cells below it. */
  halo: number
  /** Of the line in the legend. */
  keyed: number
}

/** What a range is that fails a check of whole answers, in legends and files. */
export const FAILS_CHECK = 'fails check'

/** A heatmap's empty corner that is narrower has room for the scale of its legend alone, not for the marks. */
export const MARKS_ROOM = 140

/**
 * What its marks mean, to stand below a heatmap whose corner has no room for it.
 *
 * @param of.minimum the limit of validity; null where there is none
 * @param of.fine whether cells are too fine for hatching, and what can be selected has a contour
 * @param of.failed whether ranges are crossed out
 * @returns empty where nothing is marked
 */
export function marksWords({
  validity,
  minimum,
  fine,
  failed
}: {
  validity: string
  minimum: number | null
  fine: boolean
  failed: boolean
}): string {
  const limit =
    minimum === null
      ? []
      : [
          fine
            ? `Thin outline: ${validity} ≥ ${formatScore(minimum)}.`
            : `Hatched: ${validity} < ${formatScore(minimum)}.`
        ]
  return [...limit, ...(failed ? [`Crossed out: ${FAILS_CHECK}.`] : [])].join(' ')
}

/** The same in the window, its legend and saved figures. */
export const MARK_LOOKS = {
  /** Around what can be selected, where cells are too fine for hatching. */
  limit: { color: 'ink', width: 1.25, halo: 3, keyed: 1.25 },
  /** Across ranges that fail a check of whole answers. */
  failed: { color: 'ink', width: 1.5, halo: 3.5, keyed: 1.5 },
  /** Around ranges that together win nearly all resamplings. */
  plateau: { color: 'checkpoint', width: 2.5, halo: 5, keyed: 2.5 },
  selected: { color: 'ink', width: 3, halo: 6, keyed: 2 },
  chosen: { color: 'accent', width: 3, halo: 6, keyed: 2 }
} as const satisfies Record<string, MarkLook>
