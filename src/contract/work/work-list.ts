import { z } from 'zod'
import { PairId } from '../documents/project'
import { Problem } from '../model/problem'
import { ProgressShare } from './progress'
import { CheckSettings, EvaluateSettings, LineageSettings, SweepSettings } from './settings'
import { workSettings } from './work'

export const WORK_LIST_VERSION = 1

export const MAX_QUEUED = 500

/** Work that can wait in the queue. Settings that are not stored here are the pair's when the work starts. */
export const QueuedWork = z.discriminatedUnion('kind', [
  workSettings('sweep', SweepSettings.pick({ preview: true })),
  workSettings('lineage', LineageSettings),
  workSettings('evaluate', EvaluateSettings.pick({ task: true, device: true, precision: true, weights: true }))
])
export type QueuedWork = z.infer<typeof QueuedWork>

/** Work of a study's step. Its models are those of the study's file. */
export const StudyStepWork = z.discriminatedUnion('kind', [
  workSettings('sweep', SweepSettings),
  workSettings('check', CheckSettings),
  workSettings('evaluate', EvaluateSettings),
  workSettings('report', z.object({}))
])
export type StudyStepWork = z.infer<typeof StudyStepWork>

/** End of an entry. `found`: the results existed. `left out`: something that the work needs is missing. */
export const WorkOutcome = z.enum(['found', 'computed', 'written', 'failed', 'left out'])
export type WorkOutcome = z.infer<typeof WorkOutcome>

const entry = {
  /** Name of an evaluation's task. A study adds a number to a task that occurs twice. Null for other work. */
  taskName: z.string().nullable(),
  state: z.enum(['waiting', 'running', 'stopping', 'stopped', ...WorkOutcome.options]),
  progress: ProgressShare,
  /** Duration in seconds. Null before the end. */
  seconds: z.number().nullable(),
  /** Reason why the work failed, was left out or was stopped; else null. Work with a problem waits for the user. */
  problem: Problem.nullable()
}

export const QueuedJob = z.object({
  origin: z.literal('window'),
  id: z.uuid(),
  pair: PairId,
  work: QueuedWork,
  ...entry,
  /** Id of the evaluation that the job has started and continues after a stop. Null before that, and for sweeps. */
  evaluationId: z.string().nullable()
})
export type QueuedJob = z.infer<typeof QueuedJob>

export const StudyStepState = z.object({
  origin: z.literal('study'),
  /** Key of the step within the study, such as `Demo/evaluate/demo-names`. */
  id: z.string(),
  /** Name of the pair, which the project may not have yet. Null for work on all pairs. */
  pair: z.string().nullable(),
  work: StudyStepWork,
  ...entry
})
export type StudyStepState = z.infer<typeof StudyStepState>

const StudyRun = z.object({
  name: z.string(),
  file: z.string(),
  startedAt: z.iso.datetime(),
  /** Lock under which the study writes the project. It shows whether the study still runs. */
  lock: z.string(),
  /** Null while the study runs, and if it was killed. */
  ended: z.enum(['done', 'stopped']).nullable()
})

/** The work of a project: the queue of the window and the steps of the newest study, each in its order. */
export const WorkListDocument = z.object({
  schemaVersion: z.literal(WORK_LIST_VERSION),
  study: StudyRun.nullable(),
  entries: z.array(z.discriminatedUnion('origin', [QueuedJob, StudyStepState]))
})
export type WorkListDocument = z.infer<typeof WorkListDocument>

/** Maximum number of finished jobs in the list. */
export const MAX_DONE = 20

export const ShownJob = QueuedJob.omit({ evaluationId: true }).extend({
  /** Warnings about the addresses that receive prompts. */
  endpointWarnings: z.array(z.string())
})
export type ShownJob = z.infer<typeof ShownJob>

export const StudyState = StudyRun.omit({ lock: true }).extend({
  running: z.boolean(),
  steps: z.array(StudyStepState)
})
export type StudyState = z.infer<typeof StudyState>

export const WorkListState = z.object({
  /** True if the queue is paused by the user, or because only jobs from before the program's start wait. */
  paused: z.boolean(),
  waits: z.boolean(),
  /** Name of the project whose job delays the running one. Null while the running job computes. */
  waitsFor: z.string().nullable(),
  jobs: z.array(ShownJob),
  /** Jobs finished since the program's start, the latest last. */
  done: z.array(QueuedJob.pick({ id: true, pair: true, work: true, taskName: true })).max(MAX_DONE),
  study: StudyState.nullable()
})
export type WorkListState = z.infer<typeof WorkListState>
