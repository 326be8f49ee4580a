import type { CheckResult } from '../../contract/documents/answer-check'
import type { Selection } from '../../contract/documents/crc'
import type { ShownSweep } from '../../contract/documents/shown-sweep'
import type { EvaluationFinding, Verdict } from '../../contract/documents/verdict'
import type { WhatIf } from '../../contract/documents/what-if'
import {
  type SelectedBadge,
  selectedBadge,
  type VerdictEvidence,
  verdictOf
} from '../../contract/words/verdict'
import { type Certainty, certaintyOf } from './board/certainty'

/** What the view shows of a sweep: the verdict, and the badge of the selected range on charts. */
export interface SweepResult {
  readonly evidence: VerdictEvidence & Pick<ShownSweep, 'post' | 'ranges' | 'preview'>
  readonly verdict: Verdict
  /** Null where no range is marked. */
  readonly badge: SelectedBadge | null
  /** How often ranges win; null where it is unknown. */
  readonly certainty: Certainty | null
}

/** The shown sweep, as it is or as it would be. */
interface Shown {
  readonly scoredSweep: ShownSweep | null
  readonly shownSelection: Selection | null
  readonly shownCheck: CheckResult | null
  readonly evaluated: { readonly current: EvaluationFinding | null; readonly isReading: boolean }
  readonly isHeard: boolean
  readonly whatIf: { readonly answer: { readonly asked: Pick<WhatIf, 'sampler'> } | null }
}

/** @returns null where there is no sweep, or no range was scored */
export function sweepResult(shown: Shown): SweepResult | null {
  const { scoredSweep: sweep, shownSelection: selection, shownCheck: check } = shown
  const sampler = shown.whatIf.answer?.asked.sampler ?? null
  if (sweep === null || selection === null) return null
  const { layerCount, source, scoredBy, base, post, ranges, preview } = sweep
  // Evaluations and checks are of the sweep's own sampler.
  const { current: evaluation, isReading } =
    sampler === null ? shown.evaluated : { current: null, isReading: false }
  const { isHeard } = shown
  const evidence = { layerCount, source, scoredBy, base, post, ranges, preview, selection, check, sampler }
  const verdict = verdictOf({ ...evidence, evaluation, isReading, isHeard })
  return {
    evidence,
    verdict,
    badge: selectedBadge(verdict),
    // Prompts, or a sampler, that post itself fails say nothing about ranges.
    certainty: verdict.state === 'unfit-prompts' ? null : certaintyOf(sweep, selection, check)
  }
}
