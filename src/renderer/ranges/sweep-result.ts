import type { ShownSweep } from '../../contract/documents/shown-sweep'
import type { EvaluationFinding, Verdict } from '../../contract/documents/verdict'
import { type SelectedBadge, selectedBadge, type VerdictEvidence, verdictOf } from '../../contract/words/verdict'
import type { ShownNumbers } from './what-if/shown-numbers'
import { type Certainty, certaintyOf } from './board/certainty'

/** The verdict on a sweep, with the label that charts give to its selected range. */
export interface SweepResult {
  readonly evidence: VerdictEvidence & Pick<ShownSweep, 'post' | 'ranges' | 'preview'>
  readonly verdict: Verdict
  /** Label of the selected range in charts; null if the verdict supports no range. */
  readonly badge: SelectedBadge | null
  /** How often ranges win; null if it is unknown. */
  readonly certainty: Certainty | null
}

interface Evidence {
  readonly numbers: ShownNumbers
  readonly evaluated: { readonly current: EvaluationFinding | null; readonly isReading: boolean }
  /** True if answers of a model were shown in Chat or Samples. */
  readonly hasAnswers: boolean
}

/** Judges the shown numbers. @returns null if there is no sweep, or no range was scored */
export function sweepResult({ numbers, evaluated, hasAnswers }: Evidence): SweepResult | null {
  const { sweep, selection, check } = numbers
  const sampler = numbers.whatIf?.sampler ?? null
  if (sweep === null || selection === null) return null
  const { layerCount, source, scoredBy, base, post, ranges, preview } = sweep
  // Evaluations and checks are of the sweep's own sampler.
  const { current: evaluation, isReading } = sampler === null ? evaluated : { current: null, isReading: false }
  const evidence = { layerCount, source, scoredBy, base, post, ranges, preview, selection, check, sampler }
  const verdict = verdictOf({ ...evidence, evaluation, isReading, hasAnswers })
  return {
    evidence,
    verdict,
    badge: selectedBadge(verdict),
    // If post itself fails the prompts, wins of ranges mean nothing.
    certainty: verdict.state === 'unfit-prompts' ? null : certaintyOf(sweep, selection, check)
  }
}
