import type { CheckResult } from '../../../contract/documents/answer-check'
import type { Score, SweepDocument } from '../../../contract/documents/crc'
import type { WhatIf, WhatIfSweep } from '../../../contract/documents/what-if'
import { WorkbenchError } from '../../../contract/model/problem'
import { sweepUnder } from '../selection/what-if'
import { selectAnew } from './checked-selection'

/**
 * A sweep as it would be otherwise, and what would be selected. Of each score the means alone: who asks looks at the whole.
 *
 * @param check of whole answers, which were drawn from the models' own distributions: only without another sampler
 * @throws WorkbenchError as `sweepUnder`; `bad-input` for a sweep without ranges
 */
export function askWhatIf(sweep: SweepDocument, check: CheckResult | null, asked: WhatIf): WhatIfSweep {
  const under = sweepUnder(sweep, asked)
  const selection = selectAnew(
    under,
    asked.sampler === null ? check : null,
    asked.rho,
    sweep.selection?.bootstrap.seed
  )
  if (selection === null) {
    throw new WorkbenchError('bad-input', `The sweep ${sweep.id} scored no ranges to select from.`)
  }
  return { sweep: { ...meansOf(under), selected: selection.selected, selection: null }, selection }
}

function meansOf(sweep: SweepDocument): SweepDocument {
  const of = <Scored extends Score>(score: Scored): Scored => ({ ...score, prompts: [] })
  return {
    ...sweep,
    base: sweep.base === null ? null : of(sweep.base),
    post: of(sweep.post),
    ranges: sweep.ranges.map(of),
    recipes: sweep.recipes.map(of),
    checkpoints: sweep.checkpoints.map(of),
    soup: sweep.soup.map(of),
    rivals: sweep.rivals.map(of)
  }
}
