import { z } from 'zod'
import { Problem } from '../model/problem'
import { PairId } from './project'
import { Computing, ON_CPU } from './samples'

export const QUEUE_VERSION = 1

/** Far above the number of jobs that a user waits for. */
export const MAX_QUEUED = 500

/** A job's work for a pair. It uses the pair's settings at the time when it starts. */
export const QueuedWork = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('sweep'),
    /** True if ranges that cannot be selected are scored on a few prompts only. */
    preview: z.boolean().default(false)
  }),
  z.object({
    kind: z.literal('evaluation'),
    task: z.object({ id: z.string(), name: z.string() }),
    computing: Computing.default(ON_CPU)
  })
])
export type QueuedWork = z.infer<typeof QueuedWork>

/** A job that waits, runs, has failed or was stopped. */
export const QueuedJob = z.object({
  id: z.uuid(),
  pair: PairId,
  work: QueuedWork,
  /**
   * The evaluation that the job started and would resume. Null before its start, and for sweeps, which find their own
   * partial results.
   */
  evaluationId: z.string().nullable(),
  /**
   * Reason of the failure, or the state after a stop with code `cancelled`. Null before either. A job with a problem
   * runs again only on request.
   */
  problem: Problem.nullable()
})
export type QueuedJob = z.infer<typeof QueuedJob>

/** Jobs over a project's pairs, in the order in which they run. */
export const QueueDocument = z.object({
  schemaVersion: z.literal(QUEUE_VERSION),
  jobs: z.array(QueuedJob).max(MAX_QUEUED)
})
export type QueueDocument = z.infer<typeof QueueDocument>

/** Progress of a job. */
export const QueueProgress = z.object({
  /** Completed share of the work, 0 to 1. Null if it is unknown. */
  share: z.number().nullable(),
  /**
   * Remaining seconds, or null if unknown. A waiting job has the duration of a similar earlier job, or an estimate
   * from the pace of a preview.
   */
  secondsLeft: z.number().nullable(),
  /** Kind of sweep that a waiting job's estimate comes from. */
  toldBy: z.enum(['sweep', 'preview']).optional()
})
export type QueueProgress = z.infer<typeof QueueProgress>

/** Far above the number of finished jobs that a user looks at. */
export const MAX_DONE = 20

/** State of the queue for windows. */
export const QueueState = z.object({
  /** True if the queue is paused by the user, or because only jobs from before the program's start wait. */
  paused: z.boolean(),
  /** True if the queue waits for a job that the user started separately. */
  waits: z.boolean(),
  /** Name of the project whose job delays the running one. Null while the running job computes. */
  waitsFor: z.string().nullable(),
  jobs: z.array(
    QueuedJob.omit({ evaluationId: true }).extend({
      state: z.enum(['waiting', 'running', 'stopping', 'failed', 'stopped']),
      /** Warnings about the addresses that receive prompts. */
      sends: z.array(z.string()),
      progress: QueueProgress
    })
  ),
  /** Jobs finished since the program's start, the latest last. */
  done: z.array(QueuedJob.pick({ id: true, pair: true, work: true })).max(MAX_DONE)
})
export type QueueState = z.infer<typeof QueueState>
