import type { ChartColors, ChartFont } from '../chart-theme'
import type { Drawing } from './drawing'

/** What a figure is drawn on: a page of white, in light colours. */
export interface FigurePage {
  /** In units, of which a line of text has 12. */
  width: number
  colors: ChartColors
  font: ChartFont
  /** Measures texts; nothing is drawn on it. */
  measuring: CanvasRenderingContext2D
}

/** A chart as it can be saved: what it shows now, without what is under the pointer. */
export interface Figure {
  /** Ends the name of its file: the chart, and what of it is shown. */
  name: readonly string[]
  /** What it shows, for those who cannot see it. */
  title: string
  /** What its numbers are to be read with, said below it; null for nothing. */
  note?: string | null
  draw: (page: FigurePage) => Drawing
  /** The numbers that it shows. */
  csv: () => string
  /** Of which it shows a part. */
  whole?: { label: string; name: string; csv: () => string }
}

/** How wide a text is. */
export function textWidth(
  { measuring, font }: Pick<FigurePage, 'measuring' | 'font'>,
  words: string,
  size: number,
  bold = false
): number {
  measuring.font = `${bold ? 'bold ' : ''}${size}px ${font.family}`
  return measuring.measureText(words).width
}
