import type { Worker } from 'node:worker_threads'
import { elementAt } from '../../../contract/model/look-up'
import { errorOfProblem } from '../../../contract/model/problem'
import { dropNow } from '../../base/drop-now'
import { blockReads, blockTensors, type BlockStep, type BlockWeights } from './block-weights'
import type { StoredTensors } from '../../checkpoint/weight-reader'
import type { OtherOrigin } from '../tries/recipe-trie'
import type { PairWeights } from './pair-weights'
import type { WeightRead } from './weight-decoder'
import { type ReadReply, WorkerReply, type WorkerRequest } from './read-ahead-messages'
import { returnReadingThread, takeReadingThread } from './reading-threads'
import { cancelled } from '../../base/files/cancelling'

/** Number of buffers: one is being filled while the other is used by a computation. More would not be faster. */
export const BUFFER_COUNT = 2

const ALIGNMENT_BYTES = 64

/** Weights in memory of the reader, in the order of the request. */
export interface ReleasableWeights {
  readonly arrays: readonly Float32Array[]
  readonly bytesRead: number
  readonly readMs: number
  readonly convertMs: number
  /** Returns the memory. The arrays must not be used afterwards. */
  release(): void
}

export interface DetachableWeights extends ReleasableWeights {
  /** Keeps the arrays, instead of returning their memory, and returns the buffers that hold them. */
  detach(): readonly ArrayBuffer[]
}

interface StartMessage {
  readonly kind: 'start'
  readonly base: StoredTensors
  readonly post: StoredTensors
  readonly others: ReadonlyMap<OtherOrigin, StoredTensors>
}

interface Waiting {
  resolve: (reply: ReadReply) => void
  reject: (error: Error) => void
}

/** The maximum bytes that a reused thread has read. The memory of a thread is certain to be free only after its end. */
const REUSE_BYTES = 2 ** 25

class Reader {
  private readonly worker: Worker = takeReadingThread()
  private readonly waiting: Waiting[] = []
  /** Number of requests that the thread has not answered, including cancelled requests. */
  private unanswered = 0
  private bytesRead = 0
  private onEnded: (() => void) | null = null

  constructor(
    { base, post, others }: PairWeights,
    private readonly onFailure: (error: Error) => void
  ) {
    const start: StartMessage = {
      kind: 'start',
      base: base.checkpoint,
      post: post.checkpoint,
      others: new Map(Array.from(others, ([origin, { checkpoint }]) => [origin, checkpoint]))
    }
    this.worker.postMessage(start)
    this.worker.on('message', (message: unknown) => {
      const reply = WorkerReply.parse(message)
      if (reply.kind === 'ended') {
        this.onEnded?.()
        return
      }
      this.unanswered--
      if (reply.kind === 'filled') this.bytesRead += reply.bytesRead
      this.waiting.shift()?.resolve(reply)
    })
    this.worker.on('error', onFailure)
    this.worker.on('exit', this.onExit)
  }

  /**
   * Asks the thread to fill a buffer.
   * @param buffer null lets the thread allocate new memory, which saves this thread a garbage collection
   */
  fill(buffer: ArrayBuffer | null, reads: WorkerRequest['reads']): Promise<ReadReply> {
    const request: WorkerRequest = { kind: 'read', buffer, bytes: bytesOf(reads), reads }
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject })
      this.unanswered++
      this.worker.postMessage(request, buffer === null ? [] : [buffer])
    })
  }

  fail(error: Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error)
  }

  /** Ends the thread, or keeps it for the next reader if it holds little memory. */
  async end(): Promise<void> {
    const { worker } = this
    worker.off('exit', this.onExit)
    if (this.unanswered > 0 || this.bytesRead > REUSE_BYTES || !(await this.closeFiles())) await worker.terminate()
    else await returnReadingThread(worker)
  }

  /** Closes the files of the thread. @returns false if the thread has exited */
  private closeFiles(): Promise<boolean> {
    return new Promise((resolve) => {
      this.onEnded = () => resolve(true)
      this.worker.once('exit', () => resolve(false))
      this.worker.postMessage({ kind: 'end' })
    })
  }

  private readonly onExit = (code: number): void => {
    this.onFailure(new Error(`the reader of weights ended with exit code ${code}`))
  }
}

/** Reads weights in other threads while this thread computes. The memory of two requests is reused. */
export class PrefetchReader {
  /** The maximum number of requests whose memory was lent or being filled at the same time. */
  peakBuffers = 0
  private readonly readers: Reader[] = []
  private readonly free: ArrayBuffer[] = []
  private inUse = 0
  private ended: Error | null = null

  constructor(private readonly pair: PairWeights) {
    this.addReader()
  }

  /** Sets the number of threads, each of which reads a share of every request. No read may be in progress meanwhile. */
  async share(count: number): Promise<void> {
    while (this.readers.length < count) this.addReader()
    for (const reader of this.readers.splice(count)) await reader.end()
  }

  /** Fails all pending and later reads once the signal fires. @returns a function that stops listening to the signal */
  until(signal: AbortSignal | undefined): () => void {
    signal?.addEventListener('abort', this.onAbort, { once: true })
    return () => signal?.removeEventListener('abort', this.onAbort)
  }

  /** Reads the weights of a block. At most BUFFER_COUNT requests may be unreleased. */
  async block(step: BlockStep): Promise<BlockWeights> {
    const { spec } = this.pair.post
    const { arrays, ...weights } = await this.read(blockReads(spec, step))
    return { ...weights, tensors: blockTensors(spec, step, arrays) }
  }

  /** Reads weights. @throws WorkbenchError `bad-file` or `cancelled` */
  async read(reads: readonly WeightRead[]): Promise<DetachableWeights> {
    if (this.ended !== null) throw this.ended
    this.begin()
    const shares = sharesOf(reads, this.readers.length)
    const replies = await Promise.all(
      shares.map(({ reads }, reader) =>
        elementAt(this.readers, reader, 'reader').fill(this.takeBuffer(bytesOf(reads)), reads)
      )
    )
    const buffers = replies.map(({ buffer }) => buffer)
    let isLent = true
    const release = (): void => {
      if (isLent) this.returnBuffers(buffers)
      isLent = false
    }
    const detach = (): ArrayBuffer[] => {
      if (isLent) this.inUse--
      isLent = false
      return buffers
    }
    const arrays: Float32Array[] = []
    const cost = { bytesRead: 0, readMs: 0, convertMs: 0 }
    for (const [reader, reply] of replies.entries()) {
      if (reply.kind === 'failed') {
        release()
        throw errorOfProblem(reply.problem)
      }
      const { indices, reads } = elementAt(shares, reader, 'share')
      for (const [i, { offset, count }] of reads.entries())
        arrays[elementAt(indices, i, 'read')] = new Float32Array(reply.buffer, offset, count)
      cost.bytesRead += reply.bytesRead
      cost.readMs = Math.max(cost.readMs, reply.readMs)
      cost.convertMs = Math.max(cost.convertMs, reply.convertMs)
    }
    return { arrays, ...cost, release, detach }
  }

  async close(): Promise<void> {
    this.fail(new Error('the reader of weights was closed'))
    await this.share(0)
  }

  private addReader(): void {
    this.readers.push(new Reader(this.pair, (error) => this.fail(error)))
  }

  private readonly onAbort = (): void => {
    this.fail(cancelled('The run'))
  }

  private fail(error: Error): void {
    this.ended ??= error
    for (const reader of this.readers) reader.fail(this.ended)
  }

  private begin(): void {
    if (this.inUse === BUFFER_COUNT) throw new Error('weights were requested before earlier ones were released')
    this.inUse++
    this.peakBuffers = Math.max(this.peakBuffers, this.inUse)
  }

  private takeBuffer(bytes: number): ArrayBuffer | null {
    // With several threads no share takes the memory of a larger one, so that all shares together need no more than the
    // requests.
    const maxBytes = this.readers.length === 1 ? Infinity : bytes + SPARE_BYTES
    const fittingIndex = this.free.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= maxBytes)
    if (fittingIndex !== -1) return elementAt(this.free.splice(fittingIndex, 1), 0, 'buffer')
    for (const buffer of this.free.splice(0)) dropNow(buffer)
    return null
  }

  private returnBuffers(buffers: readonly ArrayBuffer[]): void {
    this.inUse--
    this.free.push(...buffers)
  }
}

/** The number of bytes by which a reused buffer may exceed its share. */
const SPARE_BYTES = 2 ** 20

/** The reads of a request that one thread does, and their indices in the request. */
interface Share {
  readonly indices: readonly number[]
  readonly reads: WorkerRequest['reads']
}

/**
 * Divides reads into equal shares, one per thread. The same tensors always go to the same thread, because it may have
 * kept their stored bytes.
 */
function sharesOf(reads: readonly WeightRead[], count: number): Share[] {
  const shares = Array.from({ length: count }, () => ({ indices: new Array<number>(), size: 0 }))
  const largestFirst = [...reads.entries()].sort(([, a], [, b]) => b.count - a.count)
  for (const [index, read] of largestFirst) {
    const smallest = shares.reduce((share, other) => (other.size < share.size ? other : share))
    smallest.indices.push(index)
    smallest.size += read.count
  }
  return shares
    .filter(({ indices }) => indices.length > 0)
    .map(({ indices }) => ({
      indices,
      reads: withOffsets(indices.map((index) => elementAt(reads, index, 'read')))
    }))
}

export function requestBytes(reads: readonly WeightRead[]): number {
  return bytesOf(withOffsets(reads))
}

function bytesOf(reads: WorkerRequest['reads']): number {
  const last = reads.at(-1)
  return last === undefined ? 0 : last.offset + last.count * Float32Array.BYTES_PER_ELEMENT
}

/** Places the arrays of reads one after the other in a buffer, aligned. */
function withOffsets(reads: readonly WeightRead[]): WorkerRequest['reads'] {
  let offset = 0
  return reads.map((read) => {
    const atOffset = { ...read, keep: [...read.keep], offset }
    const end = offset + read.count * Float32Array.BYTES_PER_ELEMENT
    offset = Math.ceil(end / ALIGNMENT_BYTES) * ALIGNMENT_BYTES
    return atOffset
  })
}
