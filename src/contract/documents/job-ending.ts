import { z } from 'zod'
import { Problem } from '../model/problem'

/** How a job ends that does not finish: the last event that its watchers see. */
export const UNFINISHED = [
  z.object({ type: z.literal('failed'), problem: Problem }),
  z.object({ type: z.literal('cancelled') })
] as const
