import { z } from 'zod'
import { Problem } from '../model/problem'

/** Last events of a job that does not finish. */
export const UNFINISHED = [
  z.object({ type: z.literal('failed'), problem: Problem }),
  z.object({ type: z.literal('cancelled') })
] as const

/** Creates the schema of the events of a job that reports its progress and its end. */
export const jobEvent = <Progress extends z.ZodRawShape, Finished extends z.ZodRawShape>(
  progress: Progress,
  finished: Finished
) =>
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('progress'), ...progress }),
    z.object({ type: z.literal('finished'), ...finished }),
    ...UNFINISHED
  ])

export const sweepJobEvent = <Progress extends z.ZodType>(progress: Progress) =>
  jobEvent({ sweepId: z.string(), progress }, { sweepId: z.string() })
