import { Worker } from 'node:worker_threads'
import { WorkbenchError } from '../../../contract/model/problem'
import { builtScript } from '../../base/built'
import type { StoredTensors } from '../../checkpoint/weight-reader'
import { blockReads, blockTensors, type BlockStep, type BlockWeights } from './block-weights'
import type { PairWeights } from './pair-weights'
import type { OtherOrigin } from '../tries/recipe-trie'
import type { WeightRead } from './weight-decoder'
import { WorkerReply, type WorkerRequest } from './read-ahead-messages'
import { cancelled } from '../../base/cancelling'

/** What computes and what is read meanwhile: more would only take memory. */
export const BUFFER_COUNT = 2

/** Arrays begin at a cache line. */
const ALIGNMENT_BYTES = 64

/** Weights in lent memory, in the order asked for. */
export interface LentWeights {
  readonly arrays: readonly Float32Array[]
  readonly bytesRead: number
  readonly readMs: number
  readonly convertMs: number
  /** Gives the memory back; the arrays are empty afterwards. */
  release(): void
}

/** Weights that whoever asked may also take over. */
export interface ReadWeights extends LentWeights {
  /** Instead of giving the memory back: the arrays stay, in this buffer. */
  keep(): ArrayBuffer
}

/** What the reader is told of the checkpoints. */
interface StoredCheckpoints {
  readonly base: StoredTensors
  readonly post: StoredTensors
  readonly others: ReadonlyMap<OtherOrigin, StoredTensors>
}

interface Waiting {
  readonly request: WorkerRequest
  resolve: (reply: WorkerReply) => void
  reject: (error: Error) => void
}

/**
 * Reads weights in a thread of their own while this one computes. There are two buffers, used again and again: one is
 * computed from while the other is filled. The thread takes a moment to start: open it before weights are needed.
 */
export class ReadAhead {
  /** Most buffers that were lent or being filled at the same time. */
  peakBuffers = 0
  private readonly worker: Worker
  private readonly free: ArrayBuffer[] = []
  private readonly waiting: Waiting[] = []
  private inUse = 0
  private ended: Error | null = null

  constructor(
    private readonly pair: PairWeights,
    entry = builtScript('read-ahead-worker.js')
  ) {
    const { base, post, others } = pair
    this.worker = new Worker(entry, {
      workerData: {
        base: base.checkpoint,
        post: post.checkpoint,
        others: new Map(Array.from(others, ([origin, { checkpoint }]) => [origin, checkpoint]))
      } satisfies StoredCheckpoints
    })
    this.worker.on('message', (message: unknown) => {
      this.waiting.shift()?.resolve(WorkerReply.parse(message))
    })
    this.worker.on('error', (error) => {
      this.fail(error)
    })
    this.worker.on('exit', (code) => {
      this.fail(new Error(`the reader of weights ended with exit code ${code}`))
    })
  }

  /** Waiting for weights ends, for good, when this fires. @returns for whoever is done, so that it does so no longer */
  until(signal: AbortSignal | undefined): () => void {
    signal?.addEventListener('abort', this.onAbort, { once: true })
    return () => signal?.removeEventListener('abort', this.onAbort)
  }

  /** A block's weights; at most BUFFER_COUNT requests may be unreleased. */
  async block(step: BlockStep): Promise<BlockWeights> {
    const { spec } = this.pair.post
    const { arrays, ...lent } = await this.read(blockReads(spec, step))
    return { ...lent, tensors: blockTensors(spec, step, arrays) }
  }

  /** @throws WorkbenchError what is wrong with the files, or `cancelled` */
  async read(reads: readonly WeightRead[]): Promise<ReadWeights> {
    if (this.ended !== null) throw this.ended
    const placed = placeReads(reads)
    const buffer = this.take(bytesOf(placed))
    const reply = await new Promise<WorkerReply>((resolve, reject) => {
      const request = { buffer, reads: placed }
      this.waiting.push({ request, resolve, reject })
      this.worker.postMessage(request, [buffer])
    })
    let lent = true
    const release = (): void => {
      if (lent) this.giveBack(reply.buffer)
      lent = false
    }
    const keep = (): ArrayBuffer => {
      if (lent) this.inUse--
      lent = false
      return reply.buffer
    }
    if (reply.kind === 'failed') {
      release()
      throw new WorkbenchError(reply.problem.code, reply.problem.message, reply.problem.hint)
    }
    return {
      arrays: placed.map(({ offset, count }) => new Float32Array(reply.buffer, offset, count)),
      bytesRead: reply.bytesRead,
      readMs: reply.readMs,
      convertMs: reply.convertMs,
      release,
      keep
    }
  }

  /** Ends the thread, in the middle of a read if need be. */
  async close(): Promise<void> {
    this.fail(new Error('the reader of weights was closed'))
    await this.worker.terminate()
  }

  private readonly onAbort = (): void => {
    this.fail(cancelled('The run'))
  }

  private fail(error: Error): void {
    this.ended ??= error
    for (const { reject } of this.waiting.splice(0)) reject(this.ended)
  }

  private take(bytes: number): ArrayBuffer {
    if (this.inUse === BUFFER_COUNT) throw new Error('weights were asked for before others were given back')
    this.inUse++
    this.peakBuffers = Math.max(this.peakBuffers, this.inUse)
    const buffer = this.free.pop()
    return buffer !== undefined && buffer.byteLength >= bytes ? buffer : new ArrayBuffer(bytes)
  }

  private giveBack(buffer: ArrayBuffer): void {
    this.inUse--
    this.free.push(buffer)
  }
}

/** Bytes of a buffer that holds all the arrays. */
export function requestBytes(reads: readonly WeightRead[]): number {
  return bytesOf(placeReads(reads))
}

function bytesOf(placed: WorkerRequest['reads']): number {
  const last = placed.at(-1)
  return last === undefined ? 0 : last.offset + last.count * Float32Array.BYTES_PER_ELEMENT
}

function placeReads(reads: readonly WeightRead[]): WorkerRequest['reads'] {
  let offset = 0
  return reads.map((read) => {
    const placed = { ...read, keep: [...read.keep], offset }
    const end = offset + read.count * Float32Array.BYTES_PER_ELEMENT
    offset = Math.ceil(end / ALIGNMENT_BYTES) * ALIGNMENT_BYTES
    return placed
  })
}
