import type { SweepDocument } from '../../../contract/documents/crc'
import { rangesCost } from '../../../contract/documents/search'
import type { EnginePlan } from '../../../contract/procedures/engine'

/** Speed of a finished sweep: rows of hidden states through a block per second. */
export interface SweepPace {
  readonly rowsPerSecond: number
}

/** Finds the newest finished sweep with the same device and precision; null if there is none. */
export type FindComparableSweep = (
  of: Pick<EnginePlan, 'device' | 'precision'> & { isPreview: boolean }
) => Promise<SweepDocument | null>

/** Minimum computed share of a sweep. A smaller share measures mainly the start of the engine. */
const MIN_SHARE = 1 / 2

/** Counts the rows of hidden states that a sweep computed; 0 if the sweep reused most of its scores. */
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
  const isMostlyReused =
    ranges.length > 0 &&
    (evaluations < MIN_SHARE * rangesCost(layerCount) ||
      prompts.length - reusedPromptCount < MIN_SHARE * prompts.length)
  return isMostlyReused ? 0 : evaluations * work.packedTokens
}

/** Computes the speed of a sweep; null if the sweep computed too few rows to measure it. */
export function paceOf(sweep: SweepDocument): SweepPace | null {
  const { seconds } = sweep
  const rows = computedRows(sweep)
  return rows > 0 && seconds > 0 ? { rowsPerSecond: rows / seconds } : null
}

/** Counts the rows of a plan as {@link computedRows} does. */
export const plannedRows = ({
  blockEvaluations,
  packedTokens,
  groups
}: Pick<EnginePlan, 'blockEvaluations' | 'packedTokens' | 'groups'>): number =>
  (blockEvaluations * packedTokens) / groups.length
