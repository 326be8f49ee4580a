import type { WorkEvent } from '../../contract/work/progress'
import type { WorkResult } from '../work/work-list'
import type { StudyStep } from './steps'

/** Amounts that a step has computed. Stored results do not count. */
export interface StepWork {
  /** Layers that were computed over a group of prompts. */
  blockEvaluations: number
  /** Ranges in the full-answer check. */
  checked: number
  answers: number
  answerTokens: number
  /** Prompts whose answers were scored. */
  promptsRead: number
  /** Replies of judges. */
  verdicts: number
}

export const NO_WORK: StepWork = {
  blockEvaluations: 0,
  checked: 0,
  answers: 0,
  answerTokens: 0,
  promptsRead: 0,
  verdicts: 0
}

export interface StepOutput {
  work: StepWork
  /** Id of the run in the project, or path of the report; null for none. */
  result: string | null
}

export type StepResult = StepOutput & WorkResult

/** Receives the beginning, progress and end of each step. */
export interface StudyListener {
  notify(event: WorkEvent): void
  begins(step: StudyStep, index: number, count: number): void
  ended(step: StudyStep, result: StepResult): void
}
