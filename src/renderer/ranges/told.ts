import type { CheckResult } from '../../contract/documents/answer-check'
import type { Selection } from '../../contract/documents/crc'
import type { EvaluationObjection } from '../../contract/documents/evaluation'
import type { Headline } from '../../contract/documents/headline'
import type { ShownSweep } from '../../contract/documents/shown-sweep'
import type { WhatIf } from '../../contract/documents/what-if'
import { headline, type HeadlineEvidence } from '../../contract/words/headline'
import { type SelectedMark, selectedMark } from '../../contract/words/selected-mark'
import { type Certainty, certaintyOf } from './board/certainty'

/** What the view says of the shown sweep, for the headline and for every mark of the range that it is about. */
export interface Told {
  readonly evidence: HeadlineEvidence & Pick<ShownSweep, 'post' | 'ranges' | 'preview'>
  readonly found: Headline
  /** What stands at the selected range; null where none is marked. */
  readonly mark: SelectedMark | null
  /** How often ranges win; null where that cannot be told. */
  readonly certainty: Certainty | null
}

/** What is shown, as it is or as it would be. */
interface Shown {
  readonly scoredSweep: ShownSweep | null
  readonly shownSelection: Selection | null
  readonly shownCheck: CheckResult | null
  /** What an evaluation has against the selected range. */
  readonly objection: EvaluationObjection | null
  readonly whatIf: { readonly answer: { readonly asked: Pick<WhatIf, 'sampler'> } | null }
}

/** @returns null where there is no sweep, or no range was scored */
export function toldOf(shown: Shown): Told | null {
  const { scoredSweep: sweep, shownSelection: selection, shownCheck: check } = shown
  const sampler = shown.whatIf.answer?.asked.sampler ?? null
  if (sweep === null || selection === null) return null
  const { layerCount, source, scoredBy, base, post, ranges, preview } = sweep
  const evidence = { layerCount, source, scoredBy, base, post, ranges, preview, selection, check, sampler }
  const found = headline(evidence)
  return {
    evidence,
    found,
    mark: selectedMark(found.state, shown.objection?.mark ?? null),
    // Of prompts, or a sampler, that post itself fails, ranges say nothing.
    certainty: found.state === 'unfit-prompts' ? null : certaintyOf(sweep, selection, check)
  }
}
