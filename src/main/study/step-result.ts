import type { StepOutcome } from '../../contract/documents/study'
import type { Problem } from '../../contract/model/problem'
import type { WorkEvent } from '../../contract/work/progress'
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

/** Hears of a step on its way. */
export interface StepListener {
  notify(event: WorkEvent): void
}

export interface StudyListener extends StepListener {
  begins(step: StudyStep, place: number, count: number): void
  ended(step: StudyStep, result: StepResult): void
}
