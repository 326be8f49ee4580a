import { createHash } from 'node:crypto'
import type { SweepDocument } from '../../../contract/documents/crc'
import { briefScoring, scoringKey } from '../../../contract/documents/scored-by'

/** What of a sweep decides what its ranges score. */
export interface RangeSettings extends Pick<SweepDocument, 'source' | 'scoredBy' | 'holdOutSplit'> {
  /** Fingerprints. */
  base: string
  post: string
  /** A sweep of recipes alone says nothing of ranges. */
  hasRanges: boolean
  prompts: readonly Pick<SweepDocument['prompts'][number], 'tokens' | 'category' | 'valid'>[]
}

/**
 * Equal for sweeps that ask the same of the same models, however much of it they have scored, and whatever they score beside the
 * ranges.
 */
export function settingsKey({
  base,
  post,
  source,
  hasRanges,
  scoredBy,
  holdOutSplit,
  prompts
}: RangeSettings): string {
  const asked = prompts.map(({ tokens, category, valid }) => [tokens, category, valid])
  return createHash('sha256')
    .update(
      JSON.stringify([
        [base, post, source === null ? null : source.fingerprint, hasRanges],
        [scoringKey(briefScoring(scoredBy)), holdOutSplit, asked]
      ])
    )
    .digest('hex')
    .slice(0, 16)
}

/** The same of a sweep that was made. */
export const settingsKeyOf = (sweep: SweepDocument): string =>
  settingsKey({
    ...sweep,
    base: sweep.basePath.fingerprint,
    post: sweep.postPath.fingerprint,
    hasRanges: sweep.ranges.length > 0
  })
