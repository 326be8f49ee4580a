import { type CheckResult, rejectedRanges } from '../../../contract/documents/answer-check'
import type { Selection } from '../../../contract/documents/crc'
import type { RestorationRange } from '../../../contract/model/recipe'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import { rangeKey } from '../../../contract/model/strengths'
import { amongExact } from '../../../contract/words/preview-words'
import { tooFewWords } from '../../../contract/words/baseline-words'
import { scoreWords } from '../../../contract/words/score-words'

/** How often each range wins in resamples of the prompts. */
export interface Certainty {
  readonly wins: Selection['bootstrap']['wins']
  /** After a preview, names the ranges that can win: those with exact scores. Empty after a full sweep. */
  readonly amongWords: string
  /** Keys of the ranges that a full-answer check rejected. They cannot win. */
  readonly leftOut: ReadonlySet<string>
}

/** Computes how often each range wins. @returns null if there are too few prompts for resampling */
export function certaintyOf(
  { prompts, scoredBy, preview, ranges, source }: ShownSweep,
  selection: Selection,
  check: CheckResult | null
): Certainty | null {
  if (tooFewWords(prompts.length, selection, scoreWords(scoredBy)) !== null) return null
  const leftOut: RestorationRange[] = rejectedRanges(ranges, check, selection.rho)
  return {
    wins: selection.bootstrap.wins,
    amongWords: amongExact({ preview, ranges }, leftOut.length),
    leftOut: new Set(leftOut.map((range) => rangeKey(range, { source })))
  }
}
