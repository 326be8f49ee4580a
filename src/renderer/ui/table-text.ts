import { type CsvCell, toCsv } from './csv'

/** The contents of a table that is copied into a document. */
export interface TableText {
  readonly header: readonly string[]
  readonly rows: readonly (readonly CsvCell[])[]
}

export const TABLE_FORMATS = ['Markdown', 'LaTeX', 'CSV'] as const
type TableFormat = (typeof TABLE_FORMATS)[number]

const WRITERS: Readonly<Record<TableFormat, (table: TableText) => string>> = {
  Markdown: markdownTable,
  LaTeX: latexTable,
  CSV: ({ header, rows }) => toCsv(header, rows)
}

export const tableText = (table: TableText, format: TableFormat): string => WRITERS[format](table)

const textOf = (cell: CsvCell): string => (cell === null ? '–' : String(cell))

/** Reports whether a column holds only numbers. Such columns are aligned right. */
const isNumbers = ({ rows }: TableText, column: number): boolean =>
  rows.some((row) => typeof row[column] === 'number') &&
  rows.every((row) => typeof row[column] === 'number' || row[column] === null)

function markdownTable(table: TableText): string {
  const { header, rows } = table
  const writeRow = (cells: readonly CsvCell[]): string =>
    `| ${cells.map((cell) => textOf(cell).replaceAll(/[\\|`*_[\]<>]/g, '\\$&')).join(' | ')} |\n`
  const rule = header.map((_, column) => (isNumbers(table, column) ? '--:' : ':--'))
  return writeRow(header) + `| ${rule.join(' | ')} |\n` + rows.map(writeRow).join('')
}

const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '–': '--',
  '−': '$-$',
  '±': '$\\pm$'
}

/** Writes a `tabular` with the rules of the LaTeX package booktabs. */
function latexTable(table: TableText): string {
  const { header, rows } = table
  const escaped = (cell: CsvCell): string =>
    textOf(cell).replaceAll(/[\\~^–−±&%$#_{}]/g, (sign) => LATEX[sign] ?? `\\${sign}`)
  const writeRow = (cells: readonly CsvCell[]): string => `${cells.map(escaped).join(' & ')} \\\\\n`
  const columns = header.map((_, column) => (isNumbers(table, column) ? 'r' : 'l')).join('')
  return (
    `\\begin{tabular}{${columns}}\n\\toprule\n${writeRow(header)}\\midrule\n` +
    `${rows.map(writeRow).join('')}\\bottomrule\n\\end{tabular}\n`
  )
}
