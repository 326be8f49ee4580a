import { formatScore } from '../../ui/format'
import type { ChartColors } from '../../plots/chart-theme'

/** Style of an outline in the triangle. Widths are in pixels. */
export interface MarkLook {
  color: keyof ChartColors
  width: number
  /** Width of the background line that separates the outline from the cells. */
  halo: number
  /** Line width in the legend. */
  keyed: number
}

/** Label of a range that fails the full-answer check, in legends and files. */
export const FAILS_CHECK = 'fails check'

/**
 * Width in pixels that the empty corner of a heatmap needs for the marks. A narrower one has room only for the colour
 * scale.
 */
export const MARKS_ROOM = 140

/**
 * Explains the marks in text below a heatmap whose corner is too small for the explanation.
 *
 * @param of.minimum lower limit of validity; null for none.
 * @param of.fine true if cells are too fine for hatching, so that selectable ranges have a contour.
 * @param of.failed true if ranges are crossed out
 * @returns an empty text if nothing is marked
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

/** Styles of the outlines in the window, its legend and saved figures. */
export const MARK_LOOKS = {
  /** Around selectable ranges, if cells are too fine for hatching. */
  limit: { color: 'ink', width: 1.25, halo: 3, keyed: 1.25 },
  /** Across ranges that fail the full-answer check. */
  failed: { color: 'ink', width: 1.5, halo: 3.5, keyed: 1.5 },
  /** Around the ranges that together win nearly all resamples. */
  plateau: { color: 'checkpoint', width: 2.5, halo: 5, keyed: 2.5 },
  selected: { color: 'ink', width: 3, halo: 6, keyed: 2 },
  chosen: { color: 'accent', width: 3, halo: 6, keyed: 2 }
} as const satisfies Record<string, MarkLook>
