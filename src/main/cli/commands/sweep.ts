import type { Command } from 'commander'
import { type AnswerCheck, CHECKED_AT_ONCE } from '../../../contract/documents/answer-check'
import { changedRendering } from '../../../contract/work/settings'
import { DEFAULT_RENDERING, type SweepDocument } from '../../../contract/documents/crc'
import { inputError } from '../../../contract/model/problem'
import { DEFAULT_RHO, type PairLocation } from '../../../contract/documents/project'
import { DEVICE_LABELS } from '../../../contract/model/device'
import { scoredByWords } from '../../../contract/words/score-words'
import type { Shard } from '../../../contract/documents/sweep-part'
import { DEFAULT_SEED } from '../../../contract/model/resampling'
import { rangesToCheck } from '../../crc/check/check-sweep'
import { triedDevices } from '../../work/devices'
import { SweepWork } from '../../work/sweep'
import { folderContext, projectContext } from '../../work/work-context'
import { builtinSetOf } from '../../crc/task/builtin-prompts'
import { type CrcSweepRequest, prepareSweep, scoredByOf } from '../../crc/sweep/prepare-sweep'
import { computesPreview } from '../../crc/sweep/sweep-stages'
import { findingOfSwept, storedVerdict } from '../../project/results/finding-of-selected'
import type { ProjectPair } from '../../project/pair/project-pair'
import { throwIfCancelled } from '../../base/files/cancelling'
import { openPair } from '../../checkpoint/pair'
import { runCooperatively } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import type { PairFolders } from '../../crc/sweep/score-recipes'
import { CheckWork } from '../../work/check'
import { csvOutput, writeCsvIfAsked } from '../results/csv-file'
import { sweepTable } from '../results/tables'
import { checkCommandOf, nextCommandsOf, pairOfResult } from '../printing/verdict-report'
import { requireSameIdentity, requireSameSweep } from '../results/replaced-file'
import { notifyOfMemory, pairIfGiven, refuseUnused, requirePair, usageError } from '../options/options'
import { printJson, printShown, remark } from '../printing/output'
import { subcommand } from '../options/subcommand'
import {
  checkOutputFile,
  checkSweepFile,
  type OutputFile,
  type PairResultFile,
  writeOutputFile,
  writtenWords
} from '../results/output-file'
import { inEachPair, openPairToSave, requireSamePair } from '../results/project-to-save'
import { savedThenShown } from '../results/result-context'
import { notifyOfPrompts } from '../running/starting-sweep'
import { savedOnlyWithOutput, type SavedWork } from '../running/stopped'
import { withOneEngine } from '../running/engine'
import { runShown, savedOfSweep } from '../running/shown-work'
import { describePart, describeSweep } from '../printing/sweep-report'
import { requireFittingTask, requireOwnSources } from '../options/scored-options'
import { checkFileBeside } from '../results/check-beside'
import { requireRangesOfAll, type SweepOptions, sweepOptions } from './sweep-options'
import { printSweepPlan } from './sweep-plan'
import { mergeParts } from '../../crc/sweep/merge-parts'
import { readPartFile } from '../../project/documents/part-file'
import { absolutePath } from '../../base/files/paths'
import { keepSweep } from '../../project/results/keep-sweep'
import { requirePairOfSweep } from '../../project/results/pair-of-sweep'

/** `slr sweep`: scores all ranges of layers, selects one, and checks the best on full answers. */
export const sweepCommand = subcommand(sweepOptions, {
  ofPair: true,
  run: (options, command, signal) => withOneEngine(() => sweep(options, command, signal))
})

async function sweep(options: SweepOptions, command: Command, signal: AbortSignal): Promise<void> {
  if (options.merge !== undefined) return mergeSweep(options.merge, options, command)
  if (options.dryRun) return printSweepPlan(options, command, signal)
  if (options.shard !== undefined) requireOutputForPart(options, command)
  requireOwnSources(options, command)
  if (options.preview) requireRangesOfAll(options, command)
  const givenPair = await pairIfGiven(options, command)
  const note = options.quiet ? () => undefined : remark
  if (options.all) {
    await inEachPair(requireProjectOfAll(options, givenPair, command), signal, note, (projectPair) =>
      sweepPair(projectPair.document.location, projectPair, { options, command, note, signal })
    )
    return
  }
  const projectPair = await openPairToSave(options, command, note)
  try {
    await requireSamePair(givenPair, projectPair)
    const pair = givenPair ?? projectPair?.document.location ?? (await requirePair(options, command))
    await sweepPair(pair, projectPair, { options, command, note, signal })
  } finally {
    await projectPair?.project.close()
  }
}

interface SweepCall {
  options: SweepOptions
  command: Command
  note: (text: string) => void
  signal: AbortSignal
}

async function sweepPair(
  pair: PairLocation,
  projectPair: ProjectPair | null,
  { options, command, note, signal }: SweepCall
): Promise<void> {
  const { prompts, recipes, task } = options
  const kind = options.shard === undefined ? 'sweep' : 'sweep-part'
  const output =
    options.out === undefined
      ? null
      : await checkSweepFile(options.out, kind, { prompts, recipes, task }, options.force)
  const checkOutput = output === null ? null : await checkOutputBeside(output, options)
  const table = await csvOutput(options)
  notifyOfMemory(options, note)
  requireFittingTask(options, command, projectPair)
  const existing = output?.sweep ?? null
  const context = projectPair === null ? folderContext(pair, output) : projectContext(projectPair, output, pair)
  const run = await SweepWork.open(options, context, triedDevices(signal), { fresh: options.fresh })
  const { request } = run
  if (options.project !== undefined && options.task === undefined && options.prompts === undefined) {
    note(`Scored by ${scoredByWords(scoredByOf(request))}, as set in the project. Use --task for another.`)
  }
  if (projectPair === null && options.task === undefined) notifyOfPrompts(pair, options, note)
  notifyOfDevice(request, note)
  if (output !== null) {
    if (options.preview && existing !== null) await refuseReplacingFullSweep(output.path, existing, request)
    await requireSameSweep(output, kind, request, options.shard)
  }
  if (options.shard !== undefined) {
    await sweepShard(run, options.shard, { options, output, note, signal })
    return
  }
  const document = await runShown(
    { quiet: options.quiet, signal },
    () => savedOfSweep(run.history, savedOnlyWithOutput('sweep')),
    (runtime) => run.compute(runtime)
  )
  throwIfCancelled(signal, 'The sweep')
  // The project and the file get the result even if one fails, because it may have taken hours.
  const storing = run.keep(document)
  const saving = [storing, ...(output === null ? [] : [writeOutputFile(output, 'sweep', document)])]
  const failure = await failureOf(
    savedThenShown(
      saving,
      () => Promise.resolve(),
      () => run.removeProgress()
    )
  )
  // Storing a sweep returns the check of an earlier sweep if it is also valid for this one.
  let check = await storing.catch(() => null)
  if (failure === null && isCheckable(document, options)) {
    const call = { projectPair, output, checkOutput, options, signal }
    check = (await firstCheck(document, request, call)) ?? check
  }
  await writeCsvIfAsked(table, () => sweepTable(document), options.quiet)
  await showSwept(document, check, projectPair, options)
  if (output !== null) note(writtenOver(output, existing, document))
  if (projectPair !== null) note(`Saved in ${projectPair.project.path} as sweep ${document.id}`)
  if (failure !== null) throw failure
}

/** Waits for work. @returns its error; null if it succeeds */
async function failureOf(work: Promise<void>): Promise<unknown> {
  try {
    await work
    return null
  } catch (error) {
    return error
  }
}

/**
 * Reports whether the sweep is followed by a full-answer check. Previews are not checked, and sweeps by a task score
 * full answers already.
 */
const isCheckable = (
  { scoredBy, selection, preview }: SweepDocument,
  { check }: Pick<SweepOptions, 'check'>
): boolean => check && scoredBy.kind === 'crc' && preview === null && (selection?.selected ?? null) !== null

async function showSwept(
  document: SweepDocument,
  check: AnswerCheck | null,
  projectPair: ProjectPair | null,
  options: SweepOptions
): Promise<void> {
  if (options.json) return printJson('sweep', check === null ? document : { ...document, check })
  const named = options.all && projectPair !== null ? { pair: projectPair.document.name } : {}
  const resultOptions = { ...options, demo: pairOfResult(document).demo, ...named }
  const { selection } = document
  const isAllChecked = selection !== null && rangesToCheck(document, check, selection.rho, 1).length === 0
  await printShown(
    describeSweep(document, check, (selected) => nextCommandsOf(resultOptions, checkAfter(options, named), selected), {
      promptSet: await builtinSetOf(document.prompts),
      details: options.details,
      isAllChecked,
      evaluation: await findingOfSwept(projectPair, document, check)
    })
  )
}

/** Prints that a GPU is prepared, because the first progress follows only later. */
function notifyOfDevice({ device }: CrcSweepRequest, note: (text: string) => void): void {
  if (device === undefined || device.device === 'cpu') return
  note(`Preparing ${DEVICE_LABELS[device.device]}. An emulated device takes a minute.`)
}

/** Refuses options that are for a single pair together with `--all`. @returns path of the project */
function requireProjectOfAll(options: SweepOptions, givenPair: PairLocation | null, command: Command): string {
  if (options.project === undefined)
    throw usageError(command, '--all sweeps the pairs of a project: give --project FOLDER too')
  const { pair, out, shard, recipes, checkpoint, source } = options
  const forOnePair = Object.entries({ pair, out, shard, recipes, checkpoint, source }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`]
  )
  if (options.json) forOnePair.unshift('--json')
  if (givenPair !== null) forOnePair.unshift('a pair')
  const [option] = forOnePair
  if (option === undefined) return options.project
  throw usageError(command, `--all sweeps every pair of the project, and ${option} is of one: leave one of them out`)
}

/** Returns the command that checks a sweep after it. @param named the pair of a project, if it has several */
export function checkAfter(options: SweepOptions, named: { pair?: string }): string {
  return checkCommandOf({ ...options, ...named, demo: hasDefaultSettings(options) ? options.demo : undefined })
}

/** Reports whether `slr check` without `--from` would begin with a sweep of the same settings. */
function hasDefaultSettings(options: SweepOptions): boolean {
  const { prompts, task, recipes, countLeadingSpace, uniformBlends, checkpoint, precision } = options
  const settings = [prompts, task, recipes, countLeadingSpace, uniformBlends, checkpoint, precision]
  if (options.preview || settings.some((value) => value !== undefined)) return false
  if ((options.source ?? 'base') !== 'base' || (options.rho ?? DEFAULT_RHO) !== DEFAULT_RHO) return false
  const rendering = changedRendering(options, DEFAULT_RENDERING)
  const hasDefaultRendering = JSON.stringify(rendering) === JSON.stringify(DEFAULT_RENDERING)
  return hasDefaultRendering && (options.seed ?? DEFAULT_SEED) === DEFAULT_SEED
}

/** Requires a file for a part of a sweep. Projects store complete sweeps only, and an unsaved part would be lost. */
function requireOutputForPart(options: SweepOptions, command: Command): void {
  if (options.project !== undefined) {
    throw usageError(command, '--shard and --project do not go together: save the merged sweep in the project')
  }
  if (options.out === undefined && !options.json) {
    throw usageError(command, '--shard needs --out FILE (or --json): --merge needs the part')
  }
}

/** Refuses a preview in place of a sweep of all ranges. */
async function refuseReplacingFullSweep(path: string, sweep: SweepDocument, request: CrcSweepRequest): Promise<void> {
  const isWhole = sweep.preview === null && sweep.ranges.length > 0
  if (!isWhole || !computesPreview(await prepareSweep(request, await openPair(request.base, request.post)))) return
  throw inputError(
    `A preview would replace the full sweep in ${path}.`,
    'Name another file with --out, or sweep without --preview.'
  )
}

function writtenOver(output: OutputFile, existing: SweepDocument | null, { preview }: SweepDocument): string {
  const replaced = existing !== null && existing.preview !== null && preview === null
  return replaced ? `Replaced the preview in ${output.path} by the full sweep` : writtenWords(output)
}

interface ShardCall {
  options: SweepOptions
  output: OutputFile | null
  note: (text: string) => void
  signal: AbortSignal
}

async function sweepShard(run: SweepWork, shard: Shard, { options, output, note, signal }: ShardCall): Promise<void> {
  const part = await runShown(
    { quiet: options.quiet, signal },
    () => savedOfSweep(run.history, savedOnlyWithOutput('sweep')),
    (runtime) => run.computeShard(shard, runtime)
  )
  throwIfCancelled(signal, 'The sweep')
  await savedThenShown(
    output === null ? [] : [writeOutputFile(output, 'sweep-part', part)],
    () => (options.json ? printJson('sweep-part', part) : printShown(describePart(part))),
    () => run.removeProgress()
  )
  if (output !== null) note(writtenWords(output))
}

interface CheckAfterSweep {
  readonly projectPair: ProjectPair | null
  readonly output: OutputFile | null
  readonly checkOutput: PairResultFile | null
  readonly options: SweepOptions
  readonly signal: AbortSignal
}

/**
 * Makes sure, before the sweep, that the file of its full-answer check can be written.
 *
 * @returns the file beside that of the sweep; null if no check follows the sweep
 */
async function checkOutputBeside(
  { path }: OutputFile,
  { check, shard, recipes, preview, force }: SweepOptions
): Promise<PairResultFile | null> {
  if (!check || preview || shard !== undefined || recipes !== undefined) return null
  return checkOutputFile(checkFileBeside(path), 'check', {}, force)
}

/** Runs the full-answer check of a saved sweep's best ranges. @returns null if an earlier check contains them all */
async function firstCheck(
  sweep: SweepDocument,
  folders: PairFolders,
  { projectPair, output, checkOutput, options, signal }: CheckAfterSweep
): Promise<AnswerCheck | null> {
  const rho = sweep.selection?.rho
  if (rho === undefined) return null
  const { base, post } = folders
  const work = await CheckWork.first({ base, post }, sweep, { rho, best: CHECKED_AT_ONCE }, projectPair)
  if (work.isComplete) return null
  const check = await runShown(
    { signal, quiet: options.quiet },
    () => savedOfSwept(projectPair, output),
    (runtime) => work.compute(runtime)
  )
  await work.keep(check)
  if (checkOutput !== null) {
    const selection = await runCooperatively(checkedSelection(sweep, check, rho))
    const verdict = await storedVerdict(projectPair, sweep, check, selection)
    await writeOutputFile(checkOutput, 'check', { ...check, rho, verdict })
  }
  return check
}

function savedOfSwept(projectPair: ProjectPair | null, output: OutputFile | null): SavedWork {
  const savedPath = projectPair?.project.path ?? output?.path
  return {
    saved:
      savedPath === undefined ? 'Nothing is saved.' : `The sweep is saved in ${savedPath}, and nothing of its check.`,
    resumable: false
  }
}

/** Options that a merge reads. All other settings are those of the parts. */
const MERGE_OPTIONS = ['merge', 'rho', 'seed', 'out', 'force', 'project', 'pair', 'details', 'csv', 'json', 'quiet']

/** `slr sweep --merge`: joins the parts of a sweep, without reading the models. */
async function mergeSweep(files: readonly string[], options: SweepOptions, command: Command): Promise<void> {
  const others = command.options.map((option) => option.attributeName())
  refuseUnused(
    command,
    others.filter((name) => !MERGE_OPTIONS.includes(name)),
    'has no effect with --merge, which joins finished parts'
  )
  const note = options.quiet ? () => undefined : remark
  const output = options.out === undefined ? null : await checkOutputFile(options.out, 'sweep', {}, options.force)
  if (output !== null && files.map((path) => absolutePath(path)).includes(output.path)) {
    throw usageError(command, '--out names one of the parts')
  }
  const parts = []
  for (const file of files) parts.push({ file, part: await readPartFile(file) })
  const document = mergeParts(parts, { rho: options.rho, seed: options.seed })
  if (output !== null) requireSameIdentity(output, 'sweep', document)
  const table = await csvOutput(options)
  const projectPair = await openPairToSave(options, command, note)
  try {
    if (projectPair !== null && !(await requirePairOfSweep(projectPair, document))) note(pairNotCompared(projectPair))
    if (output !== null) await writeOutputFile(output, 'sweep', document)
    await writeCsvIfAsked(table, () => sweepTable(document), options.quiet)
    const check = projectPair === null ? null : await keepSweep(projectPair, document)
    await showSwept(document, check, projectPair, options)
    if (output !== null) note(writtenWords(output))
    if (projectPair !== null) note(`Saved in ${projectPair.project.path} as sweep ${document.id}`)
  } finally {
    await projectPair?.project.close()
  }
}

const pairNotCompared = ({ project }: ProjectPair): string =>
  `The pair of the parts was not compared: ${project.path} has no results, and its models cannot be read.`
