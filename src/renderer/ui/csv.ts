import { spreadsheetText } from '../../contract/words/spreadsheet-text'

export type Cell = string | number | null

const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i

/** CSV as RFC 4180 has it: fields with commas, quotes or line breaks are quoted. What is no number is no formula either. */
export function toCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const field = (cell: Cell): string => {
    const written = cell === null ? '' : String(cell)
    const text = NUMBER.test(written) ? written : spreadsheetText(written)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return [header, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('')
}
