import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'
import { elementAt } from '../../../contract/model/look-up'

/** Between two columns. */
const GAP = 2

/** Fewer columns than these make no table: they are shown even where they are too wide. */
const ALWAYS_SHOWN = 2

/** The width of a word that is still broken rather than another column left out. */
const LEAST_BREAK = 8

/** How a table is laid out. */
export interface Layout {
  /** The columns that are shown, by their place, and how wide each is. */
  readonly shown: readonly { readonly index: number; readonly width: number }[]
  /** The width that shows every column, wrapped as far as that goes. */
  readonly needed: number
}

/**
 * Columns for a reader who has `width`: cells wrap between words, the widest column first, and a number stays whole. What then
 * still does not fit is left out from the end, columns with a capital letter last.
 *
 * @param cells rows of as many cells as `align` has letters; the first row is the heading
 * @param align one letter per column: l for text, r for numbers; a capital for the one that a reader comes for
 * @param width null for as wide as it gets
 */
export function fitColumns(
  cells: readonly (readonly string[])[],
  align: string,
  width: number | null
): Layout {
  const columns = [...align].map((side, index) => {
    const column = cells.map((row) => elementAt(row, index, 'cell'))
    return { widest: longest(column), least: width === null ? 0 : leastWidth(column, side, width) }
  })
  const needed = total(columns.map(({ least }) => least))
  const all = columns.map(({ widest, least }, index) => ({ index, width: widest, least }))
  if (width === null || total(columns.map(({ widest }) => widest)) <= width) return { shown: all, needed }
  const isKept = ({ index }: { index: number }): boolean => index === 0 || /[LR]/.test(align.charAt(index))
  const wanted = [...all.filter(isKept), ...all.filter((column) => !isKept(column))]
  while (wanted.length > ALWAYS_SHOWN && total(wanted.map(({ least }) => least)) > width) wanted.pop()
  const shown = wanted.sort((a, b) => a.index - b.index)
  while (total(shown.map((column) => column.width)) > width) {
    const wide = shown.filter((column) => column.width > column.least).sort((a, b) => b.width - a.width)[0]
    if (wide === undefined) break
    wide.width -= 1
  }
  return { shown, needed }
}

/** How narrow a column can be: words stay whole, and in text one that takes more than a quarter of the width is broken. */
function leastWidth([heading = '', ...body]: readonly string[], side: string, width: number): number {
  const words = (cells: readonly string[]): number => longest(cells.flatMap((cell) => cell.split(' ')))
  const indent = longest(body.map(indentOf))
  const most = side.toLowerCase() === 'r' ? Infinity : Math.max(LEAST_BREAK, Math.floor(width / 4))
  return Math.max(words([heading]), Math.min(indent + words(body), most))
}

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => stringWidth(text)))

/** The spaces that a cell begins with. */
const indentOf = (cell: string): string => cell.slice(0, cell.search(/[^ ]|$/))

const total = (widths: readonly number[]): number =>
  widths.reduce((sum, own) => sum + own, GAP * Math.max(0, widths.length - 1))

/** A cell as lines of at most `width`, broken between words, and within one only where it is longer. Its indent stays on each line. */
export function wrapped(cell: string, width: number): string[] {
  if (stringWidth(cell) <= width) return [cell]
  const indent = indentOf(cell)
  const room = Math.max(1, width - indent.length)
  const lines = wrapAnsi(cell.slice(indent.length), room, { hard: true }).split('\n')
  return lines.map((line) => indent + line)
}
