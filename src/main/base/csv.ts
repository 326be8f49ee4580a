import { CsvError, type CsvErrorCode, parse } from 'csv-parse/sync'
import { inputError } from '../../contract/model/problem'

interface CsvRecord {
  /** Line on which the record starts, counted from 1. */
  line: number
  fields: string[]
}

const LINE_BREAKS = ['\r\n', '\n', '\r']

/** Errors in the quotes of a record, in words. */
const BROKEN_QUOTES: Partial<Record<CsvErrorCode, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'has a quoted field that does not end',
  CSV_INVALID_CLOSING_QUOTE:
    'has a quoted field that is followed by something else than a comma or the end of the line',
  INVALID_OPENING_QUOTE: 'has a quote inside a field that does not start with one'
}

/** Parses CSV and skips empty lines. @param fileName name in errors @throws WorkbenchError for broken quotes */
export function parseCsv(fileName: string, content: string): CsvRecord[] {
  const bytes = Buffer.from(content)
  const records: CsvRecord[] = []
  let lineNumber = 1
  let position = 0
  /** Counts the lines here, because the library counts a CR LF inside quotes as two lines. */
  const startLine = (recordText: string): number => lineNumber + countBreaks(/^[\r\n]*/.exec(recordText)?.[0])
  try {
    parse(bytes, {
      record_delimiter: LINE_BREAKS,
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: (fields: string[], { bytes: end }) => {
        const recordText = bytes.toString('utf8', position, end)
        records.push({ line: startLine(recordText), fields })
        lineNumber += countBreaks(recordText)
        position = end
        return null
      }
    })
  } catch (error) {
    const broken = error instanceof CsvError ? BROKEN_QUOTES[error.code] : undefined
    if (broken === undefined) throw error
    const remainder = bytes.toString('utf8', position)
    throw inputError(
      `${fileName}, line ${startLine(remainder)}: the record that starts here ${broken}.`,
      'A field that holds a quote stands in quotes, and the quote is written twice: "say ""hi""".'
    )
  }
  return records
}

function countBreaks(text = ''): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0
}

/** Formats records as CSV with CR LF after each; fields are quoted where necessary. */
export function formatCsv(records: readonly (readonly string[])[]): string {
  return records.map((fields) => `${fields.map(formatField).join(',')}\r\n`).join('')
}

function formatField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
