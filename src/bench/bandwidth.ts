import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { parentPort, Worker } from 'node:worker_threads'

/** Memory bandwidth of all cores together in bytes per second: the best of several runs. */
export interface Bandwidth {
  /** Bytes read while two equal buffers are compared. */
  readonly read: number
  /** Bytes read and written while one buffer is copied to another. */
  readonly copy: number
}

/** First argument of a thread that reads and copies memory. */
export const BANDWIDTH_WORKER = 'move-memory'

const KINDS = ['read', 'copy'] as const
/** Larger than any cache. */
const BUFFER_BYTES = 2 ** 27
const REPEATS = 9

/** Measures the memory bandwidth by one thread on each core. */
export async function measureBandwidth(signal: AbortSignal): Promise<Bandwidth> {
  const script = process.argv[1] ?? ''
  const workers = Array.from({ length: availableParallelism() }, () => new Worker(script, { argv: [BANDWIDTH_WORKER] }))
  const moveInAllThreads = (kind: string): Promise<unknown> =>
    Promise.all(
      workers.map((worker) => {
        const reply = once(worker, 'message')
        worker.postMessage(kind)
        return reply
      })
    )
  try {
    const best = { read: 0, copy: 0 }
    for (const kind of KINDS) await moveInAllThreads(kind)
    for (let i = 0; i < REPEATS; i++) {
      for (const kind of KINDS) {
        signal.throwIfAborted()
        const startedMs = performance.now()
        await moveInAllThreads(kind)
        const seconds = (performance.now() - startedMs) / 1000
        best[kind] = Math.max(best[kind], (2 * BUFFER_BYTES * workers.length) / seconds)
      }
    }
    return best
  } finally {
    for (const worker of workers) await worker.terminate()
  }
}

/** Reads or copies two buffers at every message. Each thread of the measurement runs this function. */
export function moveMemory(): void {
  const [from, to] = [Buffer.alloc(BUFFER_BYTES, 1), Buffer.alloc(BUFFER_BYTES, 1)]
  parentPort?.on('message', (kind: unknown) => {
    const moved = kind === 'copy' ? from.copy(to) : from.compare(to)
    parentPort?.postMessage(moved)
  })
}
