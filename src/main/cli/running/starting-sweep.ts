import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { defaultSweepFirst } from '../../../contract/documents/default-sweep'
import type { SweepDocument } from '../../../contract/documents/crc'
import { inputError } from '../../../contract/model/problem'
import type { PairLocation } from '../../../contract/documents/project'
import { resultPath } from '../../base/files/paths'
import type { SweepHistory } from '../../crc/sweep/crc-sweep'
import { openPair } from '../../checkpoint/pair'
import type { PairFolders } from '../../crc/sweep/score-recipes'
import { pairPaths } from '../../project/demo'
import { readSweepFiles } from '../../project/documents/sweep-files'
import type { ProjectPair } from '../../project/pair/project-pair'
import { shellCommand } from '../../report/shown-command'
import { optionGroup, type OptionsOf } from '../options/option-group'
import { text, value } from '../options/option-kinds'
import {
  type DeviceOptions,
  type PairOptions,
  PROMPTS,
  refuseUnused,
  requirePair,
  type RhoOption
} from '../options/options'
import { projectArguments } from '../results/project-to-save'
import { remark } from '../printing/output'
import type { PairResultFile } from '../results/output-file'
import { requireSameIdentity, type WrittenKind } from '../results/replaced-file'
import { triedDevices } from '../../work/devices'
import { SweepWork } from '../../work/sweep'
import { folderContext } from '../../work/work-context'
import type { SavedWork } from './stopped'
import { savedOfSweep, runShown } from './shown-work'

export const startOptions = optionGroup('Start from:').options({
  from: text('<sweep>', 'file of a sweep of all ranges (default: sweep first)'),
  prompts: text('<file>', `of a first sweep: ${PROMPTS}`),
  task: value(z.never(), '<task>', '', refuseTask, { hidden: true })
})
type StartOptions = OptionsOf<typeof startOptions>

/** Refuses `--task`, which users may expect here. */
function refuseTask(): never {
  throw new InvalidArgumentError(
    'The sweep has the task: run slr sweep with --task and --out, then use --from. ' +
      'Checks need a sweep of the character task.'
  )
}

/** Settings of the sweep that is computed first if none exists. */
interface SweepFirst {
  quiet: boolean
  signal: AbortSignal
  /** Returns the stored results that a new sweep can reuse. Not called if the sweep exists already. */
  history: () => SweepHistory | null
  /** Describes what is saved if a new sweep without stored results is stopped. */
  savedWithoutHistory: () => SavedWork
  /** Called with the pair before any work. Throws if other options do not fit the pair. */
  opened?: (pair: PairFolders) => Promise<void>
  /** Options for a new sweep only. They are refused if the sweep exists already. */
  sweepOnlyOptions: readonly string[]
}

/** The command that needs a sweep, with its pair and its output. */
interface StartingFrom {
  command: Command
  projectPair: ProjectPair | null
  givenPair: PairLocation | null
  output: (PairResultFile & { kind: WrittenKind }) | null
}

/** Returns the sweep that a command starts from, with its models: of `--from`, of the project, or a new sweep. */
export async function startingSweep(
  options: StartOptions & RhoOption & PairOptions & DeviceOptions,
  { command, projectPair, givenPair, output }: StartingFrom,
  { quiet, signal, history, savedWithoutHistory, opened, sweepOnlyOptions }: SweepFirst
): Promise<{ pair: PairFolders; sweep: SweepDocument }> {
  const existing = await givenSweep(options, projectPair)
  const location = givenPair ?? projectPair?.document.location ?? null
  if (existing !== null) {
    refuseUnused(
      command,
      sweepOnlyOptions,
      'applies to a new sweep, and one exists: leave it out, or run slr sweep with it'
    )
    if (output !== null) requireSameIdentity(output, output.kind, existing)
    const swept = { base: existing.basePath.path, post: existing.postPath.path }
    const pair = location === null ? swept : pairPaths(location)
    await opened?.(pair)
    return { pair, sweep: existing }
  }
  const pairLocation = location ?? (await requirePair(options, command))
  const pair = pairPaths(pairLocation)
  await opened?.(pair)
  if (output !== null) {
    const { base, post } = await openPair(pair.base, pair.post)
    requireSameIdentity(output, output.kind, { basePath: base.checkpoint, postPath: post.checkpoint })
  }
  if (!quiet) notifyOfPrompts(pairLocation, options, remark)
  const { prompts, rho, device, precision } = options
  const run = await SweepWork.open(
    { prompts, rho, device, precision },
    folderContext(pairLocation),
    triedDevices(signal),
    { history: history() }
  )
  const sweep = await runShown(
    { quiet, signal },
    () => savedOfSweep(run.history, savedWithoutHistory),
    (runtime) => run.compute(runtime)
  )
  return { pair, sweep }
}

/** Prints which built-in prompts a sweep uses, unless `--demo` or `--prompts` determine the prompts. */
export function notifyOfPrompts(
  { kind }: PairLocation,
  { prompts }: { prompts?: string | undefined },
  note: (text: string) => void
): void {
  if (kind === 'demo' || prompts !== undefined) return
  note('Prompts: the built-in set crc for chat models. Use --prompts for another, or --demo for the demo pair.')
}

/** Reads the sweep of `--from` or of the project; null if one has to be computed. */
async function givenSweep({ from }: StartOptions, projectPair: ProjectPair | null): Promise<SweepDocument | null> {
  if (from !== undefined) return readSweepFiles(await resultPath(from))
  return projectPair === null ? null : sweepOfRanges(projectPair)
}

/** Returns the sweep of ranges that represents a project's pair. @throws WorkbenchError `bad-input` without one */
export async function sweepOfRanges(projectPair: ProjectPair): Promise<SweepDocument> {
  for (const { id } of defaultSweepFirst(projectPair.sweeps)) {
    const sweep = await projectPair.readSweep(id)
    if (sweep.ranges.length > 0) return sweep
  }
  const { project, document } = projectPair
  const ofPair = project.pairs.length === 1 ? '' : ` of ${document.name}`
  throw inputError(
    `${project.path} has no sweep of ranges${ofPair} to start from.`,
    `Run "${shellCommand([['slr', 'sweep', ...projectArguments(projectPair)]])}" first.`
  )
}
