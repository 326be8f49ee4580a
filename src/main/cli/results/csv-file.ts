import { formatCsv } from '../../base/csv'
import { remark } from '../printing/output'
import { checkOutputFile, type OutputFile, writeOutputText, writtenWords } from './output-file'
import type { CsvTable } from './tables'

export const csvText = ({ header, rows }: CsvTable): string =>
  formatCsv([header, ...rows.map((row) => row.map((cell) => (cell === null ? '' : String(cell))))])

export async function writeCsvFile(output: OutputFile, table: CsvTable, quiet: boolean): Promise<void> {
  await writeOutputText(output, csvText(table))
  if (!quiet) remark(writtenWords(output))
}

/** Checks the file that `--csv` names before the work; null for none. @throws WorkbenchError as `checkOutputFile` */
export const csvOutput = async (options: { csv?: string | undefined; force?: boolean }): Promise<OutputFile | null> =>
  options.csv === undefined ? null : checkOutputFile(options.csv, 'table', {}, options.force ?? false)

export async function writeCsvIfAsked(output: OutputFile | null, table: () => CsvTable, quiet: boolean): Promise<void> {
  if (output !== null) await writeCsvFile(output, table(), quiet)
}
