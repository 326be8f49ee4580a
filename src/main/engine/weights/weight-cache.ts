import { dropNow } from '../../base/drop-now'
import { type BlockStep, type BlockWeights, blockReads, blockTensors } from './block-weights'
import type { DecoderSpec } from '../../family'
import { type ReleasableWeights, type PrefetchReader, type DetachableWeights, requestBytes } from './read-ahead'
import type { WeightRead } from './weight-decoder'

type Cost = Pick<ReleasableWeights, 'bytesRead' | 'readMs' | 'convertMs'>

const NO_COST: Cost = { bytesRead: 0, readMs: 0, convertMs: 0 }

/** Requests that were read together. Their arrays lie in the same buffers. */
interface ReadBatch {
  readonly keys: readonly string[]
  readonly buffers: readonly ArrayBuffer[]
  /** The cost of this read, reported once to the first consumer and zero afterwards. */
  unreportedCost: Cost
}

interface CachedRead {
  readonly arrays: readonly Float32Array[]
  readonly batch: ReadBatch
}

/** A queue of weights that are read before any computation requests them, in this order. */
export interface PrefetchQueue {
  readonly reads: readonly (readonly WeightRead[])[]
  /** Resolves once this read is in the cache, or is certain not to be cached. */
  waitFor(key: string): Promise<void>
  end(): Promise<void>
}

/** Caches converted weights between requests, up to a memory limit. Blends are not cached: each is used once. */
export class WeightCache {
  bytes = 0
  prefetch: PrefetchQueue | null = null
  private readonly entries = new Map<string, CachedRead>()
  private readonly batches: ReadBatch[] = []
  private limitBytes = 0

  /**
   * Sets the memory limit, and discards the newest batches above the limit. Must not be called during a computation.
   */
  limit(bytes: number): void {
    this.limitBytes = bytes
    while (this.bytes > bytes) {
      const last = this.batches.pop()
      if (last === undefined) return
      for (const key of last.keys) this.entries.delete(key)
      for (const buffer of last.buffers) {
        this.bytes -= buffer.byteLength
        dropNow(buffer)
      }
    }
  }

  /** Returns the bytes that the cache would hold if all of these reads were cached without a limit. */
  bytesWith(requests: readonly (readonly WeightRead[])[]): number {
    const missing = new Map(requests.filter(isCacheable).map((reads) => [cacheKey(reads), reads]))
    let bytes = this.bytes
    for (const [key, reads] of missing) if (!this.has(key)) bytes += requestBytes(reads)
    return bytes
  }

  has(key: string): boolean {
    return this.entries.has(key)
  }

  async block(reader: PrefetchReader, spec: DecoderSpec, step: BlockStep): Promise<BlockWeights> {
    // Later sources that are cached are not read again, so the decoder need not keep stored bytes for them.
    const later = step.later.filter((source) => !this.has(cacheKey(blockReads(spec, { ...step, source, later: [] }))))
    const { arrays, ...weights } = await this.read(reader, blockReads(spec, { ...step, later }))
    return { ...weights, tensors: blockTensors(spec, step, arrays) }
  }

  async read(reader: PrefetchReader, reads: readonly WeightRead[]): Promise<ReleasableWeights> {
    const key = cacheKey(reads)
    await this.prefetch?.waitFor(key)
    // The cache keeps the memory.
    const release = (): void => undefined
    const cached = this.entries.get(key)
    if (cached !== undefined) {
      const { arrays, batch } = cached
      const { unreportedCost } = batch
      batch.unreportedCost = NO_COST
      return { arrays, ...unreportedCost, release }
    }
    await this.prefetch?.end()
    const weights = await reader.read(reads)
    if (!isCacheable(reads) || !this.hasRoomFor(reads)) return weights
    this.keep([reads], weights, NO_COST)
    return { ...weights, release }
  }

  /** Reads a batch into the cache; false if the cache has no room for it. @throws WorkbenchError as the reader does */
  async readBatch(reader: PrefetchReader, requests: readonly (readonly WeightRead[])[]): Promise<boolean> {
    const all = requests.flat()
    if (!this.hasRoomFor(all)) return false
    const weights = await reader.read(all)
    if (this.hasRoomFor(all)) {
      this.keep(requests, weights, weights)
      return true
    }
    for (const buffer of weights.detach()) dropNow(buffer)
    return false
  }

  private keep(requests: readonly (readonly WeightRead[])[], weights: DetachableWeights, unreportedCost: Cost): void {
    const { bytesRead, readMs, convertMs } = unreportedCost
    const batch: ReadBatch = {
      keys: requests.map(cacheKey),
      buffers: weights.detach(),
      unreportedCost: { bytesRead, readMs, convertMs }
    }
    let first = 0
    for (const reads of requests) {
      const end = first + reads.length
      this.entries.set(cacheKey(reads), { arrays: weights.arrays.slice(first, end), batch })
      first = end
    }
    this.batches.push(batch)
    for (const { byteLength } of batch.buffers) this.bytes += byteLength
  }

  private hasRoomFor(reads: readonly WeightRead[]): boolean {
    return this.bytes + requestBytes(reads) <= this.limitBytes
  }
}

/** Returns a key that is equal for reads of equal arrays. */
export function cacheKey(reads: readonly WeightRead[]): string {
  return reads.map(({ name, first, count, source }) => `${name}/${first}/${count}/${JSON.stringify(source)}`).join()
}

/** Reports whether reads can be cached: weights of one checkpoint, whose stored bytes no later read needs. */
function isCacheable(reads: readonly WeightRead[]): boolean {
  return reads.every(
    ({ source, keep }) =>
      keep.length === 0 && (typeof source === 'string' || ('from' in source && source.strength === 1))
  )
}
