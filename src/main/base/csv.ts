import { WorkbenchError } from '../../contract/problem'

export interface CsvRecord {
  /** The line it starts on, counted from 1. */
  line: number
  fields: string[]
}

const LINE_BREAK = /\r\n|\r|\n/g
const FIELD_END = /,|\r\n|\r|\n|$/g

/**
 * Reads comma-separated values as RFC 4180 has them: fields may be quoted, and then hold commas, doubled quotes and line
 * breaks. Beyond it, lines may end with LF or CR alone; a line without anything is skipped.
 *
 * @throws WorkbenchError `bad-input` with file and line for a quoted field that does not end, or not before a comma or
 *   line break
 */
export function parseCsv(fileName: string, content: string): CsvRecord[] {
  const records: CsvRecord[] = []
  let line = 1
  let record: CsvRecord = { line, fields: [] }
  let position = 0
  // A comma at the very end still has an empty field behind it.
  while (position < content.length || record.fields.length > 0) {
    const isQuoted = content[position] === '"'
    const fieldEnd = isQuoted ? endOfQuoted(content, position) : nextFieldEnd(content, position).index
    const end = nextFieldEnd(content, fieldEnd)
    if (fieldEnd === -1 || end.index !== fieldEnd) throw brokenQuotes(fileName, line, fieldEnd === -1)
    const written = content.slice(position, fieldEnd)
    record.fields.push(isQuoted ? written.slice(1, -1).replaceAll('""', '"') : written)
    line += written.match(LINE_BREAK)?.length ?? 0
    position = fieldEnd + end[0].length
    if (end[0] === ',') continue
    if (record.fields.length > 1 || written !== '') records.push(record)
    line++
    record = { line, fields: [] }
  }
  return records
}

/** Writes records as RFC 4180 has them: every line ends with CR LF, fields are quoted where they need it. */
export function formatCsv(records: readonly (readonly string[])[]): string {
  return records.map((fields) => `${fields.map(formatField).join(',')}\r\n`).join('')
}

function formatField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The position behind the closing quote of the field that starts at `start`; -1 when it has none. */
function endOfQuoted(content: string, start: number): number {
  let quote = content.indexOf('"', start + 1)
  while (quote !== -1 && content[quote + 1] === '"') quote = content.indexOf('"', quote + 2)
  return quote === -1 ? -1 : quote + 1
}

function nextFieldEnd(content: string, position: number): RegExpExecArray {
  FIELD_END.lastIndex = position
  const end = FIELD_END.exec(content)
  if (end === null) throw new Error('the end of the text ends a field')
  return end
}

function brokenQuotes(fileName: string, line: number, isOpen: boolean): WorkbenchError {
  return new WorkbenchError(
    'bad-input',
    isOpen
      ? `${fileName}, line ${line}: a quoted field starts here and does not end.`
      : `${fileName}, line ${line}: a quoted field is followed by something else than a comma or the end of the line.`,
    'A quote inside a quoted field is written twice: "say ""hi""".'
  )
}
