import { checkOf, type CheckResult, passesCheck } from '../../../contract/documents/answer-check'
import type { RangeScore, Selection, SweepDocument } from '../../../contract/documents/crc'
import { rangeStrengths } from '../../../contract/model/strengths'
import { DEFAULT_SEED, selection } from '../selection/selection'

/**
 * Selects from a sweep's ranges once some were checked on whole answers: where a checked range passes, those that fail are no
 * candidates, neither here nor in the resamples. Where none passes, all are: the best of them is shown with its failure.
 *
 * @param rho share of post's validity that must be kept, by first tokens and by whole answers
 * @returns null for a sweep without ranges
 */
export function checkedSelection(
  sweep: Pick<SweepDocument, 'selection' | 'prompts' | 'post' | 'ranges' | 'layerCount'>,
  check: CheckResult | null,
  rho: number
): Selection | null {
  const { prompts, post, ranges, selection: stored, layerCount } = sweep
  if (ranges.length === 0) return null
  const outcome = (range: RangeScore): boolean | null => {
    const checked = checkOf(check, rangeStrengths(range, layerCount))
    return check === null || checked === null ? null : passesCheck(checked, check, rho)
  }
  const outcomes = ranges.map(outcome)
  const failing = outcomes.includes(false) && outcomes.includes(true)
  if (!failing && stored?.rho === rho) return stored
  const candidates = failing ? ranges.filter((_, index) => outcomes[index] !== false) : ranges
  return selection(prompts, post, candidates, rho, stored?.bootstrap.seed ?? DEFAULT_SEED)
}
