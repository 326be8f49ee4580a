import { csvOutput, writeCsvIfAsked } from '../results/csv-file'
import { comparisonTable } from '../results/tables'
import { readCheckBeside } from '../results/check-beside'
import type { SweepDocument } from '../../../contract/documents/crc'
import { elementAt } from '../../../contract/model/look-up'
import { WorkbenchError } from '../../../contract/model/problem'
import { kindOfFile } from '../../base/files/document-kinds'
import { SWEEP_FORMAT } from '../../project/documents/stored-documents'
import { absolutePath, resultPath } from '../../base/files/places'
import { areOverSources } from '../../crc/selection/best-over-sources'
import { compareSweeps, type SweepToCompare } from '../../measures/compare-sweeps'
import { readSweepFiles } from '../../project/documents/sweep-files'
import { describeComparison } from '../printing/comparison-report'
import { printJson, printShown } from '../printing/output'
import { nothingSaved, untilStopped } from '../running/stopped'

/** `slr show` of several sweeps: compares them. Differences are the second minus the first. */
export async function showComparison(
  files: readonly string[],
  {
    rho,
    csv,
    json,
    quiet,
    force
  }: { rho?: number | undefined; csv?: string | undefined; json: boolean; quiet: boolean; force: boolean },
  signal: AbortSignal
): Promise<void> {
  const [a, b] = [elementAt(files, 0, 'sweep'), elementAt(files, 1, 'sweep')]
  const more = files.slice(2)
  requireNewFiles([a, b], more)
  const table = await csvOutput({ csv, force })
  const [first, second] = [await read(a, signal), await read(b, signal)]
  const others = await Promise.all(more.map(async (file) => readCompared(await resultPath(file), signal)))
  for (const [index, sweep] of others.entries())
    requireOverSources([first.sweep, second.sweep, sweep], more[index])
  const options = { signal, others, ...(rho === undefined ? {} : { rho }) }
  const comparison = await untilStopped({ signal, quiet }, nothingSaved, () =>
    compareSweeps(first, second, options)
  )
  await writeCsvIfAsked(table, () => comparisonTable(comparison), quiet)
  await (json ? printJson('comparison', comparison) : printShown(describeComparison(comparison)))
}

/** @throws WorkbenchError `bad-input` naming a repeated file, which would be ignored silently */
function requireNewFiles(two: readonly string[], others: readonly string[]): void {
  const files = [...two, ...others].map((path) => absolutePath(path))
  const twice = others.find(
    (_, index) => files.indexOf(elementAt(files, two.length + index, 'file')) < two.length + index
  )
  if (twice !== undefined)
    throw new WorkbenchError('bad-input', `${twice} is given twice.`, 'Name each sweep once.')
}

/**
 * Requires that more than two sweeps differ only by their source. @throws WorkbenchError `bad-input` naming the file
 */
function requireOverSources(sweeps: readonly SweepDocument[], file: string | undefined): void {
  if (areOverSources(sweeps)) return
  throw new WorkbenchError(
    'bad-input',
    `${file}: more than two sweeps must differ only by their source.`,
    'Sweep the same pair on the same prompts with --source, without --preview and --split.'
  )
}

/** Reads a sweep. @throws WorkbenchError `bad-input` naming a result of another kind and what can be compared */
async function readCompared(file: string, signal: AbortSignal): Promise<SweepDocument> {
  try {
    return await readSweepFiles(file, signal)
  } catch (error) {
    const content = error instanceof WorkbenchError ? await kindOfFile(file, SWEEP_FORMAT.maxBytes) : null
    if (content === null || content.kind === 'sweep') throw error
    throw new WorkbenchError(
      'bad-input',
      `${file} is ${content.is}, and only sweeps are compared.`,
      'Show other results one at a time, or write each with --csv and compare the tables.'
    )
  }
}

/** Reads a sweep with the full-answer check beside its file. */
async function read(typed: string, signal: AbortSignal): Promise<SweepToCompare> {
  const file = await resultPath(typed)
  const sweep = await readCompared(file, signal)
  return { sweep, check: await readCheckBeside(file, sweep.id) }
}
