import type { SweepDocument } from '../../../contract/documents/crc'
import type { EnginePlan } from '../../../contract/procedures/engine'

/** How fast a finished sweep was: rows of hidden states through a block, and the seconds that they took. */
export interface SweepPace {
  readonly rowsPerSecond: number
}

/** The newest finished sweep that tells how long one takes there; null where there is none. */
export type LikeSweep = (
  of: Pick<EnginePlan, 'device' | 'precision'> & { isPreview: boolean }
) => Promise<SweepDocument | null>

/** Rows of hidden states through a block that it computed itself. Groups of prompts are taken to be of one size. */
export const computedRows = ({ preview, work, memory }: SweepDocument): number =>
  preview === null ? (work.blockEvaluations * work.packedTokens) / (memory?.groupCount ?? 1) : preview.rows

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
