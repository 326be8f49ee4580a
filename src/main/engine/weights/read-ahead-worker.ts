import { parentPort } from 'node:worker_threads'
import type { z } from 'zod'
import { WorkbenchError } from '../../../contract/model/problem'
import { type Checkpoints, closePairWeights, openStoredModel, type StoredModel } from './pair-weights'
import { addCost, WeightDecoder } from './weight-decoder'
import {
  type ReadReply,
  WorkerMessage,
  type WorkerReply,
  type WorkerRequest,
  type WorkerStart
} from './read-ahead-messages'

// This worker thread reads and converts weights. The computing thread cannot do so, because the engine's runs block
// it. The computing thread owns the buffers: each is transferred here and back without a copy. The computing thread
// also ends this worker (read-ahead.ts).

const openCheckpoints = ({ base, post, others }: WorkerStart): Checkpoints<StoredModel> => ({
  base: openStoredModel(base),
  post: openStoredModel(post),
  others: new Map(Array.from(others, ([origin, other]) => [origin, openStoredModel(other)]))
})

async function fill(decoder: WeightDecoder, { buffer: reusedBuffer, bytes, reads }: WorkerRequest): Promise<ReadReply> {
  const buffer = reusedBuffer ?? new ArrayBuffer(bytes)
  const startedMs = performance.now()
  try {
    const cost = { bytesRead: 0, convertMs: 0 }
    for (const { offset, ...read } of reads) {
      addCost(cost, await decoder.read(read, new Float32Array(buffer, offset, read.count)))
    }
    return { kind: 'filled', buffer, ...cost, readMs: performance.now() - startedMs }
  } catch (error) {
    // Any other error is a defect. It ends the worker, and the computing thread reports it.
    if (!(error instanceof WorkbenchError)) throw error
    return { kind: 'failed', buffer, problem: error.problem }
  }
}

const send = (reply: WorkerReply, transfer: readonly ArrayBuffer[] = []): void =>
  parentPort?.postMessage(reply, transfer)

let checkpoints: Checkpoints<StoredModel> | null = null
let decoder: WeightDecoder | null = null

async function handle(message: z.infer<typeof WorkerMessage>): Promise<void> {
  if (message.kind === 'start') {
    checkpoints = openCheckpoints(message)
    decoder = new WeightDecoder(checkpoints)
  } else if (checkpoints === null || decoder === null) {
    throw new Error(`a reading thread without checkpoints was asked to ${message.kind}`)
  } else if (message.kind === 'read') {
    const reply = await fill(decoder, message)
    send(reply, [reply.buffer])
  } else {
    await closePairWeights(checkpoints)
    checkpoints = decoder = null
    send({ kind: 'ended' })
  }
}

// Messages are handled one after the other, because the decoder has working memory for one array only.
let queue: Promise<void> = Promise.resolve()
parentPort?.on('message', (message: unknown) => {
  const parsed = WorkerMessage.parse(message)
  queue = queue.then(() => handle(parsed))
})
