import { type AnswerCheck, CHECKED_AT_ONCE } from '../../../contract/documents/answer-check'
import type { SweepDocument } from '../../../contract/documents/crc'
import { runCooperatively } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import type { PairFolders } from '../../crc/sweep/score-recipes'
import { storedVerdict } from '../../project/results/finding-of-selected'
import type { ProjectPair } from '../../project/pair/project-pair'
import { CheckWork } from '../../work/check'
import { checkFileBeside } from '../results/check-beside'
import { checkOutputFile, type OutputFile, type ResultFile, writeOutputFile } from '../results/output-file'
import { runShown } from '../running/shown-work'
import type { Kept } from '../running/stopped'
import type { SweepOptions } from './sweep-options'

/** Where a sweep was saved, and where its check goes. */
interface CheckPlace {
  readonly own: ProjectPair | null
  readonly output: OutputFile | null
  /** File beside that of the sweep; null for none. */
  readonly beside: ResultFile | null
  readonly options: SweepOptions
  readonly signal: AbortSignal
}

/**
 * The file that takes the check of a sweep in a file: asked before anything is computed.
 *
 * @returns null where the sweep is not checked
 * @throws WorkbenchError as `checkOutputFile`
 */
export async function besideOf(
  { path }: OutputFile,
  { check, shard, recipes, preview, force }: SweepOptions
): Promise<ResultFile | null> {
  if (!check || preview || shard !== undefined || recipes !== undefined) return null
  return checkOutputFile(checkFileBeside(path), 'check', {}, force)
}

/**
 * Checks the best ranges of a sweep that is saved on full answers.
 *
 * @returns null where an earlier check covers them
 * @throws WorkbenchError as `CheckWork.compute`
 */
export async function firstCheck(
  sweep: SweepDocument,
  folders: PairFolders,
  { own, output, beside, options, signal }: CheckPlace
): Promise<AnswerCheck | null> {
  const rho = sweep.selection?.rho
  if (rho === undefined) return null
  const { base, post } = folders
  const work = await CheckWork.first({ base, post }, sweep, { rho, best: CHECKED_AT_ONCE }, own)
  if (work.isComplete) return null
  const check = await runShown(
    { signal, quiet: options.quiet },
    () => keptOfSwept(own, output),
    (means) => work.compute(means)
  )
  await work.keep(check)
  if (beside !== null) {
    const selection = await runCooperatively(checkedSelection(sweep, check, rho))
    const verdict = await storedVerdict(own, sweep, check, selection)
    await writeOutputFile(beside, 'check', { ...check, rho, verdict })
  }
  return check
}

/** Of a check that was stopped behind its sweep. */
function keptOfSwept(own: ProjectPair | null, output: OutputFile | null): Kept {
  const place = own?.project.path ?? output?.path
  return {
    kept:
      place === undefined ? 'Nothing is kept.' : `The sweep is kept in ${place}, and nothing of its check.`,
    goesOn: false
  }
}
