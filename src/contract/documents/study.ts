import { z } from 'zod'
import { Problem } from '../model/problem'
import { QueueProgress } from './queue'

export const STUDY_VERSION = 1

/** Kinds of steps that a study runs for a pair. */
export const StudyStepKind = z.enum(['sweep', 'check', 'evaluate', 'report'])
export type StudyStepKind = z.infer<typeof StudyStepKind>

/**
 * Outcome of a step. `found`: the results existed. `computed` and `written`: the step produced results or a report.
 * `left out`: something that the step needs is missing.
 */
export const StepOutcome = z.enum(['found', 'computed', 'written', 'failed', 'left out'])
export type StepOutcome = z.infer<typeof StepOutcome>

/** State of a study's step at the study's last update. */
export const StudyStepState = z.object({
  /** Key of the step within the study, such as `Demo/evaluate/demo-open`. */
  key: z.string(),
  /** Name of the pair. Null for a step over all pairs. */
  pair: z.string().nullable(),
  kind: StudyStepKind,
  /** Name or file of the evaluated task, with a number if it occurs twice. Null for other kinds. */
  task: z.string().nullable(),
  state: z.enum(['waiting', 'running', ...StepOutcome.options]),
  progress: QueueProgress,
  /** Duration in seconds. Null before the step has ended. */
  seconds: z.number().nullable(),
  /** Reason why the step failed or was left out. */
  problem: Problem.nullable()
})
export type StudyStepState = z.infer<typeof StudyStepState>

/** Progress of the newest study of a project. The study writes it while it runs. It contains no results. */
export const StudyDocument = z.object({
  schemaVersion: z.literal(STUDY_VERSION),
  name: z.string(),
  /** Absolute path of the study file. */
  file: z.string(),
  startedAt: z.iso.datetime(),
  /** Lock under which the study writes the project. It shows whether the study still runs. */
  lock: z.string(),
  /** Null while the study runs, and if it was killed. */
  ended: z.enum(['done', 'stopped']).nullable(),
  /** Steps in their order. */
  steps: z.array(StudyStepState)
})
export type StudyDocument = z.infer<typeof StudyDocument>

/** State of a study for windows. */
export const StudyState = StudyDocument.omit({ schemaVersion: true, lock: true }).extend({
  running: z.boolean()
})
export type StudyState = z.infer<typeof StudyState>
