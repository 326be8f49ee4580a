import { parentPort } from 'node:worker_threads'
import { WorkbenchError } from '../../../contract/model/problem'
import { openStoredModel } from './pair-weights'
import { addCost, WeightDecoder } from './weight-decoder'
import { type WorkerReply, WorkerRequest, WorkerStart } from './read-ahead-messages'

/**
 * Reads and converts weights beside the thread that computes, which its runs block. The memory is lent by that thread
 * and goes back and forth without a copy. Ended from there (read-ahead.ts).
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
    // Anything else is a defect: it ends the worker, and the other side hears of that.
    if (!(error instanceof WorkbenchError)) throw error
    return { kind: 'failed', buffer, problem: error.problem }
  }
}

// One after the other: the decoder's memory is for one array at a time.
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
