import type { CrossFit } from '../documents/crc'
import { formatScore } from './format'
import type { ScoreWords } from './score-words'

/**
 * What the picks of one half keep on the other, without which their diversity says little: "at validity 0.896, below the limit of
 * 0.900". The rule kept the limit on the half that picked alone.
 *
 * @param minimum validity that a selected range must keep
 */
export function crossFitAt(
  { validity }: Pick<CrossFit, 'validity'>,
  minimum: number,
  words: Pick<ScoreWords, 'validity'>
): string {
  const short = validity < minimum ? `, below the limit of ${formatScore(minimum)}` : ''
  return `at ${words.validity} ${formatScore(validity)}${short}`
}
