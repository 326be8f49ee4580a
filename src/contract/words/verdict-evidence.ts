import type { CheckResult } from '../documents/answer-check'
import type { Score, Selection } from '../documents/crc'
import type { BetterModel, EvaluationFinding, VerdictFigure, VerdictState, VerdictStep } from '../documents/verdict'
import type { RestoredTo } from '../model/checkpoint'
import type { MinPDraw } from '../model/sampling'
import type { PreviewEvidence } from './preview-words'

/** A sweep, and the results that support or contradict the range that it selects. */
export interface VerdictEvidence extends PreviewEvidence {
  /** Checkpoint that supplies the restored layers; null for base. */
  source: RestoredTo
  post: Pick<Score, 'validity' | 'diversity' | 'prompts'>
  /** Scores of base; null if base could not be scored. */
  base: Pick<Score, 'validity' | 'diversity'> | null
  /** Includes the check, see `checkedSelection`. */
  selection: Selection
  /** Null when no full answers were checked. */
  check: CheckResult | null
  /** Sampler of a what-if question; null for the sweep's sampler. */
  sampler?: MinPDraw | null
  evaluation?: EvaluationFinding | null
  /** True while an evaluation of the range may still be read. */
  isReading?: boolean
  /** False if no answer was read in Chat or Samples yet. Omitted outside the window. */
  hasAnswers?: boolean
  /** True if a check covers every range that may be selected. */
  isAllChecked?: boolean
}

/** One statement about the selected range. */
export interface VerdictFinding {
  readonly state: VerdictState
  /** Replaces the usual label of the state. */
  readonly label?: string
  readonly headline: string
  readonly figures: VerdictFigure[]
  /** Short line that is shown below a worse finding. */
  readonly caveat: string
  readonly action: VerdictStep
  readonly better: BetterModel | null
}
