import { mkdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { Argument, type Command } from 'commander'
import type { LineageDocument, TriageDocument } from '../../../contract/documents/lineage'
import { freeName } from '../../../contract/model/free-name'
import { elementAt } from '../../../contract/model/look-up'
import { writeProblem } from '../../base/files/atomic-file'
import { isFolder } from '../../base/files/path-kinds'
import { absolutePath } from '../../base/files/paths'
import type { Section } from '../../report/blocks'
import { sectionPage } from '../../report/page'
import { lineageSection, triageSection } from '../../report/sections/lineage'
import { triedDevices } from '../../work/devices'
import {
  comparedStages,
  computeLineage,
  lineageParts,
  openTraining,
  type Training,
  triageDocument,
  triageParts
} from '../../work/lineage'
import { SweepWork } from '../../work/sweep'
import { folderContext } from '../../work/work-context'
import { flag, text, texts } from '../options/option-kinds'
import { optionGroup } from '../options/option-group'
import {
  deviceOptions,
  forceOption,
  memoryOption,
  notifyOfMemory,
  PROMPTS,
  refuseUnused,
  renderingOptions,
  rhoOption,
  samplerOptions,
  usageError
} from '../options/options'
import { requireFittingTask } from '../options/scored-options'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { taskOptions } from '../options/given-task'
import { blocksText } from '../printing/blocks'
import { printJson, printShown, remark } from '../printing/output'
import { csvText } from '../results/csv-file'
import {
  checkOutputFile,
  type OutputFile,
  writeOutputFile,
  writeOutputText,
  writtenWords
} from '../results/output-file'
import { savedThenShown } from '../results/result-context'
import { type CsvTable, lineageTable, triageTable } from '../results/tables'
import { withEngine } from '../running/engine'
import { runShown, savedOfSweep } from '../running/shown-work'
import { nothingSaved, type SavedWork, untilStopped } from '../running/stopped'
import { printPlan } from './sweep-plan'

const lineageOptions = optionGroup('Scores:')
  .options({
    triage: flag('only score each checkpoint by itself, as a curve over the steps of one training'),
    prompts: text('<file>', PROMPTS)
  })
  .and(taskOptions, samplerOptions, rhoOption())
  .heading('Output:')
  .options({
    out: texts('<file>', 'write a table (.csv), a page with figures (.html) or all numbers (.json); repeatable'),
    sweeps: text('<folder>', 'write the sweep of each pair of stages too, for check, search, show and export'),
    fresh: flag('compute everything again, also after a stopped lineage'),
    dryRun: flag('only print the work, memory and time')
  })
  .and(forceOption, renderingOptions, deviceOptions, memoryOption)
type LineageOptions = CommandOptions<typeof lineageOptions>

/** `slr lineage`: compares the checkpoints of one training. */
export const lineageCommand = subcommand(lineageOptions, {
  operands: [new Argument('<stage...>', 'checkpoints in the order of the training: folders, or org/name@revision')],
  run: lineage
})

interface LineageResult {
  readonly kind: 'lineage' | 'triage'
  readonly document: LineageDocument | TriageDocument
  readonly section: Section
  readonly table: CsvTable
}

async function lineage(options: LineageOptions, command: Command, signal: AbortSignal): Promise<void> {
  const { triage, dryRun, fresh, quiet } = options
  if (command.args.length < 2)
    throw usageError(command, 'a lineage has at least two stages: name the earliest first, such as base sft post')
  if (triage) refuseUnused(command, ['rho', 'sweeps'], 'has no effect with --triage, which restores nothing')
  if (dryRun) refuseUnused(command, ['sweeps', 'fresh'], 'has no effect with --dry-run, which computes nothing')
  requireFittingTask(options, command, null)
  const note = quiet ? () => undefined : remark
  notifyOfMemory(options, note)
  const training = await openTraining(command.args)
  const outputs = await openOutputs(options, command)
  const { base, post } = training.folders
  const path = outputs[0]?.output.path
  const work = await SweepWork.open(
    options,
    folderContext({ kind: 'folders', base, post }, path === undefined ? null : { path, sweep: null }),
    triedDevices(signal),
    { fresh, replaced: triage ? triageParts(training) : lineageParts(training) }
  )
  if (dryRun) {
    note('Timing one block ...')
    const plan = await untilStopped({ signal, quiet }, nothingSaved, () =>
      withEngine((engine) => work.plan(engine, signal))
    )
    return printPlan(plan, options)
  }
  const call = { training, work, options, signal }
  const { result, saving } = triage ? await scoreCheckpoints(call) : await scoreStages(call)
  await savedThenShown(
    [...saving, ...outputs.map(({ kind, output }) => writeResult(output, kind, result))],
    () => (options.json ? printJson(result.kind, result.document) : printShown(blocksText(result.section.blocks))),
    () => work.removeProgress()
  )
  for (const { output } of outputs) note(writtenWords(output))
}

interface LineageCall {
  readonly training: Training
  readonly work: SweepWork
  readonly options: LineageOptions
  readonly signal: AbortSignal
}

interface LineageOutcome {
  readonly result: LineageResult
  readonly saving: readonly Promise<void>[]
}

async function scoreCheckpoints({ training, work, options: { quiet }, signal }: LineageCall): Promise<LineageOutcome> {
  const sweep = await runShown(
    { quiet, signal },
    () => savedLineage(work),
    (runtime) => work.compute(runtime)
  )
  const document = triageDocument(training, sweep)
  const [section, table] = [triageSection(document), triageTable(document)]
  return { result: { kind: 'triage', document, section, table }, saving: [] }
}

async function scoreStages({ training, work, options, signal }: LineageCall): Promise<LineageOutcome> {
  const { quiet } = options
  const files = options.sweeps === undefined ? [] : await openSweepFiles(options.sweeps, training, options)
  const { document, sweeps } = await runShown(
    { quiet, signal },
    () => savedLineage(work),
    (runtime) => computeLineage(training, work, runtime)
  )
  const [section, table] = [lineageSection(document), lineageTable(document)]
  const saving = files.map((file, index) => writeOutputFile(file, 'sweep', elementAt(sweeps, index, 'sweep')))
  return { result: { kind: 'lineage', document, section, table }, saving }
}

const savedLineage = ({ history }: SweepWork): SavedWork =>
  savedOfSweep(history, () => ({
    saved: 'Nothing is saved. With --out FILE a lineage can be resumed.',
    resumable: false
  }))

const KINDS: Readonly<Record<string, 'table' | 'page' | 'json'>> = {
  '.csv': 'table',
  '.html': 'page',
  '.json': 'json'
}

interface LineageOutput {
  readonly kind: 'table' | 'page' | 'json'
  readonly output: OutputFile
}

/** Makes sure, before the work, that the files of `--out` can be written. */
async function openOutputs({ out = [], triage, force }: LineageOptions, command: Command): Promise<LineageOutput[]> {
  const outputs: LineageOutput[] = []
  const jsonKind = triage ? 'triage' : 'lineage'
  for (const file of out) {
    const kind = KINDS[extname(file).toLowerCase()]
    if (kind === undefined) throw usageError(command, `--out ${file} has to end in .csv, .html or .json`)
    const output = await checkOutputFile(file, kind === 'json' ? jsonKind : kind, {}, force)
    outputs.push({ kind, output })
  }
  return outputs
}

/** Makes sure, before the work, that a file can be written for the sweep of each pair of stages. */
async function openSweepFiles(
  folder: string,
  training: Training,
  { force }: Pick<LineageOptions, 'force'>
): Promise<OutputFile[]> {
  const names: string[] = []
  for (const { stage, against } of comparedStages(training))
    names.push(freeName(`${fileName(stage.name)}-from-${fileName(against.name)}`, names))
  const path = absolutePath(folder)
  if (!(await isFolder(path)))
    await mkdir(path).catch((error: unknown) => {
      throw writeProblem(path, error)
    })
  return Promise.all(names.map((name) => checkOutputFile(join(path, `${name}.json`), 'sweep', {}, force)))
}

const fileName = (name: string): string => name.replaceAll(/[^\w.@-]/g, '-')

function writeResult(
  output: OutputFile,
  kind: LineageOutput['kind'],
  { kind: documentKind, document, section, table }: LineageResult
): Promise<void> {
  if (kind === 'json') return writeOutputFile(output, documentKind, document)
  return writeOutputText(output, kind === 'table' ? csvText(table) : sectionPage(section, document))
}
