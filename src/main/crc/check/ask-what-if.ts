import type { CheckResult } from '../../../contract/documents/answer-check'
import type { Selection, SweepDocument } from '../../../contract/documents/crc'
import type { WhatIf } from '../../../contract/documents/what-if'
import { inputError } from '../../../contract/model/problem'
import type { Steps } from '../../base/steps'
import { sweepUnder } from '../selection/what-if'
import { recomputeSelection } from './checked-selection'

/**
 * Recalculates a sweep under other settings and selects again. The full-answer check holds only for the sweep's
 * sampler.
 * @param budget number of candidates that each family of baselines picks from; null for all
 */
export function* askWhatIf(
  sweep: SweepDocument,
  check: CheckResult | null,
  whatIf: WhatIf,
  budget: number | null = null
): Steps<{ sweep: SweepDocument; selection: Selection }> {
  const recalculated = yield* sweepUnder(sweep, whatIf)
  const selection = yield* recomputeSelection(recalculated, whatIf.sampler === null ? check : null, whatIf.rho, {
    seed: sweep.selection?.bootstrap.seed,
    budget
  })
  if (selection === null) {
    throw inputError(`The sweep ${sweep.id} scored no ranges to select from.`)
  }
  return { sweep: { ...recalculated, selected: selection.selected, selection: null }, selection }
}
