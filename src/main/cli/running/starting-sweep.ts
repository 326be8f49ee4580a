import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { defaultSweepFirst } from '../../../contract/documents/answering-sweep'
import type { SweepDocument } from '../../../contract/documents/crc'
import { WorkbenchError } from '../../../contract/model/problem'
import type { PairLocation } from '../../../contract/documents/project'
import { resultPath } from '../../base/files/places'
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
import type { ResultFile } from '../results/output-file'
import { requireOwnPlace, type WrittenKind } from '../results/replaced-file'
import { triedDevices } from '../../work/devices'
import { SweepWork } from '../../work/sweep'
import { folderPlace } from '../../work/work-place'
import type { Kept } from './stopped'
import { keptOfSweep, runShown } from './shown-work'

/** Options of the sweep that a command starts from. */
export const startOptions = optionGroup('What to start from:').options({
  from: text('<sweep>', 'a sweep of all ranges, as "slr sweep --out" writes it (default: sweep first)'),
  prompts: text('<file>', `for a sweep done first: ${PROMPTS}`),
  task: value(z.never(), '<task>', '', refuseTask, { hidden: true })
})
type StartOptions = OptionsOf<typeof startOptions>

/** Explains the missing option `--task`. */
function refuseTask(): never {
  throw new InvalidArgumentError(
    'The task is that of the sweep: make one with slr sweep --task and --out, and start from it with --from. ' +
      'Only sweeps of the character task are checked: a task has whole answers scored.'
  )
}

/** Settings of a sweep that runs first. */
interface SweepFirst {
  quiet: boolean
  signal: AbortSignal
  /** Called only for such a sweep. */
  history: () => SweepHistory | null
  /** Describes a stopped sweep without history. */
  without: () => Kept
  /** Options that only the sweep reads. They are refused if a sweep is given. */
  ofSweepAlone: readonly string[]
}

/** Pair of the sweep, and place of the result. */
interface StartingFrom {
  command: Command
  own: ProjectPair | null
  givenPair: PairLocation | null
  place: (ResultFile & { kind: WrittenKind }) | null
}

/**
 * Returns the sweep to start from and its models: that of `--from`, the project's, or a new one.
 *
 * @throws WorkbenchError `bad-input` for a project without one, and as {@link requireOwnPlace}; errors of a sweep
 */
export async function startingSweep(
  options: StartOptions & RhoOption & PairOptions & DeviceOptions,
  { command, own, givenPair, place }: StartingFrom,
  { quiet, signal, history, without, ofSweepAlone }: SweepFirst
): Promise<{ pair: PairFolders; sweep: SweepDocument }> {
  const given = await givenSweep(options, own)
  const location = givenPair ?? own?.document.location ?? null
  if (given !== null) {
    refuseUnused(
      command,
      ofSweepAlone,
      'is of a sweep that is made first, and there is one: leave it out, or sweep with it'
    )
    if (place !== null) requireOwnPlace(place, place.kind, given)
    const swept = { base: given.basePath.path, post: given.postPath.path }
    return { pair: location === null ? swept : pairPaths(location), sweep: given }
  }
  const asked = location ?? requirePair(options, command)
  const pair = pairPaths(asked)
  if (place !== null) {
    const { base, post } = await openPair(pair.base, pair.post)
    requireOwnPlace(place, place.kind, { basePath: base.checkpoint, postPath: post.checkpoint })
  }
  if (!quiet) tellOfPrompts(asked, options, remark)
  const { prompts, rho, device, precision } = options
  const run = await SweepWork.open(
    { prompts, rho, device, precision },
    folderPlace(asked),
    triedDevices(signal),
    { history: history() }
  )
  const sweep = await runShown(
    { quiet, signal },
    () => keptOfSweep(run.history, without),
    (means) => run.compute(means)
  )
  return { pair, sweep }
}

/**
 * Which prompts a sweep of a pair asks where none were named. Copies of the demo's models are swept so too: what is asked is told by how
 * a pair is named, and not by what it is.
 */
export function tellOfPrompts(
  { kind }: PairLocation,
  { prompts }: { prompts?: string | undefined },
  tell: (text: string) => void
): void {
  if (kind === 'demo' || prompts !== undefined) return
  tell(
    'Prompts: the built-in set crc for chat models, as none was named (--prompts takes another; --demo asks demo-crc, which suits its models).'
  )
}

/** Reads the sweep of `--from` or of the project; null if one has to be computed. */
async function givenSweep({ from }: StartOptions, own: ProjectPair | null): Promise<SweepDocument | null> {
  if (from !== undefined) return readSweepFiles(await resultPath(from))
  return own === null ? null : sweepOfRanges(own)
}

/**
 * The sweep that a project's pair answers with, if it has ranges, or else its newest that has.
 *
 * @throws WorkbenchError `bad-input` where it has none
 */
export async function sweepOfRanges(own: ProjectPair): Promise<SweepDocument> {
  for (const { id } of defaultSweepFirst(own.sweeps)) {
    const sweep = await own.readSweep(id)
    if (sweep.ranges.length > 0) return sweep
  }
  const { project, document } = own
  const of = project.pairs.length === 1 ? '' : ` of ${document.name}`
  throw new WorkbenchError(
    'bad-input',
    `${project.path} has no sweep of ranges${of} to start from.`,
    `Run "${shellCommand([['slr', 'sweep', ...projectArguments(own)]])}" first.`
  )
}
