import type { AnswerCheck } from '../../../contract/documents/answer-check'
import type { Selection, SweepDocument } from '../../../contract/documents/crc'
import { runCooperatively } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import { type OutlinedSweep, outlineSweep } from '../../measures/outline-sweep'
import type { ProjectPair } from '../pair/project-pair'
import { findingOfSelected } from './finding-of-selected'

/** A stored sweep with its full-answer check, and the range that both select. */
export interface StoredCheckedSweep {
  readonly sweep: SweepDocument
  /** Null for a sweep that was not checked. */
  readonly check: AnswerCheck | null
  /** Null for a sweep without ranges. */
  readonly selection: Selection | null
}

/** Reads a sweep with its check, and selects a range. @param rho limit of the selection */
export async function readCheckedSweep(
  pair: ProjectPair,
  id: string,
  rho = pair.document.settings.rho
): Promise<StoredCheckedSweep> {
  const sweep = await pair.readSweep(id)
  const check = await pair.readAnswerCheck(id)
  return { sweep, check, selection: await runCooperatively(checkedSelection(sweep, check, rho)) }
}

/** Outlines a stored sweep under the limit of its pair, for the comparison of pairs. */
export async function readOutline(pair: ProjectPair, id: string): Promise<OutlinedSweep> {
  const [sweep, check] = [await pair.readSweep(id), await pair.readAnswerCheck(id)]
  return outlineSweep(sweep, check, pair.document.settings.rho, (selection) => findingOfSelected(pair, id, selection))
}
