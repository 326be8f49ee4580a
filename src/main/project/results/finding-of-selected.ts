import type { CheckResult } from '../../../contract/documents/answer-check'
import type { Selection, SweepDocument } from '../../../contract/documents/crc'
import type { EvaluationFinding, Verdict } from '../../../contract/documents/verdict'
import { type VerdictEvidence, verdictOf } from '../../../contract/words/verdict'
import { withFallback } from '../../base/files/with-fallback'
import { runCooperatively } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import type { ProjectPair } from '../pair/project-pair'
import { findingOfRange } from './stored-evaluation'

/** Returns the finding of the newest evaluation of a sweep's selected range; null without a readable evaluation. */
export async function findingOfSelected(
  pair: ProjectPair | null,
  sweepId: string,
  selection: Pick<Selection, 'selected'> | null
): Promise<EvaluationFinding | null> {
  const selected = selection?.selected ?? null
  if (pair === null || selected === null || pair.evaluations.runs.length === 0) return null
  return withFallback(() => findingOfRange(pair, sweepId, selected), null)
}

/** Returns the finding of {@link findingOfSelected} for the range that is selected under the sweep's stored limit. */
export async function findingOfSwept(
  pair: ProjectPair | null,
  sweep: SweepDocument,
  check: CheckResult | null
): Promise<EvaluationFinding | null> {
  // Selecting takes long for a model with many layers, so it is skipped if there are no evaluations.
  if (pair === null || pair.evaluations.runs.length === 0 || sweep.selection === null) return null
  const selection = await runCooperatively(checkedSelection(sweep, check, sweep.selection.rho))
  return findingOfSelected(pair, sweep.id, selection)
}

/** Returns the verdict on a selection, with the newest evaluation as evidence; null without a selection. */
export async function storedVerdict(
  pair: ProjectPair | null,
  sweep: SweepDocument,
  check: CheckResult | null,
  selection: Selection | null,
  furtherEvidence: Pick<VerdictEvidence, 'isAllChecked' | 'sampler'> = {}
): Promise<Verdict | null> {
  if (selection === null) return null
  const evaluation = await findingOfSelected(pair, sweep.id, selection)
  return verdictOf({ ...sweep, selection, check, evaluation, ...furtherEvidence })
}
