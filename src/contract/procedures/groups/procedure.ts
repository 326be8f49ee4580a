import { oc } from '@orpc/contract'
import { z } from 'zod'
import { PairId } from '../../documents/project'
import { Problem } from '../../model/problem'

/** Every procedure may fail with a Problem; anything else that escapes is a defect and arrives without detail. */
export const procedure = oc.errors({ WORKBENCH: { data: Problem } })

export const projectPath = z.object({ path: z.string().min(1).max(4096) })

/** A pair of a project: what is computed and kept is of one. */
export const ofPair = projectPath.extend({ pair: PairId })

export const ofSweep = ofPair.extend({ sweepId: z.string() })

/** A limit for a sweep: the share of post's validity to keep. */
export const underLimit = ofSweep.extend({ rho: z.number().min(0).max(1) })

/** A change of whole values names the revision of the project that its caller has seen: `stale` when one has changed since. */
export const seen = z.number().int().nonnegative()

/** Both undo a removal: at the place it had, unless it is there again. */
export const place = z.number().int().nonnegative()

export const folderPath = z.string().min(1).max(4096)
