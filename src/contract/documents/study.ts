import { z } from 'zod'
import { Problem } from '../model/problem'
import { QueueProgress } from './queue'

export const STUDY_VERSION = 1

/** What is done for a pair. */
export const StudyStepKind = z.enum(['sweep', 'check', 'evaluate', 'report'])
export type StudyStepKind = z.infer<typeof StudyStepKind>

/** How a step ended: all was there, something was computed, a report was written, it failed, or what it needs is missing. */
export const StepOutcome = z.enum(['found', 'computed', 'written', 'failed', 'left out'])
export type StepOutcome = z.infer<typeof StepOutcome>

/** A step of a study that runs or ran, as it stood when the study last told. */
export const ToldStep = z.object({
  /** Tells it from the other steps: `Demo/evaluate/demo-open`. */
  key: z.string(),
  /** The pair's name; null for what is done of all pairs. */
  pair: z.string().nullable(),
  kind: StudyStepKind,
  /** The name or file of the task that is evaluated, with a number where one is asked twice; null for other kinds. */
  task: z.string().nullable(),
  state: z.enum(['waiting', 'running', ...StepOutcome.options]),
  progress: QueueProgress,
  /** How long it took; null before it has ended. */
  seconds: z.number().nullable(),
  /** Why it failed or was left out. */
  problem: Problem.nullable()
})
export type ToldStep = z.infer<typeof ToldStep>

/** How far the newest study of a project is. A study writes it while it runs; it holds no results. */
export const StudyDocument = z.object({
  schemaVersion: z.literal(STUDY_VERSION),
  name: z.string(),
  /** That was run: an absolute path. */
  file: z.string(),
  startedAt: z.iso.datetime(),
  /** Of the lock under which it writes the project: whether it still runs. */
  lock: z.string(),
  /** Null while it runs, and of one that was killed. */
  ended: z.enum(['done', 'stopped']).nullable(),
  /** In their order. */
  steps: z.array(ToldStep)
})
export type StudyDocument = z.infer<typeof StudyDocument>

/** The same as windows show it. */
export const StudyState = StudyDocument.omit({ schemaVersion: true, lock: true }).extend({
  running: z.boolean()
})
export type StudyState = z.infer<typeof StudyState>
