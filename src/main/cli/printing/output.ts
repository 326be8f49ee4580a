import { styleText } from 'node:util'
import { WriteStream } from 'node:tty'
import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'
import { type DocumentKind, withKind } from '../../../contract/documents/document-kind'
import { elementAt } from '../../../contract/model/look-up'
import { WorkbenchError } from '../../../contract/model/problem'
import { formatNumber } from '../../../contract/words/format'
import { isDiskFull } from '../../base/files/atomic-file'
import { formatJson } from '../../base/files/json-format'
import { errorMessage } from '../../base/files/bounded-file'
import { fitColumns, type Layout, wrapped } from './fitted-table'

export { formatBytes as bytes, formatCount as count } from '../../../contract/words/format'

/** Error of an invalid command line. The program ends with exit status 2. */
export class UsageError extends Error {
  readonly help: string

  constructor(message: string, help: string) {
    super(message)
    this.name = 'UsageError'
    this.help = help
  }
}

/** Writes a result to stdout and waits for it, because a pipe holds less than a large sweep. */
export function printText(text: string): Promise<void> {
  return new Promise((resolve) => {
    // A reader that closed the pipe (`| head`) is no failure.
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`, () => {
      resolve()
    })
  })
}

/** Writes text for people to stdout, with wrapped prose. */
export const printShown = (text: string): Promise<void> => printText(wrappedProse(text, shownWidth()))

/** Describes an output that accepts no more, such as a file on a full disk. */
export function streamProblem(name: 'stdout' | 'stderr', error: unknown): WorkbenchError {
  const [why, hint] = isDiskFull(error)
    ? ['the disk is full', 'Free some space, or send it elsewhere.']
    : [errorMessage(error), undefined]
  return new WorkbenchError('read-only', `${name} cannot be written: ${why}.`, hint)
}

/** Prints a document of a kind, the only text on stdout with --json. */
export function printJson(kind: DocumentKind, document: object): Promise<void> {
  return printText(formatJson(withKind(kind, document)))
}

/** Prints a remark on stderr, apart from the result. */
export function remark(text: string): void {
  tellOnStderr(printable(text))
}

/** Prints one line on the problem and one on its solution, never a stack. */
export function printError(error: unknown): void {
  const { message, hint } = explain(error)
  tellOnStderr(`slr: ${printable(message)}${hint === undefined ? '' : `\n${printable(hint)}`}`)
}

function tellOnStderr(text: string): void {
  process.stderr.write(`${wrappedProse(text, shownWidth(process.stderr, {}))}\n`)
}

function explain(error: unknown): { message: string; hint?: string } {
  if (error instanceof WorkbenchError) return error.problem
  if (error instanceof UsageError) return { message: error.message, hint: `See "${error.help}".` }
  const message = errorMessage(error)
  // System errors (no permission, full disk) are shown as they are. All other errors are defects of this program.
  if (error instanceof Error && 'syscall' in error) return { message }
  return {
    message: `unexpected error: ${message}`,
    hint: 'This is a defect of the program: please report it with the command that led to it.'
  }
}

/** Escapes control and invisible characters, so that a terminal shows text of files and models on one line. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    if (character === '\n') return '\\n'
    if (character === '\t') return '\\t'
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
}

/** Styles text if stdout shows colours. */
export function style(kind: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string): string {
  return colourBits() > 1 ? styleText(kind, text) : text
}

/** Aligns rows as columns, the heading first, see {@link fitColumns}. A last line names dropped columns. */
export function table(rows: readonly (readonly string[])[], align: string, width = shownWidth()): string {
  const cells = rows.map((row) => row.map(printable))
  const { visible, needed } = fitColumns(cells, align, width)
  const lines = cells.flatMap((row) => rowLines(row, visible, align))
  const leftOut = [...align].flatMap((_, index) => {
    const isShown = visible.some((column) => column.index === index) || cells.every((row) => row[index] === '')
    return isShown ? [] : [cells[0]?.[index] || `column ${index + 1}`]
  })
  if (width !== null && leftOut.length > 0)
    lines.push(...wrapped(`Too narrow for ${leftOut.join(', ')}: that takes ${needed} columns.`, width))
  return lines.join('\n')
}

function rowLines(row: readonly string[], visible: Layout['visible'], align: string): string[] {
  const columns = visible.map(({ index, width }) => ({
    lines: wrapped(elementAt(row, index, 'cell'), width),
    width,
    isRight: align.charAt(index).toLowerCase() === 'r'
  }))
  const height = Math.max(1, ...columns.map(({ lines }) => lines.length))
  return [...Array(height).keys()].map((line) =>
    columns
      .map(({ lines, width, isRight }) => {
        const text = lines[line] ?? ''
        const padding = ' '.repeat(Math.max(0, width - stringWidth(text)))
        return isRight ? padding + text : text + padding
      })
      .join('  ')
      .trimEnd()
  )
}

/** Formats a share, score or mean with three decimals. */
export const decimal = (value: number): string => formatNumber(value, 3)

const terminal = WriteStream.prototype

/** Returns the bits of colour that stdout shows, 1 for none. NO_COLOR overrides FORCE_COLOR (https://no-color.org). */
export function colourBits(stdout: { isTTY: boolean } = process.stdout, environment = process.env): number {
  if (environment.NO_COLOR !== undefined && environment.NO_COLOR !== '') return 1
  if (!stdout.isTTY && environment.FORCE_COLOR === undefined) return 1
  return terminal.getColorDepth(environment)
}

/** Lines that stay unwrapped: rows of tables, indented lines, and lines with a command. */
const AS_IT_IS = / {2}|^ |: (?:slr|npx|python3?) /

/** Wraps prose between words. Commands and paths are not wrapped, so that they can be copied. */
export function wrappedProse(text: string, width: number | null): string {
  if (width === null) return text
  return text
    .split('\n')
    .map((line) => (isWrapped(line, width) ? wrapAnsi(line, width) : line))
    .join('\n')
}

/**
 * Reports whether a line is wrapped. Wrapping composes Unicode characters, which could change a file name, so lines
 * with decomposed characters are not wrapped.
 */
const isWrapped = (line: string, width: number): boolean =>
  stringWidth(line) > width && !AS_IT_IS.test(line) && line === line.normalize()

/**
 * Returns the width of stdout in columns: the environment variable COLUMNS, else the width of the terminal.
 *
 * @returns null if lines may have any length, as in a pipe without COLUMNS
 */
export function shownWidth(
  stdout: { isTTY: boolean; columns: number } = process.stdout,
  environment = process.env
): number | null {
  const columns = Number(environment.COLUMNS)
  if (Number.isInteger(columns) && columns > 0) return columns
  return stdout.isTTY && stdout.columns > 0 ? stdout.columns : null
}

/** Returns the width for drawings in columns, 80 if lines may have any length. */
export const drawnWidth = (): number => shownWidth() ?? 80
