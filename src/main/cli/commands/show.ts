import { csvOutput, type CsvTable, writeCsvFile } from '../results/csv-file'
import { checkTable, comparisonTable, evaluationTable } from '../results/tables'
import { csvOption, detailsOption, forceOption, refuseUnused } from '../options/options'
import { Argument, type Command } from 'commander'
import { z } from 'zod'
import { Verdict } from '../../../contract/documents/verdict'
import { EvaluationView } from '../../../contract/documents/evaluation'
import { describeIssue, WorkbenchError } from '../../../contract/model/problem'
import { DEFAULT_RHO } from '../../../contract/documents/project'
import { readJsonFile } from '../../base/files/bounded-file'
import { DOCUMENT_NAMES, type DocumentKind } from '../../../contract/documents/document-kind'
import { SweepComparison } from '../../../contract/documents/sweep-comparison'
import { kindOfDocument } from '../../base/files/document-kinds'
import { parseDocument } from '../../base/files/migrate'
import { resultPath } from '../../base/files/places'
import { readPartFile } from '../../project/documents/part-file'
import { CHECK_FORMAT, DISTANCES_FORMAT, SEARCH_FORMAT } from '../../project/documents/stored-documents'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { printJson, printShown } from '../printing/output'
import { describeComparison } from '../printing/comparison-report'
import { describeCheck } from '../printing/check-report'
import { describeEvaluation } from '../printing/evaluation-report'
import { describeSearch } from '../printing/search-report'
import { describePart } from '../printing/sweep-report'
import { checkCommandOf, pairOfResult, pairOptionsOf } from '../printing/verdict-report'
import { distanceRows } from '../../../contract/documents/distances'
import { describeDistances } from './inspect-distances'
import { describeSamples } from '../printing/samples-report'
import { withPairOfDocument } from '../results/pair-of-document'
import { measureRun } from '../../measures/host'
import { evaluationView } from '../../project/results/stored-evaluation'
import { showComparison } from './show-comparison'
import { showSweep, whatIfOptions } from './show-what-if'

const showOptions = whatIfOptions.heading('Output:').and(csvOption, forceOption, detailsOption)
type ShowOptions = CommandOptions<typeof showOptions>

const MAX_RESULT_BYTES = 256_000_000
const RESULT_HINT =
  'Name a file that "slr sweep", "slr check", "slr search" or "slr evaluate" wrote with --out.'
/** Options that need a single sweep. */
const SINGLE_SWEEP_OPTIONS = ['temperature', 'minP', 'draws', 'mix']

/** `slr show`: prints results that commands wrote, and compares several sweeps. */
export const showCommand = subcommand(showOptions, {
  operands: [new Argument('<file...>', 'file that a command wrote with --out; several sweeps are compared')],
  async run(options, command, signal) {
    const [file = '', ...others] = command.args
    if (others.length > 0) {
      refuseUnused(command, SINGLE_SWEEP_OPTIONS, 'applies to one sweep, and several are compared')
      return showComparison(command.args, options, signal)
    }
    await showResult(file, options, command, signal)
  }
})

async function showResult(
  argument: string,
  options: ShowOptions,
  command: Command,
  signal: AbortSignal
): Promise<void> {
  const file = await resultPath(argument)
  const document = await readJsonFile(file, MAX_RESULT_BYTES, signal)
  const storedKind = kindOfDocument(document)?.kind
  const [kind, value] =
    storedKind === 'evaluation-run'
      ? ['evaluation' as const, await measureEvaluation(file, signal)]
      : [storedKind, document]
  if (kind === undefined || kind === 'sweep') return showSweep(argument, options, command, signal)
  refuseUnused(
    command,
    ['rho', ...SINGLE_SWEEP_OPTIONS],
    `applies to a sweep, and ${argument} is ${DOCUMENT_NAMES[kind]}`
  )
  const table = await csvOutput(options)
  if (table !== null) await writeCsvFile(table, await resultTable(kind, value, argument), options.quiet)
  const text = await describeResult(kind, value, argument, options.details)
  await (options.json ? printJson(kind, z.looseObject({}).parse(value)) : printShown(text))
}

/** Computes the measures of an evaluation that a project stores. @throws WorkbenchError from `withPairOfDocument` */
const measureEvaluation = (file: string, signal: AbortSignal): Promise<EvaluationView> =>
  withPairOfDocument(file, (pair, id) => evaluationView(pair, id, { signal }))

/** Returns a result, except a sweep, as a table. @throws WorkbenchError `bad-input` if its kind has no table */
async function resultTable(kind: DocumentKind, value: unknown, argument: string): Promise<CsvTable> {
  if (kind === 'evaluation') return evaluationTable(parseAs(EvaluationView, value, argument))
  if (kind === 'comparison') return comparisonTable(parseAs(SweepComparison, value, argument))
  if (kind === 'distances')
    return distanceRows((await parseDocument(value, await resultPath(argument), DISTANCES_FORMAT)).document)
  if (kind !== 'check')
    throw new WorkbenchError('bad-input', `${argument} cannot be written as CSV.`, 'Use --json.')
  const { document } = await parseDocument(value, await resultPath(argument), CHECK_FORMAT)
  return checkTable(document, CheckOutcome.parse(value).rho)
}

/** Describes a result, except a sweep. @throws WorkbenchError `bad-input` if the file is not a result */
async function describeResult(
  kind: DocumentKind,
  value: unknown,
  argument: string,
  details: boolean
): Promise<string> {
  const file = await resultPath(argument)
  const checkCommand = checkCommandOf({ demo: false })
  switch (kind) {
    case 'sweep-part':
      return describePart(await readPartFile(file))
    case 'check': {
      const { document } = await parseDocument(value, file, CHECK_FORMAT)
      const { rho, verdict } = CheckOutcome.parse(value)
      return describeCheck(document, verdict, { rho, next: { check: checkCommand }, details, preview: [] })
    }
    case 'search': {
      const { document } = await parseDocument(value, file, SEARCH_FORMAT)
      return describeSearch(document, null, { checkCommand, preview: [], details })
    }
    case 'evaluation': {
      const view = parseAs(EvaluationView, value, argument)
      const pair = pairOptionsOf(pairOfResult(view.run))
      return describeEvaluation(view, { pair, task: view.run.task.id }, details)
    }
    case 'sample-run':
      return withPairOfDocument(file, async (pair, id) => {
        const { run, samples } = await pair.samples.readAnswers(id)
        return describeSamples(run, await measureRun(run, samples))
      })
    case 'comparison':
      return describeComparison(parseAs(SweepComparison, value, argument))
    case 'distances':
      return describeDistances((await parseDocument(value, file, DISTANCES_FORMAT)).document)
    default:
      throw new WorkbenchError(
        'bad-input',
        `${argument} is ${DOCUMENT_NAMES[kind]}, not a result.`,
        RESULT_HINT
      )
  }
}

/** Fields that `slr check --out` adds to a check. Checks in a project do not have them. */
const CheckOutcome = z.object({
  rho: z.number().default(DEFAULT_RHO),
  verdict: Verdict.nullable().default(null)
})

function parseAs<T>(schema: z.ZodType<T, unknown>, value: unknown, argument: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new WorkbenchError(
    'bad-file',
    `${argument} cannot be read: ${describeIssue(result.error)}`,
    RESULT_HINT
  )
}
