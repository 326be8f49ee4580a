import { z } from 'zod'
import { Problem } from '../model/problem'

/** Last events of a job that does not finish. */
export const UNFINISHED = [
  z.object({ type: z.literal('failed'), problem: Problem }),
  z.object({ type: z.literal('cancelled') })
] as const

export const sweepJobEvent = <Progress extends z.ZodType>(progress: Progress) =>
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('progress'), sweepId: z.string(), progress }),
    z.object({ type: z.literal('finished'), sweepId: z.string() }),
    ...UNFINISHED
  ])
