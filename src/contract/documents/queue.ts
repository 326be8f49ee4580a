import { z } from 'zod'
import { Problem } from '../model/problem'
import { PairId } from './project'
import { Computing, ON_CPU } from './samples'
import type { SweepProgress } from './sweep-events'

export const QUEUE_VERSION = 1

/** More than anybody waits for. */
export const MAX_QUEUED = 500

/** What is done for a pair when its turn comes, by what is set for the pair then. */
export const QueuedWork = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('sweep'),
    /** Whether ranges that cannot be selected are scored on a few prompts only. */
    preview: z.boolean().default(false)
  }),
  z.object({
    kind: z.literal('evaluation'),
    task: z.object({ id: z.string(), name: z.string() }),
    computing: Computing.default(ON_CPU)
  })
])
export type QueuedWork = z.infer<typeof QueuedWork>

/** A job that waits in line, runs, or has failed or been stopped. */
export const QueuedJob = z.object({
  id: z.uuid(),
  pair: PairId,
  work: QueuedWork,
  /** The evaluation that it has begun, to go on with; null before that, and for sweeps, which know what they have. */
  evaluationId: z.string().nullable(),
  /** Why it failed, or what it had when it was stopped, `cancelled`; null before that. Such a one runs again only when it is asked to. */
  problem: Problem.nullable()
})
export type QueuedJob = z.infer<typeof QueuedJob>

/** Jobs over a project's pairs, in the order of their turns. */
export const QueueDocument = z.object({
  schemaVersion: z.literal(QUEUE_VERSION),
  jobs: z.array(QueuedJob).max(MAX_QUEUED)
})
export type QueueDocument = z.infer<typeof QueueDocument>

/** What is known of how far a job is. */
export const QueueProgress = z.object({
  /** Of the work, 0 to 1; null while that is not known. */
  share: z.number().nullable(),
  /** Null while that is not known; of a job that waits, how long one like it took last, or would take by the pace of a preview. */
  secondsLeft: z.number().nullable(),
  /** Of a job that waits, by which kind of sweep that is told. */
  toldBy: z.enum(['sweep', 'preview']).optional()
})
export type QueueProgress = z.infer<typeof QueueProgress>

/** How far a sweep is. Only while ranges are swept is anything known: before and after it other work goes on. */
export const sweepProgress = ({ phase, rowsDone, rowsTotal, secondsLeft }: SweepProgress): QueueProgress =>
  phase === 'sweeping' ? { share: rowsDone / rowsTotal, secondsLeft } : { share: null, secondsLeft: null }

/** More than anybody looks back at. */
export const MAX_DONE = 20

/** The line as windows show it. */
export const QueueState = z.object({
  /** Nothing begins until the user lets it: after a pause, and when only jobs of before this run of the program wait. */
  paused: z.boolean(),
  /** Whether the line waits for a job that was started by hand. */
  waits: z.boolean(),
  /** Name of the project whose job the running one waits for; null while it computes. */
  waitsFor: z.string().nullable(),
  jobs: z.array(
    QueuedJob.omit({ evaluationId: true }).extend({
      state: z.enum(['waiting', 'running', 'stopping', 'failed', 'stopped']),
      /** Where it sends prompts, in sentences. */
      sends: z.array(z.string()),
      progress: QueueProgress
    })
  ),
  /** What was finished since the program was started, the last one last. */
  done: z.array(QueuedJob.pick({ id: true, pair: true, work: true })).max(MAX_DONE)
})
export type QueueState = z.infer<typeof QueueState>
