import { colorAt, type ColorScale, cssColor, inkOn } from '../../../contract/words/color-scale'
import { elementAt } from '../../../contract/model/look-up'
import { toCsv } from '../../ui/csv'
import { baselineAt, rect, type Shape, textShape, type TextShape } from './drawing'
import type { FigurePage } from './figure'
import { textWidth } from './text-width'

/** A row of coloured cells, with its own colour scale or one shared with other rows. */
interface GridRow {
  label: string
  /** One value per column; null for a missing one. */
  values: readonly (number | null)[]
  scale: ColorScale
  /** The values at both ends of the colour scale. */
  domain: readonly [number, number]
  /** Returns the text of a cell, which is written if the cell has room. */
  written?: (value: number, column: number) => string
  format: (value: number) => string
}

export interface GridContent {
  /** Label of the corner, which names the rows and columns. */
  corner: string
  columns: readonly string[]
  /** Columns whose label is written although not all labels fit; all columns when left out. */
  ticks?: ReadonlySet<number>
  rows: readonly GridRow[]
}

/** Shapes with the height that they take. */
export interface Part {
  height: number
  shapes: readonly Shape[]
}

interface GridLayout {
  left: number
  top: number
  cellWidth: number
  cellHeight: number
}

const LABEL = 11
const WRITTEN = 10
/** Height of a line of text, with the space above and below it. */
const LINE = 16

/** Computes the position of a grid's cells: right of the longest label and below the column labels. */
export function gridLayout({ corner, columns, ticks, rows }: GridContent, page: FigurePage): GridLayout {
  const left = Math.ceil(
    Math.max(...[corner, ...rows.map(({ label }) => label)].map((words) => textWidth(words, LABEL))) + 12
  )
  const cellWidth = (page.width - left - 2) / columns.length
  const upright = ticks === undefined && !columnsFit(columns, cellWidth)
  const longest = Math.max(0, ...columns.map((words) => textWidth(words, LABEL)))
  const top = upright ? Math.ceil(longest + 8) : LINE + 2
  // More rows get flatter cells, so that a whole model fits on a page.
  const cellHeight = rows.length <= 24 ? 18 : rows.length <= 48 ? 12 : 8
  return { left, top, cellWidth, cellHeight }
}

const columnsFit = (columns: readonly string[], cellWidth: number): boolean =>
  columns.every((words) => textWidth(words, LABEL) + 4 <= cellWidth)

/**
 * Draws a grid of coloured cells, with labels on the left and above.
 *
 * @param shown number of rows that are drawn; all when left out
 */
export function gridPart(content: GridContent, page: FigurePage, shown = content.rows.length): Part {
  const { corner, columns, ticks } = content
  const rows = content.rows.slice(0, shown)
  const cells = gridLayout(content, page)
  const { left, top, cellWidth, cellHeight } = cells
  const soft = page.colors['ink-soft']
  const upright = ticks === undefined && !columnsFit(columns, cellWidth)
  const heads = columns.flatMap((words, column): TextShape[] => {
    const middle = left + (column + 0.5) * cellWidth
    if (ticks !== undefined && !ticks.has(column)) return []
    return [
      upright
        ? textShape(words, middle + 0.35 * LABEL, top - 6, soft, { size: LABEL, angle: -90 })
        : textShape(words, middle, top - 6, soft, { size: LABEL, anchor: 'middle' })
    ]
  })
  const step = cellHeight >= LABEL ? 1 : Math.ceil(LABEL / cellHeight)
  return {
    height: top + rows.length * cellHeight + 1,
    shapes: [
      textShape(corner, left - 8, top - 6, page.colors['ink-faint'], { size: LABEL, anchor: 'end' }),
      ...heads,
      ...rows.flatMap((row, index) => [
        ...(index % step === 0
          ? [
              textShape(row.label, left - 8, baselineAt(top + (index + 0.5) * cellHeight, LABEL), soft, {
                size: LABEL,
                anchor: 'end'
              })
            ]
          : []),
        ...rowShapes(row, index, cells, page)
      ])
    ]
  }
}

function rowShapes(
  { label, values, scale, domain, written, format }: GridRow,
  row: number,
  { left, top, cellWidth, cellHeight }: GridLayout,
  page: FigurePage
): Shape[] {
  const [low, high] = domain
  return values.flatMap((value, column) => {
    const box = {
      x: left + column * cellWidth,
      y: top + row * cellHeight,
      width: cellWidth,
      height: cellHeight
    }
    const gap = { stroke: page.colors.surface, width: cellWidth < 6 || cellHeight < 6 ? 0.5 : 1 }
    if (value === null) return [rect(box, { fill: page.colors.line, opacity: 0.4, ...gap })]
    const color = colorAt(scale, (value - low) / (high - low))
    const cell = rect(box, { fill: cssColor(color), ...gap, title: `${label}: ${format(value)}` })
    const words = written?.(value, column) ?? ''
    const room = cellHeight >= 12 && textWidth(words, WRITTEN) + 4 <= cellWidth
    if (words === '' || !room) return [cell]
    const middle = { x: box.x + cellWidth / 2, y: baselineAt(box.y + cellHeight / 2, WRITTEN) }
    return [cell, textShape(words, middle.x, middle.y, inkOn(color), { size: WRITTEN, anchor: 'middle' })]
  })
}

/** Writes one CSV row per row of the grid, with one value per column. */
export const gridCsv = ({ corner, columns, rows }: GridContent): string =>
  toCsv(
    [corner, ...columns],
    rows.map(({ label, values }) => [label, ...columns.map((_, column) => elementAt(values, column, 'column'))])
  )
