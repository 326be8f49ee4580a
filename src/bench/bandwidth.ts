import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { parentPort, Worker } from 'node:worker_threads'

/** Measures the memory bandwidth of all cores together, in bytes per second: the best of several runs. */
export interface Bandwidth {
  /** memcmp of two equal buffers: both are read, nothing is written. */
  readonly read: number
  /** memcpy: what is read and what is written, together. */
  readonly copy: number
}

/** First argument of the bench when it is to be one of the threads that move memory. */
export const BANDWIDTH_WORKER = 'move-memory'

const KINDS = ['read', 'copy'] as const
/** Far beyond any cache. */
const BUFFER_BYTES = 2 ** 27
const REPEATS = 9

export async function measureBandwidth(signal: AbortSignal): Promise<Bandwidth> {
  const script = process.argv[1] ?? ''
  const workers = Array.from(
    { length: availableParallelism() },
    () => new Worker(script, { argv: [BANDWIDTH_WORKER] })
  )
  const moved = (kind: string): Promise<unknown> =>
    Promise.all(
      workers.map((worker) => {
        const answered = once(worker, 'message')
        worker.postMessage(kind)
        return answered
      })
    )
  try {
    const best = { read: 0, copy: 0 }
    for (const kind of KINDS) await moved(kind)
    for (let i = 0; i < REPEATS; i++) {
      for (const kind of KINDS) {
        signal.throwIfAborted()
        const startedMs = performance.now()
        await moved(kind)
        const seconds = (performance.now() - startedMs) / 1000
        best[kind] = Math.max(best[kind], (2 * BUFFER_BYTES * workers.length) / seconds)
      }
    }
    return best
  } finally {
    for (const worker of workers) await worker.terminate()
  }
}

/** Runs in the thread: reads or copies its buffers at every message. */
export function moveMemory(): void {
  const [from, to] = [Buffer.alloc(BUFFER_BYTES, 1), Buffer.alloc(BUFFER_BYTES, 1)]
  parentPort?.on('message', (kind: unknown) => {
    const moved = kind === 'copy' ? from.copy(to) : from.compare(to)
    parentPort?.postMessage(moved)
  })
}
