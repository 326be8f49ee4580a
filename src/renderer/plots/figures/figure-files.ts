import { z } from 'zod'
import { chartColors, type ChartColors } from '../chart-theme'
import { fileName, saveBlob, saveText } from '../../ui/save-file'
import type { Drawing } from './drawing'
import { withNote } from './figure-note'
import type { Figure } from './figure'
import { heightMm, svgOf, unitsWide } from './svg'

export const FIGURE_FORMATS = ['svg', 'png', 'csv'] as const

/**
 * File format and size of a figure. The limits of the width fit columns and pages of paper, those of the letters
 * legible text.
 */
export const FigureChoice = z.object({
  format: z.enum(FIGURE_FORMATS).catch('svg'),
  widthMm: z.number().min(30).max(500).catch(85),
  fontPt: z.number().min(4).max(24).catch(7),
  /** For a PNG: pixels per CSS pixel, of which an inch has 96. */
  scale: z.number().int().min(1).max(12).catch(4)
})
export type FigureChoice = z.infer<typeof FigureChoice>

const PIXELS_PER_MM = 96 / 25.4

/** Returns the size of a PNG in pixels. */
export const pixelsOf = (
  { width, height }: Pick<Drawing, 'width' | 'height'>,
  { widthMm, scale }: FigureChoice
): { width: number; height: number } => ({
  width: Math.round(widthMm * PIXELS_PER_MM * scale),
  height: Math.round(heightMm({ width, height }, widthMm) * PIXELS_PER_MM * scale)
})

/** Draws the figure in light colours, laid out for the chosen width and font size. */
export function drawFigure(figure: Figure, choice: FigureChoice): Drawing {
  const page = { width: unitsWide(choice), colors: lightColors() }
  const drawing = figure.draw(page)
  const { note } = figure
  return note === undefined || note === null ? drawing : withNote(drawing, note, page)
}

function lightColors(): ChartColors {
  const light = document.createElement('div')
  light.style.colorScheme = 'light'
  document.body.append(light)
  try {
    return chartColors(light)
  } finally {
    light.remove()
  }
}

/** Offers the figure as a file. @param project name of the project, for the file name */
export async function saveFigure(figure: Figure, choice: FigureChoice, project: string): Promise<void> {
  const name = fileName(project, ...figure.name) + `.${choice.format}`
  if (choice.format === 'csv') return saveText(name, figure.csv(), 'text/csv')
  const drawing = drawFigure(figure, choice)
  const svg = svgOf(drawing, figure.title, choice.widthMm)
  if (choice.format === 'svg') saveText(name, svg, 'image/svg+xml')
  else saveBlob(name, await pngOf(svg, pixelsOf(drawing, choice)))
}

/** Offers all numbers behind a figure that shows only a part of them. */
export const saveWhole = ({ name, csv }: NonNullable<Figure['whole']>, project: string): void =>
  saveText(`${fileName(project, name)}.csv`, csv(), 'text/csv')

/** Returns a data URL with which an image of the page shows an SVG document. */
export const svgAddress = (svg: string): string => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`

async function pngOf(svg: string, { width, height }: { width: number; height: number }): Promise<Blob> {
  const image = new Image()
  image.src = svgAddress(svg)
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  canvas.getContext('2d')?.drawImage(image, 0, 0, width, height)
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
  if (blob === null) throw new Error(`a picture of ${width} × ${height} pixels is too large; choose a smaller scale`)
  return blob
}
