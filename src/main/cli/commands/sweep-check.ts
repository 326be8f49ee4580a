import { type AnswerCheck, CHECKED_AT_ONCE } from '../../../contract/documents/answer-check'
import type { SweepDocument } from '../../../contract/documents/crc'
import { runCooperatively } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import type { PairFolders } from '../../crc/sweep/score-recipes'
import { storedVerdict } from '../../project/results/finding-of-selected'
import type { ProjectPair } from '../../project/pair/project-pair'
import { CheckWork } from '../../work/check'
import { checkFileBeside } from '../results/check-beside'
import {
  checkOutputFile,
  type OutputFile,
  type PairResultFile,
  writeOutputFile
} from '../results/output-file'
import { runShown } from '../running/shown-work'
import type { SavedWork } from '../running/stopped'
import type { SweepOptions } from './sweep-options'

/** Places of a sweep and of its check. */
interface CheckPlace {
  readonly projectPair: ProjectPair | null
  readonly output: OutputFile | null
  /** File beside that of the sweep; null for none. */
  readonly beside: PairResultFile | null
  readonly options: SweepOptions
  readonly signal: AbortSignal
}

/**
 * Checks the file for the check of a sweep before any work.
 *
 * @returns null if the sweep is not checked
 * @throws WorkbenchError as `checkOutputFile`
 */
export async function besideOf(
  { path }: OutputFile,
  { check, shard, recipes, preview, force }: SweepOptions
): Promise<PairResultFile | null> {
  if (!check || preview || shard !== undefined || recipes !== undefined) return null
  return checkOutputFile(checkFileBeside(path), 'check', {}, force)
}

/**
 * Checks the best ranges of a saved sweep on full answers.
 *
 * @returns null if an earlier check covers them
 * @throws WorkbenchError as `CheckWork.compute`
 */
export async function firstCheck(
  sweep: SweepDocument,
  folders: PairFolders,
  { projectPair, output, beside, options, signal }: CheckPlace
): Promise<AnswerCheck | null> {
  const rho = sweep.selection?.rho
  if (rho === undefined) return null
  const { base, post } = folders
  const work = await CheckWork.first({ base, post }, sweep, { rho, best: CHECKED_AT_ONCE }, projectPair)
  if (work.isComplete) return null
  const check = await runShown(
    { signal, quiet: options.quiet },
    () => savedOfSwept(projectPair, output),
    (means) => work.compute(means)
  )
  await work.keep(check)
  if (beside !== null) {
    const selection = await runCooperatively(checkedSelection(sweep, check, rho))
    const verdict = await storedVerdict(projectPair, sweep, check, selection)
    await writeOutputFile(beside, 'check', { ...check, rho, verdict })
  }
  return check
}

/** Describes a check that was stopped after its sweep. */
function savedOfSwept(projectPair: ProjectPair | null, output: OutputFile | null): SavedWork {
  const savedPath = projectPair?.project.path ?? output?.path
  return {
    saved:
      savedPath === undefined
        ? 'Nothing is saved.'
        : `The sweep is saved in ${savedPath}, and nothing of its check.`,
    resumable: false
  }
}
