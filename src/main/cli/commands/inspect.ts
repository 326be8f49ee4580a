import { withBytesShown } from '../running/progress'
import { plural } from '../../../contract/words/format'
import type { Finding, PairReport } from '../../../contract/documents/pair'
import type { ChecksumsDocument } from '../../../contract/documents/checksums'
import { describeNonFinite, type PairValues } from '../../../contract/documents/non-finite'
import { CHECKPOINT_FACTS } from '../../../contract/words/checkpoint-facts'
import { fileError, mismatchError, notFoundError, WorkbenchError } from '../../../contract/model/problem'
import { distanceRows, type DistancesDocument } from '../../../contract/documents/distances'
import { postTextFolder } from '../../checkpoint/model-folder'
import { inspectPair } from '../../checkpoint/pair'
import { recentTextModel } from '../../text/recent-text-models'
import { pairPaths } from '../../project/demo'
import { computeChecksums, findNonFinite, computeDistances } from '../../readings/host'
import type { PairFolders } from '../../crc/sweep/score-recipes'
import { findPairs } from '../../checkpoint/local-pairs'
import { modelFolders } from '../../project/pair/model-folders'
import { isFolder } from '../../base/files/path-kinds'
import { absolutePath } from '../../base/files/paths'
import { forceOption, pairIfGiven, pairOptions, refuseUnused } from '../options/options'
import { flag, texts } from '../options/option-kinds'
import { bytes, count, printable, printJson, printShown, remark, style, table } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { writeCsvFile } from '../results/csv-file'
import { checkOutputFile } from '../results/output-file'
import { nothingSaved, untilStopped } from '../running/stopped'
import { optionGroup } from '../options/option-group'
import { describeDistances, distanceOptions } from './inspect-distances'

const machineOptions = optionGroup('Without a pair:').options({
  in: texts('<folder...>', 'list pairs in these folders instead of the usual ones')
})

async function listLocalPairs(options: InspectOptions, signal: AbortSignal): Promise<void> {
  const { json, quiet } = options
  const folders = options.in?.map((path) => absolutePath(path)) ?? (await modelFolders())
  for (const folder of options.in === undefined ? [] : folders) {
    if (!(await isFolder(folder))) throw notFoundError(`There is no folder ${folder}.`)
  }
  const foundPairs = await findPairs(folders, signal)
  if (json) return printJson('pairs', foundPairs)
  const rows = foundPairs.pairs.map((pair) => {
    const { postName, baseName, family, layers, by } = pair
    return [postName, baseName, family, count(layers), bytes(pair.bytes), by]
  })
  if (rows.length === 0) await printShown(`No pair was found in ${foundPairs.folders.join(', ')}.`)
  else await printShown(table([['post', 'base', 'family', 'layers', 'size', 'joined by'], ...rows], 'lllrrl'))
  if (quiet) return
  for (const { folder, reason } of foundPairs.leftOut) remark(`${folder}: ${reason}`)
  if (foundPairs.cutShort) remark('The search was cut short, because there are too many folders.')
}

const inspectOptions = pairOptions
  .heading('Also read the weights:')
  .and(distanceOptions, forceOption)
  .options({
    values: flag('list tensors with NaN or infinity'),
    sha256: flag('print the SHA-256 of every weight file')
  })
  .and(machineOptions)
type InspectOptions = CommandOptions<typeof inspectOptions>

/** `slr inspect`: checks a pair, or lists the pairs on this machine. */
export const inspectCommand = subcommand(inspectOptions, {
  async run(options, command, signal) {
    const pair = await pairIfGiven(options, command)
    if (pair === null) {
      refuseUnused(
        command,
        ['distances', 'metric', 'csv', 'values', 'sha256'],
        'needs a pair: give --base FOLDER and --post FOLDER, or --demo'
      )
      return listLocalPairs(options, signal)
    }
    refuseUnused(command, ['in'], 'lists pairs, and one is named: leave one of them out')
    if (!options.distances) refuseUnused(command, ['metric', 'csv'], 'needs --distances')
    if (options.json) refuseUnused(command, ['metric'], 'has no effect with --json, which has every metric')
    await inspect(pairPaths(pair), options, signal)
  }
})

/** Results of reading the weights. Each is null if it was not requested. */
interface WeightFacts {
  readonly checksums: PairChecksums | null
  readonly values: PairValues | null
  readonly distances: DistancesDocument | null
}

/** Prints facts on the pair. @throws WorkbenchError `mismatch` for an unfit pair, so that scripts can test it */
async function inspect(folders: PairFolders, options: InspectOptions, signal: AbortSignal): Promise<void> {
  const { base, post } = folders
  const output = options.csv === undefined ? null : await checkOutputFile(options.csv, 'table', {}, options.force)
  const { report, unreadable } = await withTokenizer(await inspectPair(base, post))
  const { quiet } = options
  const facts = await untilStopped({ signal, quiet }, nothingSaved, async () => ({
    checksums: options.sha256 ? await pairChecksums(folders, quiet, signal) : null,
    values: options.values
      ? await withBytesShown(quiet, 'reading', (onProgress) => findNonFinite(folders, signal, onProgress))
      : null,
    distances:
      options.distances && report.compatible
        ? await withBytesShown(quiet, 'comparing', (onProgress) => computeDistances(folders, signal, onProgress))
        : null
  }))
  if (output !== null && facts.distances !== null) {
    await writeCsvFile(output, distanceRows(facts.distances), quiet)
  }
  if (options.json) await printJson('pair', { ...report, ...jsonFacts(facts) })
  else await printShown(describeInspected(report, facts, options))
  if (!report.compatible) throw unfitPair(report)
  if (facts.values !== null) requireFinite(facts.values)
  if (unreadable !== null) throw unreadable
}

const jsonFacts = ({ checksums, values, distances }: WeightFacts): object => ({
  ...(checksums === null ? {} : { sha256: checksums }),
  ...(values === null ? {} : { values }),
  ...(distances === null ? {} : { distances })
})

function describeInspected(
  report: PairReport,
  { checksums, values, distances }: WeightFacts,
  { metric }: InspectOptions
): string {
  return [
    describeReport(report),
    values === null ? UNSEEN_VALUES : describeValues(values),
    ...(distances === null ? [] : ['', describeDistances(distances, metric)]),
    ...(checksums === null ? [] : ['', describeChecksums(checksums)])
  ].join('\n')
}

function unfitPair({ findings }: PairReport): WorkbenchError {
  const errors = findings.filter((finding) => finding.severity === 'error')
  return mismatchError(
    `base and post do not fit together: ${errors[0]?.message ?? 'see the findings'}`,
    errors.length > 1 ? `There are ${plural(errors.length, 'error')} in all.` : undefined
  )
}

/**
 * Loads post's tokenizer, and adds a finding to the report if it cannot be used.
 *
 * @returns the report, and the error of a tokenizer without an earlier finding; null for none
 */
async function withTokenizer(report: PairReport): Promise<{ report: PairReport; unreadable: WorkbenchError | null }> {
  if (!report.post.hasTokenizer) return { report, unreadable: null }
  try {
    await recentTextModel(await postTextFolder({ base: report.base.path, post: report.post.path }))
    return { report, unreadable: null }
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error
    // The report already has a finding on the chat template.
    if (report.findings.some(({ message }) => message.endsWith(error.message))) return { report, unreadable: null }
    const finding: Finding = {
      severity: 'error',
      message: `Prompts cannot be computed: the tokenizer of post cannot be used. ${error.message}`
    }
    const unreadable = fileError(finding.message, 'Take the tokenizer.json of the model itself.')
    return { report: { ...report, findings: [finding, ...report.findings] }, unreadable }
  }
}

type PairChecksums = Record<'base' | 'post', Pick<ChecksumsDocument['files'][number], 'name' | 'sha256'>[]>

async function pairChecksums(folders: PairFolders, quiet: boolean, signal: AbortSignal): Promise<PairChecksums> {
  const documents = await withBytesShown(quiet, 'hashing', (onProgress) =>
    computeChecksums(folders, signal, onProgress)
  )
  const filesOf = (index: number): PairChecksums['base'] =>
    documents[index]?.files.map(({ name, sha256 }) => ({ name, sha256 })) ?? []
  return { base: filesOf(0), post: filesOf(1) }
}

/** Formats checksums like sha256sum, for comparison with a list. */
function describeChecksums(checksums: PairChecksums): string {
  const lines = (['base', 'post'] as const).flatMap((member) =>
    checksums[member].map(({ name, sha256 }) => `${sha256}  ${member}/${printable(name)}`)
  )
  return lines.join('\n')
}

const UNSEEN_VALUES = 'The weights were not read. --values checks that all are finite.'

function describeValues({ base, post, bytesRead }: PairValues): string {
  const problems = [...base, ...post].map((tensor) =>
    describeFinding({ severity: 'error', message: `${tensor.file}: ${describeNonFinite(tensor)}.` })
  )
  return problems.length > 0 ? problems.join('\n') : `All weights are finite (${bytes(bytesRead)} read).`
}

function requireFinite({ base, post }: PairValues): void {
  const problems = [...base, ...post]
  const [first] = problems
  if (first === undefined) return
  const verb = problems.length === 1 ? 'has' : 'have'
  throw fileError(
    `${plural(problems.length, 'tensor')} ${verb} values that are not finite, ` +
      `such as "${first.tensor}" of ${first.file}.`,
    'Models with these tensors cannot be computed. Fetch or write the files again.'
  )
}

function describeReport({ base, post, compatible, findings }: PairReport): string {
  const facts = CHECKPOINT_FACTS.map(([name, value]) => [name, value(base), value(post)])
  const comparison = table([['', 'base', 'post'], ['folder', base.path, post.path], ...facts], 'lll')
  const takesPrompts = post.hasTokenizer && findings.every(({ severity }) => severity !== 'error')
  const verdict = compatible
    ? style('bold', `Base and post fit together${takesPrompts ? '.' : ', but no prompt can be computed.'}`)
    : style('red', 'Base and post do not fit together.')
  return [comparison, verdict, ...findings.map(describeFinding)].join('\n')
}

function describeFinding({ severity, message }: Finding): string {
  const label = severity === 'note' ? severity : style(severity === 'error' ? 'red' : 'yellow', severity)
  return `${label}: ${printable(message)}`
}
