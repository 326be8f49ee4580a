import { parentPort } from 'node:worker_threads'
import { WorkbenchError } from '../../../contract/model/problem'
import { openStoredModel } from './pair-weights'
import { addCost, WeightDecoder } from './weight-decoder'
import { type WorkerReply, WorkerRequest, WorkerStart } from './read-ahead-messages'

// This worker thread reads and converts weights. The computing thread cannot do so, because the engine's runs block
// it. The computing thread owns the buffers: each is transferred here and back without a copy. The computing thread
// also ends this worker (read-ahead.ts).

function decoderOf({ base, post, others }: WorkerStart): WeightDecoder {
  return new WeightDecoder({
    base: openStoredModel(base),
    post: openStoredModel(post),
    others: new Map(Array.from(others, ([origin, other]) => [origin, openStoredModel(other)]))
  })
}

async function fill(
  decoder: WeightDecoder,
  { buffer: reusedBuffer, bytes, reads }: WorkerRequest
): Promise<WorkerReply> {
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

// Requests run one after the other, because the decoder has working memory for one array only.
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
