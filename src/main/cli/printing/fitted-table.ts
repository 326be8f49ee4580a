import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'
import { elementAt } from '../../../contract/model/look-up'

/** Columns between two cells. */
const GAP = 2

/** A table keeps this number of columns even if they are too wide. */
const ALWAYS_SHOWN = 2

/** A word of this width is broken rather than another column dropped. */
const LEAST_BREAK = 8

/** The columns of a table that fit into a width. */
export interface Layout {
  /** Shown columns, with their index and width. */
  readonly visible: readonly { readonly index: number; readonly width: number }[]
  /** Width that shows every column, wrapped as far as possible. */
  readonly needed: number
}

/**
 * Chooses the columns that fit into a width, and their widths.
 *
 * @param align one letter per column: l for text, r for numbers. Columns with a capital letter are dropped last
 */
export function fitColumns(cells: readonly (readonly string[])[], align: string, width: number | null): Layout {
  const columns = [...align].map((side, index) => {
    const column = cells.map((row) => elementAt(row, index, 'cell'))
    return { widest: longest(column), least: width === null ? 0 : leastWidth(column, side, width) }
  })
  const needed = total(columns.map(({ least }) => least))
  const all = columns.map(({ widest, least }, index) => ({ index, width: widest, least }))
  if (width === null || total(columns.map(({ widest }) => widest)) <= width) return { visible: all, needed }
  const isEssential = ({ index }: { index: number }): boolean => index === 0 || /[LR]/.test(align.charAt(index))
  const wanted = [...all.filter(isEssential), ...all.filter((column) => !isEssential(column))]
  while (wanted.length > ALWAYS_SHOWN && total(wanted.map(({ least }) => least)) > width) wanted.pop()
  const visible = wanted.sort((a, b) => a.index - b.index)
  while (total(visible.map((column) => column.width)) > width) {
    const wide = visible.filter((column) => column.width > column.least).sort((a, b) => b.width - a.width)[0]
    if (wide === undefined) break
    wide.width -= 1
  }
  return { visible, needed }
}

/** Returns the least width at which words stay whole, unless one takes more than a quarter of the width. */
function leastWidth([heading = '', ...body]: readonly string[], side: string, width: number): number {
  const words = (cells: readonly string[]): number => longest(cells.flatMap((cell) => cell.split(' ')))
  const indent = longest(body.map(indentOf))
  const maxWidth = side.toLowerCase() === 'r' ? Infinity : Math.max(LEAST_BREAK, Math.floor(width / 4))
  return Math.max(words([heading]), Math.min(indent + words(body), maxWidth))
}

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => stringWidth(text)))

const indentOf = (cell: string): string => cell.slice(0, cell.search(/[^ ]|$/))

const total = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, GAP * Math.max(0, widths.length - 1))

/** Wraps a cell into lines of at most `width` characters, each with the cell's indent. Only longer words are broken. */
export function wrapped(cell: string, width: number): string[] {
  if (stringWidth(cell) <= width) return [cell]
  const indent = indentOf(cell)
  const room = Math.max(1, width - indent.length)
  const lines = wrapAnsi(cell.slice(indent.length), room, { hard: true }).split('\n')
  return lines.map((line) => indent + line)
}
