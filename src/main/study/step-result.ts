import type { WorkEvent } from '../../contract/work/progress'
import type { WorkResult } from '../work/work-list'
import type { StudyStep } from './steps'

export interface StepWork {
  blockEvaluations: number
  checked: number
  answers: number
  answerTokens: number
  promptsRead: number
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

export interface StepListener {
  notify(event: WorkEvent): void
}

export interface StudyListener extends StepListener {
  begins(step: StudyStep, index: number, count: number): void
  ended(step: StudyStep, result: StepResult): void
}
