import { type ColorScale, inkOn } from '../../../contract/words/color-scale'
import type { RestorationRange } from '../../../contract/model/recipe'

type Rgb = ColorScale[number]

/** Fits the triangle of all ranges into a terminal. */
export interface TrianglePlan {
  /** Columns of a cell. */
  readonly cellWidth: number
  /** Number of layers that share a row and a column. */
  readonly step: number
  readonly layerCount: number
}

/** Text as wide as the cell, and its colour; null for none. */
export interface TriangleCell {
  readonly text: string
  readonly colour: Rgb | null
}

/** Returns the columns for the layer labels. */
const labelWidth = (layerCount: number): number => String(layerCount - 1).length + 1

/**
 * @param width columns of the terminal.
 * @param widths widths of a cell, widest first; the first that fits is used, or else the last.
 * @returns null without layers, and on very narrow terminals
 */
export function planTriangle(
  layerCount: number,
  width: number,
  widths: readonly [number, ...number[]]
): TrianglePlan | null {
  const room = width - labelWidth(layerCount)
  if (layerCount === 0 || room <= 0) return null
  const cellWidth = widths.find((wide) => layerCount * wide <= room) ?? Math.min(...widths)
  return { cellWidth, step: Math.ceil((layerCount * cellWidth) / room), layerCount }
}

/** Returns the key of a range's cell. */
export const cellOfRange = ({ step }: TrianglePlan, { start, end }: RestorationRange): string =>
  `${Math.floor(start / step)}-${Math.floor(end / step)}`

/**
 * Draws rows with the first layer down and the last layer across. @param cellOf returns a cell by its key; null for
 * none
 */
export function drawTriangle(
  { cellWidth, step, layerCount }: TrianglePlan,
  cellOf: (index: string) => TriangleCell | null,
  colourBits: number
): string[] {
  const label = labelWidth(layerCount)
  const layers = Array.from({ length: Math.ceil(layerCount / step) }, (_, index) => index)
  // As many labels as fit without touching.
  const every = Math.ceil((label + 1) / cellWidth)
  const head = layers
    .filter((layer) => layer % every === 0)
    .map((layer) =>
      String(layer * step)
        .padStart(cellWidth === 4 ? 3 : 0)
        .padEnd(cellWidth * every)
    )
    .join('')
  const draw = (start: number, end: number): string => {
    const cell = end < start ? null : cellOf(`${start}-${end}`)
    if (cell === null) return ' '.repeat(cellWidth)
    return cell.colour !== null && colourBits >= 8 ? coloured(cell.text, cell.colour, colourBits) : cell.text
  }
  const rows = layers.map((start) => {
    const cells = layers.map((end) => draw(start, end))
    return `${String(start * step).padStart(label - 1)} ${cells.join('')}`.trimEnd()
  })
  return [`${' '.repeat(label)}${head}`.trimEnd(), ...rows]
}

function coloured(text: string, colour: Rgb, bits: number): string {
  const isLight = inkOn(colour) !== '#ffffff'
  const codes =
    bits < 24
      ? `38;5;${isLight ? 16 : 231};48;5;${inCube(colour)}`
      : `38;2;${isLight ? '0;0;0' : '255;255;255'};48;2;${colour.join(';')}`
  return `\u001b[${codes}m${text}\u001b[39;49m`
}

/** Returns the nearest of xterm's 216 colours, with 6 levels (0, 95, 135, 175, 215, 255) of red, green and blue. */
function inCube(colour: readonly number[]): number {
  const level = (value: number): number => (value < 48 ? 0 : value < 115 ? 1 : Math.floor((value - 35) / 40))
  return 16 + colour.reduce((sum, value) => 6 * sum + level(value), 0)
}
