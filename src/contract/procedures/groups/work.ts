import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { PairId } from '../../documents/project'
import { MAX_QUEUED, QueuedWork, WorkListState } from '../../work/work-list'
import { listPosition, procedure, projectPath } from './procedure'

const jobInput = projectPath.extend({ id: z.uuid() })

export const workProcedures = {
  /**
   * Appends the same job for these pairs to the queue, except for pairs where it already waits. A paused queue
   * continues. Pairs that already have the result, a full sweep of the same prompts and settings, are omitted.
   * @param again computes these pairs too
   */
  add: procedure
    .input(
      projectPath.extend({
        pairs: z.array(PairId).min(1).max(MAX_QUEUED),
        work: QueuedWork,
        /** Name of the task of an evaluation. */
        taskName: z.string().nullable().default(null),
        again: z.boolean().default(false)
      })
    )
    .output(z.object({ leftOut: z.array(PairId) })),
  /**
   * Streams the queue and the newest study of the project, at once and after every change. The stream never ends by
   * itself.
   */
  watch: procedure.input(projectPath).output(eventIterator(WorkListState)),
  /**
   * Moves a job.
   * @param place index in the queue without the job
   */
  move: procedure.input(jobInput.extend({ place: listPosition })).output(z.void()),
  /** Removes a job from the queue. A running job is stopped and keeps its results. */
  remove: procedure.input(jobInput).output(z.void()),
  /** Returns a failed job to the waiting jobs and continues the queue. */
  retry: procedure.input(jobInput).output(z.void()),
  /** Sets whether further jobs may start. A running job continues. */
  pause: procedure.input(projectPath.extend({ paused: z.boolean() })).output(z.void())
}
