import type { ChartColors } from '../plots/chart-theme'

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
