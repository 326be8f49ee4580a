import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { PairId } from '../../documents/project'
import { Problem } from '../../model/problem'

/** Every procedure may fail with a Problem. Any other error is a defect and arrives without details. */
export const procedure = oc.errors({ WORKBENCH: { data: Problem } })

export const projectPath = z.object({ path: z.string().min(1).max(4096) })

/** Input that names a pair by its project's folder and its id. */
export const pairInput = projectPath.extend({ pair: PairId })

/**
 * Creates two procedures for a kind of job. `watch` streams the events of the pair's running job, and ends at once if
 * no job runs. `cancel` stops the job. A job also goes on without watchers.
 */
export const jobProcedures = <Event extends z.ZodType>(event: Event) => ({
  watch: procedure.input(pairInput).output(eventIterator(event)),
  cancel: procedure.input(pairInput).output(z.void())
})

export const sweepInput = pairInput.extend({ sweepId: z.string() })

/** A limit for a sweep: the share of post's validity to keep. */
export const limitInput = sweepInput.extend({ rho: z.number().min(0).max(1) })

/** Revision that the caller has seen. A change fails with `stale` if a value has changed since. */
export const seenRevision = z.number().int().nonnegative()

/** Position in a list. Restoring uses the position before the removal, unless the entry exists again. */
export const listPosition = z.number().int().nonnegative()

export const folderPath = z.string().min(1).max(4096)
