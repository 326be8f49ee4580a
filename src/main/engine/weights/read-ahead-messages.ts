import { z } from 'zod'
import { Problem } from '../../../contract/model/problem'
import { TensorEntry } from '../../checkpoint/safetensors'
import { isOrigin, isOtherOrigin, type Origin, type OtherOrigin } from '../tries/recipe-trie'

/* Messages between the computing thread and the threads that read weights. */

const origin = z.string().refine((name): name is Origin => isOrigin(name))
const otherOrigin = z.string().refine((name): name is OtherOrigin => isOtherOrigin(name))
const StoredCheckpoint = z.object({
  path: z.string(),
  files: z.array(z.object({ name: z.string(), path: z.string(), bytes: z.number(), modifiedMs: z.number() })),
  tensors: z.map(z.string(), TensorEntry)
})

/** The checkpoints as they were opened. The thread rejects a file that changed since. */
export const WorkerStart = z.object({
  kind: z.literal('start'),
  base: StoredCheckpoint,
  post: StoredCheckpoint,
  others: z.map(otherOrigin, StoredCheckpoint)
})
export type WorkerStart = z.infer<typeof WorkerStart>

export const WorkerRequest = z.object({
  kind: z.literal('read'),
  /** Lent memory, which the reply returns. Null asks for a new buffer of `bytes` bytes, which the reply brings. */
  buffer: z.instanceof(ArrayBuffer).nullable(),
  bytes: z.number(),
  reads: z.array(
    z.object({
      name: z.string(),
      first: z.number(),
      count: z.number(),
      source: z.union([
        origin,
        z.object({ from: z.union([z.literal('base'), otherOrigin]), strength: z.number() }),
        z.object({ terms: z.array(z.object({ origin, weight: z.number() })).readonly() })
      ]),
      keep: z.array(origin),
      /** Byte of the buffer at which the array begins. */
      offset: z.number()
    })
  )
})
export type WorkerRequest = z.infer<typeof WorkerRequest>

/** Messages to a thread. A start is followed by reads and an end, which closes the files. */
export const WorkerMessage = z.discriminatedUnion('kind', [
  WorkerStart,
  WorkerRequest,
  z.object({ kind: z.literal('end') })
])

export const WorkerReply = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('filled'),
    buffer: z.instanceof(ArrayBuffer),
    bytesRead: z.number(),
    readMs: z.number(),
    convertMs: z.number()
  }),
  z.object({ kind: z.literal('failed'), buffer: z.instanceof(ArrayBuffer), problem: Problem }),
  z.object({ kind: z.literal('ended') })
])
export type WorkerReply = z.infer<typeof WorkerReply>
export type ReadReply = Exclude<WorkerReply, { kind: 'ended' }>
