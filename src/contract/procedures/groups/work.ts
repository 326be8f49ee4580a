import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { PairId } from '../../documents/project'
import { MAX_QUEUED, QueuedWork, WorkListState } from '../../work/work-list'
import { listPosition, procedure, projectPath } from './procedure'

const jobInput = projectPath.extend({ id: z.uuid() })

export const workProcedures = {
  /** Queues a job for these pairs, unless it waits already, or `again` is false and its result exists. */
  add: procedure
    .input(
      projectPath.extend({
        pairs: z.array(PairId).min(1).max(MAX_QUEUED),
        work: QueuedWork,
        taskName: z.string().nullable().default(null),
        again: z.boolean().default(false)
      })
    )
    .output(z.object({ leftOut: z.array(PairId) })),
  /** Streams the queue and the newest study of the project, at once and after every change. */
  watch: procedure.input(projectPath).output(eventIterator(WorkListState)),
  /** Moves a job. @param position index in the queue without the job */
  move: procedure.input(jobInput.extend({ position: listPosition })).output(z.void()),
  remove: procedure.input(jobInput).output(z.void()),
  /** Returns a failed job to the waiting jobs and continues the queue. */
  retry: procedure.input(jobInput).output(z.void()),
  pause: procedure.input(projectPath.extend({ paused: z.boolean() })).output(z.void())
}
