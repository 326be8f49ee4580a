import { type CheckResult, rejectedRanges } from '../../../contract/documents/answer-check'
import type { Selection, SweepDocument } from '../../../contract/documents/crc'
import { selectionOf } from '../selection/compare-rivals'
import { DEFAULT_SEED } from '../selection/selection'

/**
 * Selects from a sweep's ranges once some were checked on whole answers: where a checked range passes, those that fail are no
 * candidates, neither here nor in the resamples. Where none passes, all are: the best of them is shown with its failure.
 *
 * @param rho share of post's validity that must be kept, by first tokens and by whole answers
 * @returns null for a sweep without ranges
 */
export function checkedSelection(
  sweep: Pick<SweepDocument, 'scoredBy' | 'selection' | 'prompts' | 'post' | 'ranges' | 'soup' | 'rivals'>,
  check: CheckResult | null,
  rho: number
): Selection | null {
  const { ranges, selection: stored } = sweep
  if (ranges.length === 0) return null
  const rejected = new Set(rejectedRanges(ranges, check, rho))
  if (rejected.size === 0 && stored?.rho === rho) return stored
  const candidates = ranges.filter((range) => !rejected.has(range))
  const seed = stored?.bootstrap.seed ?? DEFAULT_SEED
  return selectionOf(sweep, candidates, rho, seed)
}
