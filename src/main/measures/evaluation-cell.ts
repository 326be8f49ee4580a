import type { PromptScores } from '../../contract/documents/evaluation'
import type { SampleLine } from '../../contract/documents/samples'
import type { TaskPrompt } from '../../contract/documents/task'
import type { MeasureId } from '../../contract/model/measures'

/** Measures that have a value. */
export type Measures = Partial<Record<MeasureId, number>>

/** Measures with their values, or null or undefined for a measure without one. */
export type MeasureValues = Partial<Record<MeasureId, number | null | undefined>>

/** Number of first answers that a classifier sorts into classes of the same answer, as in NoveltyBench. */
export const CLASSIFIED_ANSWERS = 10

/** The answers of one variant to one prompt, and the scores that their measures need. */
export interface EvaluationCell {
  readonly prompt: TaskPrompt
  readonly samples: readonly SampleLine[]
  /** Scores that the engine computes with the models, such as likelihoods; undefined until computed. */
  readonly scores: PromptScores['cells'][number] | undefined
  /** The judge's scores from 0 to 1, by index of the answer. Empty without a judge. */
  readonly judgeScores: ReadonlyMap<number, number>
  /**
   * Canonical form of each answer, which a judge reads from its text. The form is '' if the text has no answer, and
   * null if the judge's reply was unreadable. The list is null until a judge has read all answers.
   */
  readonly forms: readonly (string | null)[] | null
}
