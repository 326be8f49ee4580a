import { z } from 'zod'
import { Problem } from '../model/problem'

/** How a job ends that does not finish: the last event that its watchers see. */
export const UNFINISHED = [
  z.object({ type: z.literal('failed'), problem: Problem }),
  z.object({ type: z.literal('cancelled') })
] as const

/** What a watcher of a job that goes on from a sweep sees. After `finished`, `failed` or `cancelled` the stream ends. */
export const ofSweepEvent = <Progress extends z.ZodType>(progress: Progress) =>
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('progress'), sweepId: z.string(), progress }),
    z.object({ type: z.literal('finished'), sweepId: z.string() }),
    ...UNFINISHED
  ])
