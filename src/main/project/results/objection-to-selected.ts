import type { CheckResult } from '../../../contract/documents/answer-check'
import type { Selection, SweepDocument } from '../../../contract/documents/crc'
import type { Objection } from '../../../contract/documents/evaluation'
import { WorkbenchError } from '../../../contract/model/problem'
import { inTurns } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import type { ProjectPair } from '../pair/project-pair'
import { objectionToRange } from './stored-evaluation'

/**
 * What the newest evaluation of a project's pair has against the range that one of its sweeps selects.
 *
 * @param own null where the sweep is in no project
 * @returns null where it has nothing against it for sure, and where an evaluation cannot be read: why is said where that is shown
 */
export async function objectionToSelected(
  own: ProjectPair | null,
  sweepId: string,
  selection: Pick<Selection, 'selected'> | null
): Promise<Objection | null> {
  const selected = selection?.selected ?? null
  if (own === null || selected === null) return null
  try {
    return await objectionToRange(own, sweepId, selected)
  } catch (error) {
    if (error instanceof WorkbenchError) return null
    throw error
  }
}

/** The same of what a sweep selects at its own limit. @param check of its whole answers; null for none */
export async function objectionToSwept(
  own: ProjectPair | null,
  sweep: SweepDocument,
  check: CheckResult | null
): Promise<Objection | null> {
  // Selecting anew takes a while for a deep model.
  if (own === null || own.evaluations.runs.length === 0 || sweep.selection === null) return null
  return objectionToSelected(
    own,
    sweep.id,
    await inTurns(checkedSelection(sweep, check, sweep.selection.rho))
  )
}
