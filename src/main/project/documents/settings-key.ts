import { createHash } from 'node:crypto'
import type { SweepDocument } from '../../../contract/documents/crc'
import { briefScoring, scoringKey } from '../../../contract/documents/scored-by'

/** Settings that decide the scores of a sweep's ranges. */
interface RangeSettings extends Pick<SweepDocument, 'source' | 'scoredBy' | 'holdOutSplit'> {
  base: string
  post: string
  /** False for a sweep of recipes only. */
  hasRanges: boolean
  prompts: readonly Pick<SweepDocument['prompts'][number], 'tokens' | 'category' | 'valid'>[]
}

/** Returns a key that is equal for sweeps of the same models with the same settings of ranges. */
export function settingsKey({ base, post, source, hasRanges, scoredBy, holdOutSplit, prompts }: RangeSettings): string {
  const promptParts = prompts.map(({ tokens, category, valid }) => [tokens, category, valid])
  return createHash('sha256')
    .update(
      JSON.stringify([
        [base, post, source === null ? null : source.fingerprint, hasRanges],
        [scoringKey(briefScoring(scoredBy)), holdOutSplit, promptParts]
      ])
    )
    .digest('hex')
    .slice(0, 16)
}

export const settingsKeyOf = (sweep: SweepDocument): string =>
  settingsKey({
    ...sweep,
    base: sweep.basePath.fingerprint,
    post: sweep.postPath.fingerprint,
    hasRanges: sweep.ranges.length > 0
  })
