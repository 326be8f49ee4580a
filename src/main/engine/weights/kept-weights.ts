import { dropNow } from '../../base/drop-now'
import { type BlockStep, type BlockWeights, blockReads, blockTensors } from './block-weights'
import type { DecoderSpec } from '../../family'
import { type LentWeights, type ReadAhead, requestBytes } from './read-ahead'
import type { WeightRead } from './weight-decoder'

/** Arrays, and the buffers that hold them. */
interface Kept {
  readonly arrays: readonly Float32Array[]
  readonly buffers: readonly ArrayBuffer[]
}

/**
 * Weights as they are computed with, kept from one request to the next: those that are read first, as many as memory allows. Blends are
 * not kept: each is computed with once in a request, and there are many.
 */
export class KeptWeights {
  /** Of all that is kept. */
  bytes = 0
  private readonly kept = new Map<string, Kept>()
  private limitBytes = 0

  /** Keeps so much from now on, and lets go of what is more: nobody may be computing with it. */
  limit(bytes: number): void {
    this.limitBytes = bytes
    for (const [key, { buffers }] of [...this.kept].reverse()) {
      if (this.bytes <= bytes) break
      this.kept.delete(key)
      for (const buffer of buffers) {
        this.bytes -= buffer.byteLength
        dropNow(buffer)
      }
    }
  }

  /** What would be kept if all of this were read and nothing forbade it; in bytes. */
  bytesWith(reads: readonly (readonly WeightRead[])[]): number {
    return reads
      .filter((some) => isKeepable(some) && !this.kept.has(keyOf(some)))
      .reduce((sum, some) => sum + requestBytes(some), this.bytes)
  }

  async block(reader: ReadAhead, spec: DecoderSpec, step: BlockStep): Promise<BlockWeights> {
    // What is here is not read again, so that nothing has to be put by for it.
    const later = step.later.filter(
      (source) => !this.kept.has(keyOf(blockReads(spec, { ...step, source, later: [] })))
    )
    const { arrays, ...lent } = await this.read(reader, blockReads(spec, { ...step, later }))
    return { ...lent, tensors: blockTensors(spec, step, arrays) }
  }

  /** @throws WorkbenchError as the reader does */
  async read(reader: ReadAhead, reads: readonly WeightRead[]): Promise<LentWeights> {
    const key = keyOf(reads)
    const known = this.kept.get(key)
    const release = (): void => undefined
    if (known !== undefined) return { arrays: known.arrays, bytesRead: 0, readMs: 0, convertMs: 0, release }
    const lent = await reader.read(reads)
    if (!isKeepable(reads) || this.bytes + requestBytes(reads) > this.limitBytes) return lent
    const buffers = lent.keep()
    this.kept.set(key, { arrays: lent.arrays, buffers })
    for (const { byteLength } of buffers) this.bytes += byteLength
    return { ...lent, release }
  }
}

function keyOf(reads: readonly WeightRead[]): string {
  return reads
    .map(({ name, first, count, source }) => `${name}/${first}/${count}/${JSON.stringify(source)}`)
    .join()
}

function isKeepable(reads: readonly WeightRead[]): boolean {
  return reads.every(
    ({ source, keep }) => keep.length === 0 && (typeof source === 'string' || source.strength === 1)
  )
}
