import { csvOutput, writeCsvIfAsked } from '../results/csv-file'
import { sweepTable } from '../results/tables'
import type { AnswerCheck } from '../../../contract/documents/answer-check'
import { rangesToCheck } from '../../crc/check/check-sweep'
import { nextCommandsOf } from '../printing/verdict-report'
import { besideOf, firstCheck } from './sweep-check'
import { changedRendering } from '../../../contract/work/settings'
import { requireOwnSweep } from '../results/own-sweep'
import { triedDevices } from '../../work/devices'
import { SweepWork } from '../../work/sweep'
import { folderPlace, projectPlace } from '../../work/work-place'
import type { Command } from 'commander'
import { DEFAULT_RENDERING, type SweepDocument } from '../../../contract/documents/crc'
import { WorkbenchError } from '../../../contract/model/problem'
import { DEFAULT_RHO, type PairLocation } from '../../../contract/documents/project'
import { DEVICE_LABELS } from '../../../contract/model/device'
import { scoredByWords } from '../../../contract/words/score-words'
import type { Shard } from '../../../contract/documents/sweep-part'
import { builtinSetOf } from '../../crc/task/builtin-prompts'
import { type CrcSweepRequest, prepareSweep, scoredByOf } from '../../crc/sweep/prepare-sweep'
import { computesPreview } from '../../crc/sweep/sweep-stages'
import { findingOfSwept } from '../../project/results/finding-of-selected'
import type { ProjectPair } from '../../project/pair/project-pair'
import { pairIfGiven, requirePair, tellOfMemory, usageError } from '../options/options'
import { printJson, printShown, remark } from '../printing/output'
import { subcommand } from '../options/subcommand'
import { checkSweepFile, type OutputFile, writeOutputFile, writtenWords } from '../results/output-file'
import { inEachPair, openPairToSave, requireSamePair } from '../results/project-to-save'
import { savedThenShown } from '../results/result-places'
import { tellOfPrompts } from '../running/starting-sweep'
import { keptOnlyWithPlace } from '../running/stopped'
import { keptOfSweep, runShown } from '../running/shown-work'
import { checkCommandOf } from '../printing/verdict-report'
import { describePart, describeSweep } from '../printing/sweep-report'
import { throwIfCancelled } from '../../base/files/cancelling'
import { openPair } from '../../checkpoint/pair'
import { requireFittingTask, requireOwnSources } from '../options/scored-options'
import { DEFAULT_SEED } from '../../../contract/model/resampling'
import { requireRangesOfAll, type SweepOptions, sweepOptions } from './sweep-options'
import { mergeSweep } from './sweep-merge'
import { planSweep } from './sweep-plan'

/** `slr sweep`: scores every restoration range, or the given recipes, and selects a range. */
export const sweepCommand = subcommand(sweepOptions, {
  run: sweep
})

async function sweep(options: SweepOptions, command: Command, signal: AbortSignal): Promise<void> {
  if (options.merge !== undefined) return mergeSweep(options.merge, options, command)
  if (options.dryRun) return planSweep(options, command, signal)
  if (options.shard !== undefined) requirePlaceForPart(options, command)
  requireOwnSources(options, command)
  if (options.preview) requireRangesOfAll(options, command)
  const givenPair = pairIfGiven(options, command)
  const tell = options.quiet ? () => undefined : remark
  if (options.all) {
    await inEachPair(requireProjectOfAll(options, givenPair, command), signal, tell, (own) =>
      sweepPair(own.document.location, own, { options, command, tell, signal })
    )
    return
  }
  const own = await openPairToSave(options, command, tell)
  try {
    await requireSamePair(givenPair, own)
    const pair = givenPair ?? own?.document.location ?? requirePair(options, command)
    await sweepPair(pair, own, { options, command, tell, signal })
  } finally {
    await own?.project.close()
  }
}

interface SweepCall {
  options: SweepOptions
  command: Command
  tell: (text: string) => void
  signal: AbortSignal
}

async function sweepPair(
  pair: PairLocation,
  own: ProjectPair | null,
  { options, command, tell, signal }: SweepCall
): Promise<void> {
  const { prompts, recipes, task } = options
  const kind = options.shard === undefined ? 'sweep' : 'sweep-part'
  const output =
    options.out === undefined
      ? null
      : await checkSweepFile(options.out, kind, { prompts, recipes, task }, options.force)
  const beside = output === null ? null : await besideOf(output, options)
  const table = await csvOutput(options)
  tellOfMemory(options, tell)
  requireFittingTask(options, command, own)
  const held = output?.sweep ?? null
  const place = own === null ? folderPlace(pair, output) : projectPlace(own, output, pair)
  const run = await SweepWork.open(options, place, triedDevices(signal), { fresh: options.fresh })
  const { request } = run
  if (options.project !== undefined && options.task === undefined && options.prompts === undefined) {
    tell(`Scored by ${scoredByWords(scoredByOf(request))}, as the project chooses (--task takes another).`)
  }
  if (own === null && options.task === undefined) tellOfPrompts(pair, options, tell)
  tellOfDevice(request, tell)
  if (output !== null) {
    if (options.preview && held !== null) await refuseToKeepLess(output.path, held, request)
    await requireOwnSweep(output, kind, request, options.shard)
  }
  if (options.shard !== undefined) {
    await sweepShard(run, options.shard, { options, output, tell, signal })
    return
  }
  const document = await runShown(
    { quiet: options.quiet, signal },
    () => keptOfSweep(run.history, keptOnlyWithPlace('sweep')),
    (means) => run.compute(means)
  )
  throwIfCancelled(signal, 'The sweep')
  // Whichever place fails, the others get the result: it may have taken hours.
  const keeping = run.keep(document)
  const saving = [keeping, ...(output === null ? [] : [writeOutputFile(output, 'sweep', document)])]
  const failure = await failureOf(
    savedThenShown(
      saving,
      () => Promise.resolve(),
      () => run.forget()
    )
  )
  const carried = await keeping.catch(() => null)
  const check =
    failure !== null || !isCheckable(document, options)
      ? carried
      : ((await firstCheck(document, request, { own, output, beside, options, signal })) ?? carried)
  await writeCsvIfAsked(table, () => sweepTable(document), options.quiet)
  await showSwept(document, check, own, options)
  if (output !== null) tell(writtenOver(output, held, document))
  if (own !== null) tell(`Saved in ${own.project.path} as sweep ${document.id}`)
  if (failure !== null) throw failure
}

async function failureOf(work: Promise<void>): Promise<unknown> {
  try {
    await work
    return null
  } catch (error) {
    return error
  }
}

/** Whether a sweep has ranges that a full-answer check can look at. A preview is for screening, and a task has full answers scored. */
const isCheckable = (
  { scoredBy, selection, preview }: SweepDocument,
  { check }: Pick<SweepOptions, 'check'>
): boolean => check && scoredBy.kind === 'crc' && preview === null && (selection?.selected ?? null) !== null

async function showSwept(
  document: SweepDocument,
  check: AnswerCheck | null,
  own: ProjectPair | null,
  options: SweepOptions
): Promise<void> {
  if (options.json) return printJson('sweep', check === null ? document : { ...document, check })
  const named = options.all && own !== null ? { pair: own.document.name } : {}
  const place = { ...options, ...named }
  const { selection } = document
  const isAllChecked = selection !== null && rangesToCheck(document, check, selection.rho, 1).length === 0
  await printShown(
    describeSweep(
      document,
      check,
      (selected) => nextCommandsOf(place, checkAfter(options, named), selected),
      {
        ...{ promptSet: await builtinSetOf(document.prompts), details: options.details, isAllChecked },
        evaluation: await findingOfSwept(own, document, check)
      }
    )
  )
}

/** Until it is ready there is nothing to tell of how the sweep gets on. */
function tellOfDevice({ device }: CrcSweepRequest, tell: (text: string) => void): void {
  if (device === undefined || device.device === 'cpu') return
  tell(
    `Computing on ${DEVICE_LABELS[device.device]}, which is made ready first; where it is emulated in software that takes a minute.`
  )
}

/** What is of one pair or one result does not go with all pairs. @returns the project whose pairs are all meant */
function requireProjectOfAll(options: SweepOptions, given: PairLocation | null, command: Command): string {
  if (options.project === undefined)
    throw usageError(command, '--all sweeps the pairs of a project: give --project FOLDER too')
  const { pair, out, shard, recipes, checkpoint, source } = options
  const [of] = Object.entries({ pair, out, shard, recipes, checkpoint, source }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`]
  )
  const one = given !== null ? 'a pair' : options.json ? '--json' : of
  if (one !== undefined) {
    throw usageError(
      command,
      `--all sweeps every pair of the project, and ${one} is of one: leave one of them out`
    )
  }
  return options.project
}

/** The command that checks what a sweep of these options has found. */
export function checkAfter(options: SweepOptions, named: { pair?: string } = {}): string {
  return checkCommandOf({ ...options, ...named, demo: isPlainDemo(options) })
}

/** Whether another command that sweeps the demo first would make the same sweep. */
function isPlainDemo({ demo, prompts, task, recipes, countLeadingSpace, ...options }: SweepOptions): boolean {
  const {
    source = 'base',
    rho = DEFAULT_RHO,
    seed = DEFAULT_SEED,
    preview,
    uniformBlends,
    checkpoint,
    precision
  } = options
  const given = [prompts, task, recipes, countLeadingSpace, uniformBlends, checkpoint, precision]
  const settled = source === 'base' && rho === DEFAULT_RHO && seed === DEFAULT_SEED && !preview
  const plain = settled && given.every((value) => value === undefined)
  const rendering = changedRendering(options, DEFAULT_RENDERING)
  return demo && plain && JSON.stringify(rendering) === JSON.stringify(DEFAULT_RENDERING)
}

/** A part is no sweep that a project could show, and one that is not written down is lost. */
function requirePlaceForPart(options: SweepOptions, command: Command): void {
  if (options.project !== undefined) {
    throw usageError(
      command,
      '--shard and --project do not go together: save the merged sweep in the project'
    )
  }
  if (options.out === undefined && !options.json) {
    throw usageError(command, '--shard needs --out FILE (or --json): --merge needs the part')
  }
}

/** @throws WorkbenchError `bad-input` where a preview would take the place of a whole sweep of ranges */
async function refuseToKeepLess(path: string, sweep: SweepDocument, request: CrcSweepRequest): Promise<void> {
  const isWhole = sweep.preview === null && sweep.ranges.length > 0
  if (!isWhole || !computesPreview(await prepareSweep(request, await openPair(request.base, request.post))))
    return
  throw new WorkbenchError(
    'bad-input',
    `${path} holds a whole sweep, and a preview would replace it by less.`,
    'Name another file with --out, or sweep without --preview.'
  )
}

/** What is said of the file that is written. */
function writtenOver(output: OutputFile, held: SweepDocument | null, { preview }: SweepDocument): string {
  const replaced = held !== null && held.preview !== null && preview === null
  return replaced ? `Replaced the preview in ${output.path} by the whole sweep` : writtenWords(output)
}

interface ShardCall {
  options: SweepOptions
  output: OutputFile | null
  tell: (text: string) => void
  signal: AbortSignal
}

async function sweepShard(
  run: SweepWork,
  shard: Shard,
  { options, output, tell, signal }: ShardCall
): Promise<void> {
  const part = await runShown(
    { quiet: options.quiet, signal },
    () => keptOfSweep(run.history, keptOnlyWithPlace('sweep')),
    (means) => run.computeShard(shard, means)
  )
  throwIfCancelled(signal, 'The sweep')
  await savedThenShown(
    output === null ? [] : [writeOutputFile(output, 'sweep-part', part)],
    () => (options.json ? printJson('sweep-part', part) : printShown(describePart(part))),
    () => run.forget()
  )
  if (output !== null) tell(writtenWords(output))
}
