import type { SweepDocument } from '../../../contract/documents/crc'
import { rangesCost } from '../../../contract/documents/search'
import type { EnginePlan } from '../../../contract/procedures/engine'

/** How fast a finished sweep was: rows of hidden states through a block, and the seconds that they took. */
export interface SweepPace {
  readonly rowsPerSecond: number
}

/** The newest finished sweep that tells how long one takes there; null where there is none. */
export type LikeSweep = (
  of: Pick<EnginePlan, 'device' | 'precision'> & { isPreview: boolean }
) => Promise<SweepDocument | null>

/** Less of its own work tells of starting engines and opening models, not of computing. */
const LEAST_SHARE = 1 / 2

/**
 * Rows of hidden states through a block that it computed itself; 0 where that was the rest of an earlier one, and little of the whole, which
 * tells no pace. Groups of prompts are taken to be of one size.
 */
export function computedRows({
  preview,
  work,
  memory,
  ranges,
  layerCount,
  prompts,
  reusedPromptCount
}: SweepDocument): number {
  if (preview !== null) return preview.rows
  const evaluations = work.blockEvaluations / (memory?.groupCount ?? 1)
  const isRest =
    ranges.length > 0 &&
    (evaluations < LEAST_SHARE * rangesCost(layerCount) ||
      prompts.length - reusedPromptCount < LEAST_SHARE * prompts.length)
  return isRest ? 0 : evaluations * work.packedTokens
}

/** What it computed itself, by the time that took; null where that is nothing. */
export function paceOf(sweep: SweepDocument): SweepPace | null {
  const { seconds } = sweep
  const rows = computedRows(sweep)
  return rows > 0 && seconds > 0 ? { rowsPerSecond: rows / seconds } : null
}

/** Rows of a plan, counted as {@link computedRows} counts them. */
export const plannedRows = ({
  blockEvaluations,
  packedTokens,
  groups
}: Pick<EnginePlan, 'blockEvaluations' | 'packedTokens' | 'groups'>): number =>
  (blockEvaluations * packedTokens) / groups.length
