import { MENU_WORDS } from '../../contract/words/menu-words'
import type { CsvCell } from './csv'
import type { MenuItem } from './menu-item'
import { saveText } from './save-file'
import { TABLE_FORMATS, tableText, type TableText } from './table-text'

/** A column of a table: its heading, and how the cells of rows are computed, formatted and sorted. */
export interface TableColumn<Row, Id extends string = string> {
  readonly id: Id
  readonly label: string
  /** Explains the label. */
  readonly hint?: string
  /** True for text, which is aligned left. Other columns have numbers. */
  readonly words?: boolean
  /** Sorts ascending first, or descending first if false. By default text is ascending, and numbers are descending. */
  readonly isAscending?: boolean
  /** Value that is sorted and exported; null for none. */
  readonly value: (row: Row) => CsvCell
  /** Formats a number of the cell. By default the number is shown unchanged. */
  readonly format?: (value: number) => string
  /** Text of the cell; the formatted value when left out. */
  readonly text?: (row: Row) => string
  /** Sorts the rows by this column, if sorting by values would not be right. */
  readonly sort?: (rows: readonly Row[], descending: boolean) => Row[]
}

export const givenOrder = <Row>(rows: readonly Row[], descending: boolean): Row[] =>
  descending ? rows.toReversed() : [...rows]

export interface Order {
  /** Id of a column; null for the given order. */
  readonly column: string | null
  readonly descending: boolean
}

/** Sorts rows by a column. Rows without a value are last in both directions. Equal rows keep their order. */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
  { column: id, descending }: Order
): readonly Row[] {
  const column = columns.find((candidate) => candidate.id === id)
  if (column === undefined) return rows
  if (column.sort !== undefined) return column.sort(rows, descending)
  const sign = descending ? -1 : 1
  return rows.toSorted((a, b) => {
    const [left, right] = [column.value(a), column.value(b)]
    if (left === null || right === null) return Number(left === null) - Number(right === null)
    return left === right ? 0 : left < right ? -sign : sign
  })
}

/** Returns the order after a press on a column's heading. The second press reverses it, and the third ends it. */
export function nextOrder<Row>(before: Order, { id, words, isAscending }: TableColumn<Row>): Order {
  const first = !(isAscending ?? words ?? false)
  if (before.column !== id) return { column: id, descending: first }
  return before.descending === first ? { column: id, descending: !first } : { column: null, descending: false }
}

/** Returns the text of a cell; a dash for a missing value. */
export function cellText<Row>({ text, format, value }: TableColumn<Row>, row: Row): string {
  if (text !== undefined) return text(row)
  const cell = value(row)
  return typeof cell === 'number' && format !== undefined ? format(cell) : String(cell ?? '–')
}

/** Returns the values of all cells for copying and saving. */
export const tableOf = <Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[]): TableText => ({
  header: columns.map(({ label }) => label),
  rows: rows.map((row) => columns.map(({ value }) => value(row)))
})

/**
 * Returns the menu entries that save and copy a table.
 *
 * @param name name of the CSV file
 * @param csv content of that file; the table when left out
 */
export const tableMenu = (
  name: string,
  table: () => TableText,
  csv = (): string => tableText(table(), 'CSV')
): MenuItem[] => [
  { label: MENU_WORDS.saveCsv, run: () => saveText(name, csv(), 'text/csv') },
  ...TABLE_FORMATS.map((format) => ({
    label: MENU_WORDS.copyAs(format),
    copies: () => tableText(table(), format)
  }))
]
