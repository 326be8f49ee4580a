import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { PairId } from '../../documents/project'
import { MAX_QUEUED, QueueState, QueuedWork } from '../../documents/queue'
import { place, procedure, projectPath } from './procedure'

const ofQueue = projectPath.extend({ id: z.uuid() })

export const queueProcedures = {
  /**
   * Puts the same work for these pairs at the end of the line, but where it waits already; a line that was paused goes on. Pairs that
   * have what it would compute, a whole sweep of the same prompts and settings, are left out. @param again computes it all the same
   */
  add: procedure
    .input(
      projectPath.extend({
        pairs: z.array(PairId).min(1).max(MAX_QUEUED),
        work: QueuedWork,
        again: z.boolean().default(false)
      })
    )
    .output(z.object({ leftOut: z.array(PairId) })),
  /** The line as it is, and again after every change. Watching never ends by itself. */
  watch: procedure.input(projectPath).output(eventIterator(QueueState)),
  /** @param place in the line without it */
  move: procedure.input(ofQueue.extend({ place })).output(z.void()),
  /** Takes a job out of the line; one that runs is stopped, and keeps what it has. */
  remove: procedure.input(ofQueue).output(z.void()),
  /** Has a job that failed wait again, and the line go on. */
  retry: procedure.input(ofQueue).output(z.void()),
  /** Whether another job may begin; the one that runs goes on. */
  pause: procedure.input(projectPath.extend({ paused: z.boolean() })).output(z.void())
}
