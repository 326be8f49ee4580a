import { at } from '../../contract/model/look-up'

/** Between two columns. */
const GAP = 2

/** Fewer columns than these make no table: they are shown even where they are too wide. */
const ALWAYS_SHOWN = 2

/** The width of a word that is still broken rather than another column left out. */
const LEAST_BREAK = 8

/** How a table is laid out. */
interface Layout {
  /** Of the columns that are shown, the first ones. */
  readonly widths: readonly number[]
  /** The width that shows every column, wrapped as far as that goes. */
  readonly needed: number
}

/**
 * Columns for a reader who has `width`: cells wrap between words, the widest column first, and a number stays whole. What then
 * still does not fit is left out from the end.
 *
 * @param cells rows of as many cells as `align` has letters; the first row is the heading
 * @param align one letter per column: l for text, r for numbers
 * @param width null for as wide as it gets
 */
export function fitColumns(
  cells: readonly (readonly string[])[],
  align: string,
  width: number | null
): Layout {
  const columns = [...align].map((side, index) => {
    const column = cells.map((row) => at(row, index, 'cell'))
    return { widest: longest(column), least: width === null ? 0 : leastWidth(column, side, width) }
  })
  const widest = columns.map((column) => column.widest)
  const needed = total(columns.map(({ least }) => least))
  if (width === null || total(widest) <= width) return { widths: widest, needed }
  let shown = columns.length
  while (shown > ALWAYS_SHOWN && total(columns.slice(0, shown).map(({ least }) => least)) > width) shown--
  const widths = widest.slice(0, shown)
  while (total(widths) > width) {
    const wide = widths
      .map((own, index) => ({ own, index }))
      .filter(({ own, index }) => own > at(columns, index, 'column').least)
      .sort((a, b) => b.own - a.own)[0]
    if (wide === undefined) break
    widths[wide.index] = wide.own - 1
  }
  return { widths, needed }
}

/** How narrow a column can be: words stay whole, and in text one that takes more than a quarter of the width is broken. */
function leastWidth([heading = '', ...body]: readonly string[], side: string, width: number): number {
  const words = (cells: readonly string[]): number => longest(cells.flatMap((cell) => cell.split(' ')))
  const indent = longest(body.map(indentOf))
  const most = side === 'r' ? Infinity : Math.max(LEAST_BREAK, Math.floor(width / 4))
  return Math.max(words([heading]), Math.min(indent + words(body), most))
}

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map(({ length }) => length))

/** The spaces that a cell begins with. */
const indentOf = (cell: string): string => cell.slice(0, cell.search(/[^ ]|$/))

const total = (widths: readonly number[]): number =>
  widths.reduce((sum, own) => sum + own, GAP * Math.max(0, widths.length - 1))

/** A cell as lines of at most `width`, broken between words, and within one only where it is longer. Its indent stays on each line. */
export function wrapped(cell: string, width: number): string[] {
  if (cell.length <= width) return [cell]
  const indent = indentOf(cell)
  const room = Math.max(1, width - indent.length)
  const lines: string[] = []
  let line = ''
  for (const word of cell.slice(indent.length).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length <= room) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    const parts = word.match(new RegExp(`.{1,${room}}`, 'gu')) ?? ['']
    lines.push(...parts.slice(0, -1))
    line = at(parts, parts.length - 1, 'part')
  }
  return [...lines, line].map((each) => indent + each)
}
