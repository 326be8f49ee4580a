import type { PromptScores } from '../../contract/documents/evaluation'
import type { SampleLine } from '../../contract/documents/samples'
import type { TaskPrompt } from '../../contract/documents/task'
import type { MeasureId } from '../../contract/model/measures'

export type Measures = Partial<Record<MeasureId, number>>

/** Number of answers in which NoveltyBench counts classes. */
export const CLASSIFIED_ANSWERS = 10

/** The answers of one variant to one prompt, and the scores that their measures need. */
export interface EvaluationCell {
  readonly prompt: TaskPrompt
  readonly samples: readonly SampleLine[]
  /** Scores from the engine; undefined until computed. */
  readonly scores: PromptScores['cells'][number] | undefined
  /** Scores by a judge, by index of the answer. */
  readonly judgeScores: ReadonlyMap<number, number>
  /** Canonical form of each answer by a judge: '' for none, null if unreadable. Null until all answers were read. */
  readonly forms: readonly (string | null)[] | null
}
