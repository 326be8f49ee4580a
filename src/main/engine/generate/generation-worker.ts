import { parentPort, workerData } from 'node:worker_threads'
import { WorkbenchError } from '../../../contract/model/problem'
import { GenerateRequest } from '../../../contract/procedures/engine'
import { generate } from './generate'
import { STOP, type ThreadMessage } from './generation-threads'
import { stopTextOf } from './stop-text'

// This worker thread generates the answers of a part of a request (generation-threads.ts).

const send = (message: ThreadMessage): void => parentPort?.postMessage(message)

async function work(): Promise<void> {
  const request = GenerateRequest.parse(workerData)
  const stopping = new AbortController()
  parentPort?.on('message', (message) => {
    if (message === STOP) stopping.abort()
  })
  try {
    const events = generate(request, await stopTextOf(request), stopping.signal)
    for await (const event of events) send({ kind: 'event', event })
  } catch (error) {
    // Any other error is a defect. It ends the worker, and the thread that started it reports it.
    if (!(error instanceof WorkbenchError)) throw error
    send({ kind: 'failed', problem: error.problem })
  } finally {
    parentPort?.close()
  }
}

await work()
