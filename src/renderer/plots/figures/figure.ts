import type { ChartColors } from '../chart-theme'
import type { Drawing } from './drawing'

/** The page of a figure: white for a file, the reader's own for a report. */
export interface FigurePage {
  /** Width in units; a line of text is 12 units high. */
  width: number
  colors: ChartColors
}

/** A chart that can be saved. It shows the current data, without any hover effect. */
export interface Figure {
  /** The end of the file name: the chart, and the part of it that is shown. */
  name: readonly string[]
  /** Describes the figure to readers who cannot see it. */
  title: string
  /** A note below the figure on how to read its numbers; null for none. */
  note?: string | null
  draw: (page: FigurePage) => Drawing
  csv: () => string
  /** All numbers, if the figure shows only a part of them. */
  whole?: { label: string; name: string; csv: () => string }
}
