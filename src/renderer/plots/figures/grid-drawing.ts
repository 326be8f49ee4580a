import { colorAt, type ColorScale, cssColor, inkOn } from '../../../contract/words/color-scale'
import { at } from '../../../contract/model/look-up'
import { toCsv } from '../../ui/csv'
import { baselineAt, rect, type Shape, text, type TextShape } from './drawing'
import { type FigurePage, textWidth } from './figure'

/** A row of coloured cells, which has colours of its own or shares them with the others. */
interface GridRow {
  label: string
  /** One for each column; null where there is none. */
  values: readonly (number | null)[]
  scale: ColorScale
  /** The values that the ends of the colours stand for. */
  domain: readonly [number, number]
  /** What is written in a cell that has room for it. */
  written?: (value: number, column: number) => string
  format: (value: number) => string
}

export interface GridContent {
  /** What rows and columns are; of columns, null where their labels say so. */
  corner: string
  columns: readonly string[]
  /** Columns whose label is written where there is no room for all; all of them when left out. */
  ticks?: ReadonlySet<number>
  rows: readonly GridRow[]
}

/** Shapes with the room that they take. */
export interface Part {
  height: number
  shapes: readonly Shape[]
}

/** Where the cells lie. */
export interface GridPlace {
  left: number
  top: number
  cellWidth: number
  cellHeight: number
}

const LABEL = 11
const WRITTEN = 10
/** Of letters, above and below them too. */
const LINE = 16

/** Where the cells of a grid lie on a page: beside the longest label, below the labels of its columns. */
export function gridPlace({ corner, columns, ticks, rows }: GridContent, page: FigurePage): GridPlace {
  const left = Math.ceil(
    Math.max(...[corner, ...rows.map(({ label }) => label)].map((words) => textWidth(page, words, LABEL))) +
      12
  )
  const cellWidth = (page.width - left - 2) / columns.length
  const upright = ticks === undefined && !columnsFit(columns, cellWidth, page)
  const longest = Math.max(0, ...columns.map((words) => textWidth(page, words, LABEL)))
  const top = upright ? Math.ceil(longest + 8) : LINE + 2
  // Ever more rows get ever flatter, so that a whole model stays on a page.
  const cellHeight = rows.length <= 24 ? 18 : rows.length <= 48 ? 12 : 8
  return { left, top, cellWidth, cellHeight }
}

const columnsFit = (columns: readonly string[], cellWidth: number, page: FigurePage): boolean =>
  columns.every((words) => textWidth(page, words, LABEL) + 4 <= cellWidth)

/** A grid of coloured cells, with labels on the left and above. @param shown how many of its rows are drawn; all when left out */
export function gridPart(content: GridContent, page: FigurePage, shown = content.rows.length): Part {
  const { corner, columns, ticks } = content
  const rows = content.rows.slice(0, shown)
  const place = gridPlace(content, page)
  const { left, top, cellWidth, cellHeight } = place
  const soft = page.colors['ink-soft']
  const upright = ticks === undefined && !columnsFit(columns, cellWidth, page)
  const heads = columns.flatMap((words, column): TextShape[] => {
    const middle = left + (column + 0.5) * cellWidth
    if (ticks !== undefined && !ticks.has(column)) return []
    return [
      upright
        ? text(words, middle + 0.35 * LABEL, top - 6, soft, { size: LABEL, angle: -90 })
        : text(words, middle, top - 6, soft, { size: LABEL, anchor: 'middle' })
    ]
  })
  const step = cellHeight >= LABEL ? 1 : Math.ceil(LABEL / cellHeight)
  return {
    height: top + rows.length * cellHeight + 1,
    shapes: [
      text(corner, left - 8, top - 6, page.colors['ink-faint'], { size: LABEL, anchor: 'end' }),
      ...heads,
      ...rows.flatMap((row, index) => [
        ...(index % step === 0
          ? [
              text(row.label, left - 8, baselineAt(top + (index + 0.5) * cellHeight, LABEL), soft, {
                size: LABEL,
                anchor: 'end'
              })
            ]
          : []),
        ...rowShapes(row, index, place, page)
      ])
    ]
  }
}

function rowShapes(
  { label, values, scale, domain, written, format }: GridRow,
  row: number,
  { left, top, cellWidth, cellHeight }: GridPlace,
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
    const room = cellHeight >= 12 && textWidth(page, words, WRITTEN) + 4 <= cellWidth
    if (words === '' || !room) return [cell]
    const middle = { x: box.x + cellWidth / 2, y: baselineAt(box.y + cellHeight / 2, WRITTEN) }
    return [cell, text(words, middle.x, middle.y, inkOn(color), { size: WRITTEN, anchor: 'middle' })]
  })
}

/** A row for each of the grid's, a column for each of its columns. */
export const gridCsv = ({ corner, columns, rows }: GridContent): string =>
  toCsv(
    [corner, ...columns],
    rows.map(({ label, values }) => [label, ...columns.map((_, column) => at(values, column, 'column'))])
  )
