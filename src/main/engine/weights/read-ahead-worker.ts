import { parentPort } from 'node:worker_threads'
import { WorkbenchError } from '../../../contract/model/problem'
import { openStoredModel } from './pair-weights'
import { addCost, WeightDecoder } from './weight-decoder'
import { type WorkerReply, WorkerRequest, WorkerStart } from './read-ahead-messages'

/**
 * Reads and converts weights in a thread of its own, because runs block the computing thread. That thread lends the
 * memory, which is transferred both ways without a copy. It also ends this thread (read-ahead.ts).
 */
function decoderOf({ base, post, others }: WorkerStart): WeightDecoder {
  return new WeightDecoder({
    base: openStoredModel(base),
    post: openStoredModel(post),
    others: new Map(Array.from(others, ([origin, other]) => [origin, openStoredModel(other)]))
  })
}

async function fill(
  decoder: WeightDecoder,
  { buffer: lent, bytes, reads }: WorkerRequest
): Promise<WorkerReply> {
  const buffer = lent ?? new ArrayBuffer(bytes)
  const startedMs = performance.now()
  try {
    const cost = { bytesRead: 0, convertMs: 0 }
    for (const { offset, ...read } of reads) {
      addCost(cost, await decoder.read(read, new Float32Array(buffer, offset, read.count)))
    }
    return { kind: 'filled', buffer, ...cost, readMs: performance.now() - startedMs }
  } catch (error) {
    // Any other error is a defect. It ends the worker, which the computing thread notices.
    if (!(error instanceof WorkbenchError)) throw error
    return { kind: 'failed', buffer, problem: error.problem }
  }
}

// Requests run one after the other, because the decoder's memory serves one array at a time.
let queue: Promise<void> = Promise.resolve()
parentPort?.once('message', (start: unknown) => {
  const decoder = decoderOf(WorkerStart.parse(start))
  parentPort?.on('message', (message: unknown) => {
    const request = WorkerRequest.parse(message)
    queue = queue.then(async () => {
      const reply = await fill(decoder, request)
      parentPort?.postMessage(reply, [reply.buffer])
    })
  })
})
