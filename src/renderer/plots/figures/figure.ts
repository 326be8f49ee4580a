import type { ChartColors, ChartFont } from '../chart-theme'
import type { Drawing } from './drawing'

/** The white page of a figure, in light colours. */
export interface FigurePage {
  /** Width in units; a line of text is 12 units high. */
  width: number
  colors: ChartColors
  font: ChartFont
  /** Measures texts. Nothing is drawn on it. */
  measuring: CanvasRenderingContext2D
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
  /** Returns the numbers that the figure shows. */
  csv: () => string
  /** All numbers, if the figure shows only a part of them. */
  whole?: { label: string; name: string; csv: () => string }
}

/** Returns the width of a text in units. */
export function textWidth(
  { measuring, font }: Pick<FigurePage, 'measuring' | 'font'>,
  words: string,
  size: number,
  bold = false
): number {
  measuring.font = `${bold ? 'bold ' : ''}${size}px ${font.family}`
  return measuring.measureText(words).width
}
