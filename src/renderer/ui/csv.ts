import { spreadsheetText } from '../../contract/words/spreadsheet-text'

export type CsvCell = string | number | null

const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i

/**
 * Writes CSV as in RFC 4180: fields with commas, quotes or line breaks are quoted. Text that a spreadsheet would read
 * as a formula is made harmless.
 */
export function toCsv(header: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  const field = (cell: CsvCell): string => {
    const written = cell === null ? '' : String(cell)
    const text = NUMBER.test(written) ? written : spreadsheetText(written)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return [header, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('')
}
