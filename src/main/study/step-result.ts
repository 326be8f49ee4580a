import type { CheckProgress } from '../../contract/documents/answer-check'
import type { EvaluationProgress } from '../../contract/documents/evaluation'
import type { StepOutcome } from '../../contract/documents/study'
import type { SweepProgress } from '../../contract/documents/sweep-events'
import type { Problem } from '../../contract/model/problem'
import type { StudyStep } from './steps'

/** What a step has computed now; zero where all was there. */
export interface StepWork {
  blockEvaluations: number
  /** Ranges whose whole answers were checked. */
  checked: number
  answers: number
  answerTokens: number
  /** Prompts whose answers were read. */
  promptsRead: number
}

export const NO_WORK: StepWork = {
  blockEvaluations: 0,
  checked: 0,
  answers: 0,
  answerTokens: 0,
  promptsRead: 0
}

export interface StepResult {
  key: string
  outcome: StepOutcome
  work: StepWork
  seconds: number
  /** What the project, or the folder of the study, has of it: the id of a run, or the path of a report. */
  result: string | null
  /** Why it failed or was left out. */
  problem: Problem | null
}

export type StepProgress =
  | { kind: 'sweep'; progress: SweepProgress }
  | { kind: 'check'; progress: CheckProgress }
  | { kind: 'evaluate'; progress: EvaluationProgress }

/** Hears of a step on its way. */
export interface StepListener {
  progress(progress: StepProgress): void
  notice(text: string): void
}

export interface StudyListener extends StepListener {
  begins(step: StudyStep, place: number, count: number): void
  ended(step: StudyStep, result: StepResult): void
}
