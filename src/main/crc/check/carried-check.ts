import { isDeepStrictEqual } from 'node:util'
import type { AnswerCheck } from '../../../contract/documents/answer-check'
import type { SweepDocument } from '../../../contract/documents/crc'

/** Copies the check of an earlier sweep to an equal one; null otherwise. Checks are exact. */
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

/** Prompts without their keys, which also hash the samplers of `whatIf`. */
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
  ...{ scoredBy, device, precision, layerCount, rendering },
  prompts: prompts.map((prompt) => ({ ...prompt, key: '' })),
  base: basePath.fingerprint,
  post: postPath.fingerprint
})

const keysOf = ({ prompts }: SweepDocument): string[] => prompts.map(({ key }) => key)
