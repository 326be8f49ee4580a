import { readCheckedSweep } from '../../project/results/checked-sweep'
import { basename, dirname, join } from 'node:path'
import { Argument, type Command } from 'commander'
import { z } from 'zod'
import { ShownVerdict, Verdict } from '../../../contract/documents/verdict'
import { EvaluationView } from '../../../contract/documents/evaluation'
import { fileError, inputError, notFoundError, requireValid, WorkbenchError } from '../../../contract/model/problem'
import { DEFAULT_RHO } from '../../../contract/documents/project'
import { DOCUMENT_NAMES, type DocumentKind } from '../../../contract/documents/document-kind'
import { SweepComparison } from '../../../contract/documents/sweep-comparison'
import { distanceRows } from '../../../contract/documents/distances'
import type { SweepDocument } from '../../../contract/documents/crc'
import { elementAt } from '../../../contract/model/look-up'
import type { RestorationRange } from '../../../contract/model/recipe'
import { dropUnchangedSettings } from '../../../contract/documents/what-if'
import { shownSweep } from '../../../contract/documents/shown-sweep'
import { AS_SWEPT, whatIfWords } from '../../../contract/words/what-if-words'
import { readJsonFile } from '../../base/files/bounded-file'
import { kindOfDocument, kindOfFile } from '../../base/files/document-kinds'
import { parseDocument } from '../../base/files/migrate'
import { absolutePath, resultPath } from '../../base/files/paths'
import { readPartFile } from '../../project/documents/part-file'
import { CHECK_FORMAT, DISTANCES_FORMAT, SEARCH_FORMAT, SWEEP_FORMAT } from '../../project/documents/stored-documents'
import { measureRun } from '../../measures/host'
import { evaluationView } from '../../project/results/stored-evaluation'
import { isProject } from '../../project/documents/project-file'
import { openProject } from '../../project/open-project'
import type { ProjectPair } from '../../project/pair/project-pair'
import { areOverSources } from '../../crc/selection/best-over-sources'
import { compareSweeps, type SweepToCompare } from '../../measures/compare-sweeps'
import { readSweepFiles } from '../../project/documents/sweep-files'
import { runCooperatively } from '../../base/steps'
import { askWhatIf } from '../../crc/check/ask-what-if'
import { builtinSetOf } from '../../crc/task/builtin-prompts'
import { csvOutput, writeCsvFile, writeCsvIfAsked } from '../results/csv-file'
import { checkTable, comparisonTable, type CsvTable, evaluationTable, sweepTable } from '../results/tables'
import {
  budgetOption,
  csvOption,
  detailsOption,
  forceOption,
  numberWithin,
  refuseUnused,
  usageError,
  wholeNumber
} from '../options/options'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { printJson, printShown, style } from '../printing/output'
import { describeComparison } from '../printing/comparison-report'
import { describeCheck } from '../printing/check-report'
import { describeEvaluation } from '../printing/evaluation-report'
import { commandsAfterSearch, describeSearch } from '../printing/search-report'
import { describePart, describeSweep } from '../printing/sweep-report'
import {
  checkCommandOf,
  type NextCommands,
  nextCommandsOf,
  pairOfResult,
  pairOptionsOf
} from '../printing/verdict-report'
import { describeSamples } from '../printing/samples-report'
import { readCheckBeside } from '../results/check-beside'
import { nothingSaved, untilStopped } from '../running/stopped'
import { optionGroup } from '../options/option-group'
import { number } from '../options/option-kinds'
import { describeDistances } from './inspect-distances'
import type { SearchDocument } from '../../../contract/documents/search'
import { type SearchEvidence, searchFinding } from '../../../contract/words/search-finding'

const whatIfOptions = optionGroup('Recalculate a sweep, exactly and without a model:')
  .options({
    rho: number('<share>', "share of post's validity to keep (default: as the sweep)", numberWithin(0, 1)),
    temperature: number('<t>', 'a temperature of --what-if, with --min-p', numberWithin(0, 100)),
    minP: number('<p>', 'a min-p of --what-if, with --temperature', numberWithin(0, 1)),
    draws: number('<n>', 'count the right answers of a task in so many draws', wholeNumber(1, 1_000_000)),
    mix: number('<share>', "compare with this scored share of base's logits", numberWithin(-1, 2))
  })
  .and(budgetOption)

/** `slr show` of a sweep: shows it as stored, or recalculated for another limit, sampler or number of draws. */
async function showSweep(
  typed: string,
  { temperature, minP, rho, draws, mix, budget, json, quiet, details, csv, force }: ShowOptions,
  command: Command,
  signal: AbortSignal
): Promise<void> {
  if ((temperature === undefined) !== (minP === undefined)) {
    throw usageError(command, '--temperature and --min-p go together')
  }
  const file = await resultPath(typed)
  const sweep = await readSweepFiles(file, signal)
  const check = await readCheckBeside(file, sweep.id)
  const promptSet = await builtinSetOf(sweep.prompts)
  const resultPlace = { out: typed, rho }
  const next = (selected: RestorationRange | null): NextCommands =>
    nextCommandsOf({ ...resultPlace, ...pairOfResult(sweep) }, checkCommandOf(resultPlace), selected)
  const table = await csvOutput({ csv, force })
  const showStored = async (): Promise<void> => {
    await writeCsvIfAsked(table, () => sweepTable(sweep), quiet)
    await (json ? printJson('sweep', sweep) : printShown(describeSweep(sweep, check, next, { promptSet, details })))
  }
  const isAsked = [rho, temperature, draws, mix, budget].some((setting) => setting !== undefined)
  if (!isAsked) return showStored()
  if (sweep.selection === null) {
    throw inputError(`${typed} scored no ranges to select from.`)
  }
  const whatIf = dropUnchangedSettings(
    {
      rho: rho ?? sweep.selection.rho,
      sampler: temperature === undefined || minP === undefined ? null : { temperature, minP },
      draws: draws ?? null,
      mix: mix ?? null
    },
    sweep
  )
  const words = whatIfWords(whatIf, sweep)
  if (words === AS_SWEPT && budget === undefined) return showStored()
  const answer = await untilStopped({ signal, quiet }, nothingSaved, () =>
    runCooperatively(askWhatIf(sweep, check, whatIf, budget ?? null), { signal, what: 'The question' })
  )
  await writeCsvIfAsked(table, () => sweepTable({ ...answer.sweep, selection: answer.selection }), quiet)
  if (json) return printJson('what-if', { ...answer, sweep: shownSweep(answer.sweep) })
  const recalculated = { ...answer.sweep, selection: answer.selection }
  return printShown(
    [
      style('bold', `What if: ${[words, ...(budget === undefined ? [] : [`budget ${budget}`])].join(', ')}`),
      describeSweep(recalculated, check, next, {
        details,
        promptSet,
        whatIf: { sampler: whatIf.sampler, words }
      })
    ].join('\n\n')
  )
}

const showOptions = whatIfOptions.heading('Output:').and(csvOption, forceOption, detailsOption)
type ShowOptions = CommandOptions<typeof showOptions>

const MAX_RESULT_BYTES = 256_000_000
const RESULT_HINT = 'Name a file that "slr sweep", "slr check", "slr search" or "slr evaluate" wrote with --out.'
const SINGLE_SWEEP_OPTIONS = ['temperature', 'minP', 'draws', 'mix', 'budget']

/** `slr show`: prints stored results again, recalculates a sweep, or compares sweeps. */
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
  // A project stores the answers of an evaluation, and computes the view that `--out` writes.
  const isRun = storedKind === 'evaluation-run'
  const kind = isRun ? 'evaluation' : storedKind
  const value = isRun ? await withPairOfDocument(file, (pair, id) => evaluationView(pair, id, { signal })) : document
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

async function resultTable(kind: DocumentKind, value: unknown, argument: string): Promise<CsvTable> {
  if (kind === 'evaluation') return evaluationTable(parseAs(EvaluationView, value, argument))
  if (kind === 'comparison') return comparisonTable(parseAs(SweepComparison, value, argument))
  if (kind === 'distances')
    return distanceRows((await parseDocument(value, await resultPath(argument), DISTANCES_FORMAT)).document)
  if (kind !== 'check') throw inputError(`${argument} cannot be written as CSV.`, 'Use --json.')
  const { document } = await parseDocument(value, await resultPath(argument), CHECK_FORMAT)
  return checkTable(document, CheckOutcome.parse(value).rho)
}

async function describeResult(kind: DocumentKind, value: unknown, argument: string, details: boolean): Promise<string> {
  const file = await resultPath(argument)
  const checkCommand = checkCommandOf({})
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
      const finding =
        SearchOutcome.parse(value).finding ?? searchFinding(document, await searchEvidence(file, document))
      const next = commandsAfterSearch({ from: 'sweep.json', file: argument }, document)
      return describeSearch(document, finding, { next, preview: [], details })
    }
    case 'evaluation': {
      const view = parseAs(EvaluationView, value, argument)
      const pair = pairOptionsOf(pairOfResult(view.run))
      return describeEvaluation(view, { pair, task: view.run.task.id }, details)
    }
    case 'sample-run':
      return withPairOfDocument(file, async (pair, id) => {
        const { run, samples } = await pair.samples.readAnswers(id)
        return describeSamples(await measureRun(run, samples))
      })
    case 'comparison':
      return describeComparison(parseAs(SweepComparison, value, argument))
    case 'distances':
      return describeDistances((await parseDocument(value, file, DISTANCES_FORMAT)).document)
    default:
      throw inputError(`${argument} is ${DOCUMENT_NAMES[kind]}, not a result.`, RESULT_HINT)
  }
}

/** Fields that a check written by `slr check --out` has, and a check in a project lacks. */
const CheckOutcome = z.object({
  rho: z.number().default(DEFAULT_RHO),
  verdict: Verdict.nullable().default(null)
})

/** Field that a search written by `slr search --out` has, and a search in a project lacks. */
const SearchOutcome = z.object({ finding: ShownVerdict.nullable().default(null) })

/** Reads the sweep and the check that a project's search started from; both null for a search outside a project. */
async function searchEvidence(file: string, { sweepId, rho, found }: SearchDocument): Promise<SearchEvidence> {
  const promptCount = found[0]?.prompts.length ?? 0
  if (!(await isProject(join(file, '../../../..')))) return { check: null, selection: null, rho, promptCount }
  return withPairOfDocument(file, async (pair) => {
    const { check, selection } = await readCheckedSweep(pair, sweepId, rho)
    return { check, selection, rho, promptCount }
  })
}

function parseAs<T>(schema: z.ZodType<T, unknown>, value: unknown, argument: string): T {
  return requireValid(schema.safeParse(value), (issue) =>
    fileError(`${argument} cannot be read: ${issue}`, RESULT_HINT)
  )
}

/** Opens the project that stores a document, such as `P.slr/pairs/pair-1/evaluations/ID.json`, for viewing. */
async function withPairOfDocument<Result>(
  file: string,
  work: (pair: ProjectPair, id: string) => Promise<Result>
): Promise<Result> {
  const folder = dirname(dirname(file))
  // Earlier versions stored a single pair, with its results directly in the project's folder.
  const project = await openProject((await isProject(folder)) ? folder : dirname(dirname(folder)), 'view')
  try {
    const pair = project.pairs.find((each) => each.folder === folder)
    if (pair !== undefined) return await work(pair, basename(file, '.json'))
    throw notFoundError(`${file} belongs to no pair of ${project.path}.`)
  } finally {
    await project.close()
  }
}

/** `slr show` of several sweeps: compares them. Differences are the second sweep minus the first. */
async function showComparison(
  files: readonly string[],
  { rho, csv, json, quiet, force }: ShowOptions,
  signal: AbortSignal
): Promise<void> {
  const [a, b] = [elementAt(files, 0, 'sweep'), elementAt(files, 1, 'sweep')]
  const more = files.slice(2)
  refuseRepeated(files)
  const table = await csvOutput({ csv, force })
  const [first, second] = [await readSweepWithCheck(a, signal), await readSweepWithCheck(b, signal)]
  const others = await Promise.all(more.map(async (file) => readCompared(await resultPath(file), signal)))
  for (const [index, sweep] of others.entries()) requireOverSources([first.sweep, second.sweep, sweep], more[index])
  const options = { signal, others, ...(rho === undefined ? {} : { rho }) }
  const comparison = await untilStopped({ signal, quiet }, nothingSaved, () => compareSweeps(first, second, options))
  await writeCsvIfAsked(table, () => comparisonTable(comparison), quiet)
  await (json ? printJson('comparison', comparison) : printShown(describeComparison(comparison)))
}

/** Refuses a file that is given twice. @throws WorkbenchError `bad-input` naming the file */
function refuseRepeated(files: readonly string[]): void {
  const paths = files.map((file) => absolutePath(file))
  const repeated = files.find((file, index) => paths.indexOf(absolutePath(file)) < index)
  if (repeated !== undefined) throw inputError(`${repeated} is given twice.`, 'Name each sweep once.')
}

/** Requires sweeps that differ only by their source. @throws WorkbenchError `bad-input` naming the file */
function requireOverSources(sweeps: readonly SweepDocument[], file: string | undefined): void {
  if (areOverSources(sweeps)) return
  throw inputError(
    `${file}: more than two sweeps must differ only by their source.`,
    'Sweep the same pair on the same prompts with --source, without --preview and --split.'
  )
}

async function readCompared(file: string, signal: AbortSignal): Promise<SweepDocument> {
  try {
    return await readSweepFiles(file, signal)
  } catch (error) {
    const content = error instanceof WorkbenchError ? await kindOfFile(file, SWEEP_FORMAT.maxBytes) : null
    if (content === null || content.kind === 'sweep') throw error
    throw inputError(
      `${file} is ${content.is}, and only sweeps are compared.`,
      'Show other results one at a time, or write each with --csv and compare the tables.'
    )
  }
}

/** Reads a sweep, and its full-answer check if there is one beside the file. */
async function readSweepWithCheck(typed: string, signal: AbortSignal): Promise<SweepToCompare> {
  const file = await resultPath(typed)
  const sweep = await readCompared(file, signal)
  return { sweep, check: await readCheckBeside(file, sweep.id) }
}
