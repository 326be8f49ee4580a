import { isDeepStrictEqual } from 'node:util'
import type { AnswerCheck } from '../../../contract/documents/answer-check'
import type { SweepDocument } from '../../../contract/documents/crc'

/**
 * An earlier sweep's check as one of a later sweep. Checks are exact, so where everything that they are computed from is the same,
 * they would come to the same again.
 *
 * @param endTokens that the pair has now: they are no part of its checkpoints' fingerprints
 * @returns null where anything differs
 */
export function carriedCheck(
  check: AnswerCheck,
  earlier: SweepDocument,
  sweep: SweepDocument,
  endTokens: readonly number[]
): AnswerCheck | null {
  const isSame =
    check.programVersion === sweep.programVersion &&
    isDeepStrictEqual(check.endTokens, endTokens) &&
    isDeepStrictEqual(computedFrom(earlier), computedFrom(sweep))
  return isSame ? { ...check, sweepId: sweep.id, source: sweep.source } : null
}

const computedFrom = ({
  scoredBy,
  device,
  precision,
  layerCount,
  basePath,
  postPath,
  rendering,
  prompts
}: SweepDocument): unknown => ({
  ...{ scoredBy, device, precision, layerCount, rendering, prompts },
  base: basePath.fingerprint,
  post: postPath.fingerprint
})
