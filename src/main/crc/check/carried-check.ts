import { isDeepStrictEqual } from 'node:util'
import type { AnswerCheck } from '../../../contract/documents/answer-check'
import type { SweepDocument } from '../../../contract/documents/crc'

/**
 * Copies the full-answer check of an earlier sweep for a new sweep, so that it is not computed again.
 *
 * @returns null if the sweeps differ in anything that the check depends on
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
    isDeepStrictEqual(computedFrom(earlier), computedFrom(sweep)) &&
    (!isDeepStrictEqual(earlier.whatIf, sweep.whatIf) || isDeepStrictEqual(keysOf(earlier), keysOf(sweep)))
  return isSame ? { ...check, sweepId: sweep.id, source: sweep.source } : null
}

/**
 * Returns everything that the results of a check depend on. The keys of prompts are left out, because they also depend
 * on the samplers of `whatIf`.
 */
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
  scoredBy,
  device,
  precision,
  layerCount,
  rendering,
  prompts: prompts.map((prompt) => ({ ...prompt, key: '' })),
  base: basePath.fingerprint,
  post: postPath.fingerprint
})

const keysOf = ({ prompts }: SweepDocument): string[] => prompts.map(({ key }) => key)
