import type { CheckResult } from '../../../contract/documents/answer-check'
import type { Selection, SweepDocument } from '../../../contract/documents/crc'
import type { WhatIf } from '../../../contract/documents/what-if'
import { WorkbenchError } from '../../../contract/model/problem'
import type { Steps } from '../../base/steps'
import { sweepUnder } from '../selection/what-if'
import { selectAnew } from './checked-selection'

/**
 * A sweep as it would be otherwise, and what would be selected.
 *
 * @param check of whole answers, which were drawn from the models' own distributions: only without another sampler
 * @throws WorkbenchError as `sweepUnder`; `bad-input` for a sweep without ranges
 */
export function* askWhatIf(
  sweep: SweepDocument,
  check: CheckResult | null,
  asked: WhatIf
): Steps<{ sweep: SweepDocument; selection: Selection }> {
  const under = yield* sweepUnder(sweep, asked)
  const selection = yield* selectAnew(
    under,
    asked.sampler === null ? check : null,
    asked.rho,
    sweep.selection?.bootstrap.seed
  )
  if (selection === null) {
    throw new WorkbenchError('bad-input', `The sweep ${sweep.id} scored no ranges to select from.`)
  }
  return { sweep: { ...under, selected: selection.selected, selection: null }, selection }
}
