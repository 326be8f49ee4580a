import { WorkbenchError } from '../../../contract/model/problem'
import { sweptRangeModel } from '../../../contract/model/model'
import type { Recipe } from '../../../contract/model/recipe'
import { rangeName } from '../../../contract/words/format'
import { inTurns } from '../../base/steps'
import { openPair } from '../../checkpoint/pair'
import { checkedSelection } from '../../crc/check/checked-selection'
import { requireSameAsSwept } from '../../crc/sweep/same-as-swept'
import type { ProjectPair } from '../../project/pair/project-pair'
import { sweepOfRanges } from './starting-sweep'

/**
 * The range that the sweep which a project's pair answers with selects, once checked, at the project's limit.
 *
 * @param folders of the pair as it is now
 * @throws WorkbenchError as `sweepOfRanges`; `bad-input` where it selects none; `mismatch` when a checkpoint has changed since
 */
export async function selectedRecipe(
  own: ProjectPair,
  folders: { base: string; post: string }
): Promise<Recipe> {
  const sweep = await sweepOfRanges(own)
  const { base, post } = await openPair(folders.base, folders.post)
  requireSameAsSwept({ basePath: base.checkpoint, postPath: post.checkpoint, prompts: [] }, sweep)
  const check = await own.readAnswerCheck(sweep.id)
  const { rho } = own.document.settings
  const selected = (await inTurns(checkedSelection(sweep, check, rho)))?.selected ?? null
  if (selected === null)
    throw new WorkbenchError(
      'bad-input',
      `The sweep ${sweep.id} selects no range: none is more diverse than post at ${rho} x its validity.`,
      'Name layers with --restore, or set a lower limit in the project.'
    )
  return { ...sweptRangeModel(selected, sweep).recipe, name: rangeName(selected, sweep.source) }
}
