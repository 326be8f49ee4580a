import { type Cell, toCsv } from './csv'

/** A table as it is copied into a document. */
export interface TableText {
  readonly header: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

export const TABLE_FORMATS = ['Markdown', 'LaTeX', 'CSV'] as const
export type TableFormat = (typeof TABLE_FORMATS)[number]

const WRITERS: Readonly<Record<TableFormat, (table: TableText) => string>> = {
  Markdown: markdownTable,
  LaTeX: latexTable,
  CSV: ({ header, rows }) => toCsv(header, rows)
}

export const tableText = (table: TableText, format: TableFormat): string => WRITERS[format](table)

const textOf = (cell: Cell): string => (cell === null ? '–' : String(cell))

/** Columns of numbers stand to the right. */
const isNumbers = ({ rows }: TableText, column: number): boolean =>
  rows.some((row) => typeof row[column] === 'number') &&
  rows.every((row) => typeof row[column] === 'number' || row[column] === null)

function markdownTable(table: TableText): string {
  const { header, rows } = table
  const line = (cells: readonly Cell[]): string =>
    `| ${cells.map((cell) => textOf(cell).replaceAll(/[\\|`*_[\]<>]/g, '\\$&')).join(' | ')} |\n`
  const rule = header.map((_, column) => (isNumbers(table, column) ? '--:' : ':--'))
  return line(header) + `| ${rule.join(' | ')} |\n` + rows.map(line).join('')
}

const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '–': '--',
  '−': '$-$',
  '±': '$\\pm$'
}

/** A tabular with the rules of booktabs. */
function latexTable(table: TableText): string {
  const { header, rows } = table
  const escaped = (cell: Cell): string =>
    textOf(cell).replaceAll(/[\\~^–−±&%$#_{}]/g, (sign) => LATEX[sign] ?? `\\${sign}`)
  const line = (cells: readonly Cell[]): string => `${cells.map(escaped).join(' & ')} \\\\\n`
  const columns = header.map((_, column) => (isNumbers(table, column) ? 'r' : 'l')).join('')
  return (
    `\\begin{tabular}{${columns}}\n\\toprule\n${line(header)}\\midrule\n` +
    `${rows.map(line).join('')}\\bottomrule\n\\end{tabular}\n`
  )
}
