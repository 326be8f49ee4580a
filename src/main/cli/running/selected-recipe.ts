import { WorkbenchError } from '../../../contract/model/problem'
import { sweptRangeModel } from '../../../contract/model/model'
import type { Recipe } from '../../../contract/model/recipe'
import { rangeName } from '../../../contract/words/format'
import { runCooperatively } from '../../base/steps'
import { openPair } from '../../checkpoint/pair'
import { checkedSelection } from '../../crc/check/checked-selection'
import { requireSameAsSwept } from '../../crc/sweep/same-as-swept'
import type { ProjectPair } from '../../project/pair/project-pair'
import { kindOfFile } from '../../base/files/document-kinds'
import { resultPath } from '../../base/files/places'
import { readSweepFiles } from '../../project/documents/sweep-files'
import { readCheckBeside } from '../results/check-beside'
import { sweepOfRanges } from './starting-sweep'

/** Maximum size of a sweep's file. */
const MAX_SWEEP_BYTES = 256_000_000

/**
 * Returns the range that the sweep in a file selects, considering the check beside it.
 *
 * @returns null for a file of another kind
 * @throws WorkbenchError `bad-input` if the sweep selects none; as `readSweep`
 */
export async function selectedInFile(typed: string): Promise<Recipe | null> {
  const file = await resultPath(typed)
  if ((await kindOfFile(file, MAX_SWEEP_BYTES))?.kind !== 'sweep') return null
  const sweep = await readSweepFiles(file)
  const rho = sweep.selection?.rho
  const check = await readCheckBeside(file, sweep.id)
  const selected =
    rho === undefined
      ? null
      : ((await runCooperatively(checkedSelection(sweep, check, rho)))?.selected ?? null)
  if (selected === null)
    throw new WorkbenchError('bad-input', `The sweep ${typed} selects no range.`, 'Name layers such as 4-11.')
  return { ...sweptRangeModel(selected, sweep).recipe, name: rangeName(selected, sweep.source) }
}

/**
 * Returns the range that the sweep of a project's pair selects, considering its check and the project's limit.
 *
 * @param folders folders of the pair as it is now
 * @throws WorkbenchError as `sweepOfRanges`; `bad-input` if it selects none; `mismatch` if a checkpoint has changed
 */
export async function selectedRecipe(
  projectPair: ProjectPair,
  folders: { base: string; post: string }
): Promise<Recipe> {
  const sweep = await sweepOfRanges(projectPair)
  const { base, post } = await openPair(folders.base, folders.post)
  requireSameAsSwept({ basePath: base.checkpoint, postPath: post.checkpoint, prompts: [] }, sweep)
  const check = await projectPair.readAnswerCheck(sweep.id)
  const { rho } = projectPair.document.settings
  const selected = (await runCooperatively(checkedSelection(sweep, check, rho)))?.selected ?? null
  if (selected === null)
    throw new WorkbenchError(
      'bad-input',
      `The sweep ${sweep.id} selects no range: none is more diverse than post at ${rho} x its validity.`,
      'Name layers such as 4-11, or set a lower limit in the project.'
    )
  return { ...sweptRangeModel(selected, sweep).recipe, name: rangeName(selected, sweep.source) }
}
