import { type CheckResult, rejectedRanges } from '../../../contract/documents/answer-check'
import type { Selection, SweepDocument } from '../../../contract/documents/crc'
import type { Steps } from '../../base/steps'
import type { SelectionInput } from '../selection/baseline-candidates'
import { recompareBaselines, selectionOf } from '../selection/compare-baselines'
import { DEFAULT_SEED } from '../../../contract/model/resampling'

/**
 * Selects a range with the results of a full-answer check. If a checked range passes, failing ranges are left out. The
 * stored selection is used as far as it still holds. Null if the sweep has no ranges.
 */
export function* checkedSelection(
  sweep: SelectionInput & Pick<SweepDocument, 'selection'>,
  check: CheckResult | null,
  rho: number
): Steps<Selection | null> {
  const { ranges, selection: stored } = sweep
  const rejected = rejectedRanges(ranges, check, rho)
  if (rejected.length === 0 && stored?.rho === rho) {
    return check === null ? stored : yield* recompareBaselines(sweep, stored, check)
  }
  return yield* recomputeSelection(sweep, check, rho, {
    seed: stored?.bootstrap.seed,
    budget: stored?.budget ?? null
  })
}

/**
 * Selects as {@link checkedSelection} does, but ignores the stored selection. A budget limits the number of candidates
 * that ranges and each family of baselines pick from.
 */
export function* recomputeSelection(
  sweep: SelectionInput,
  check: CheckResult | null,
  rho: number,
  { seed = DEFAULT_SEED, budget = null }: { seed?: number | undefined; budget?: number | null } = {}
): Steps<Selection | null> {
  if (sweep.ranges.length === 0) return null
  const rejected = new Set(rejectedRanges(sweep.ranges, check, rho))
  const candidates = sweep.ranges.filter((range) => !rejected.has(range))
  return yield* selectionOf(sweep, candidates, rho, seed, { check, budget })
}
