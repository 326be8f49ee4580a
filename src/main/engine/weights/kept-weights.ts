import { dropNow } from '../../base/drop-now'
import { type BlockStep, type BlockWeights, blockReads, blockTensors } from './block-weights'
import type { DecoderSpec } from '../../family'
import { type LentWeights, type ReadAhead, type ReadWeights, requestBytes } from './read-ahead'
import type { WeightRead } from './weight-decoder'

type Cost = Pick<LentWeights, 'bytesRead' | 'readMs' | 'convertMs'>

const NO_COST: Cost = { bytesRead: 0, readMs: 0, convertMs: 0 }

/** What was read together, and is let go of together. */
interface KeptTogether {
  readonly keys: readonly string[]
  readonly buffers: readonly ArrayBuffer[]
  /** Of reading it, until that is told to whoever computes with some of it first. */
  untold: Cost
}

interface Kept {
  readonly arrays: readonly Float32Array[]
  readonly of: KeptTogether
}

/** What is read by nobody who computes with it, in this order. */
export interface ReadingAhead {
  readonly reads: readonly (readonly WeightRead[])[]
  /** Over once this is kept, or is not going to be. */
  reached(key: string): Promise<void>
  /** Over once nothing is being read, and nothing will be. */
  end(): Promise<void>
}

/**
 * Weights as they are computed with, kept from one request to the next: those that are read first, as many as memory allows. Blends are
 * not kept: each is computed with once in a request, and there are many.
 */
export class KeptWeights {
  /** Of all that is kept. */
  bytes = 0
  /** Null where nothing is. */
  ahead: ReadingAhead | null = null
  private readonly kept = new Map<string, Kept>()
  private readonly together: KeptTogether[] = []
  private limitBytes = 0

  /** Keeps so much from now on, and lets go of what is more: nobody may be computing with it. */
  limit(bytes: number): void {
    this.limitBytes = bytes
    while (this.bytes > bytes) {
      const last = this.together.pop()
      if (last === undefined) return
      for (const key of last.keys) this.kept.delete(key)
      for (const buffer of last.buffers) {
        this.bytes -= buffer.byteLength
        dropNow(buffer)
      }
    }
  }

  /** What would be kept if all of this were read and nothing forbade it; in bytes. */
  bytesWith(reads: readonly (readonly WeightRead[])[]): number {
    const missing = new Map(reads.filter(isKeepable).map((some) => [keyOf(some), some]))
    let bytes = this.bytes
    for (const [key, some] of missing) if (!this.has(key)) bytes += requestBytes(some)
    return bytes
  }

  has(key: string): boolean {
    return this.kept.has(key)
  }

  async block(reader: ReadAhead, spec: DecoderSpec, step: BlockStep): Promise<BlockWeights> {
    // What is here is not read again, so that nothing has to be put by for it.
    const later = step.later.filter(
      (source) => !this.has(keyOf(blockReads(spec, { ...step, source, later: [] })))
    )
    const { arrays, ...lent } = await this.read(reader, blockReads(spec, { ...step, later }))
    return { ...lent, tensors: blockTensors(spec, step, arrays) }
  }

  /** @throws WorkbenchError as the reader does */
  async read(reader: ReadAhead, reads: readonly WeightRead[]): Promise<LentWeights> {
    const key = keyOf(reads)
    await this.ahead?.reached(key)
    const release = (): void => undefined
    const known = this.kept.get(key)
    if (known !== undefined) {
      const { arrays, of } = known
      const { untold } = of
      of.untold = NO_COST
      return { arrays, ...untold, release }
    }
    await this.ahead?.end()
    const lent = await reader.read(reads)
    if (!isKeepable(reads) || !this.hasRoomFor(reads)) return lent
    this.keep([reads], lent, NO_COST)
    return { ...lent, release }
  }

  /**
   * Reads some of it together, for whoever will compute with it.
   *
   * @returns false where it cannot be kept
   * @throws WorkbenchError as the reader does
   */
  async readTogether(reader: ReadAhead, some: readonly (readonly WeightRead[])[]): Promise<boolean> {
    const all = some.flat()
    if (!this.hasRoomFor(all)) return false
    const lent = await reader.read(all)
    if (this.hasRoomFor(all)) {
      this.keep(some, lent, lent)
      return true
    }
    for (const buffer of lent.keep()) dropNow(buffer)
    return false
  }

  private keep(some: readonly (readonly WeightRead[])[], lent: ReadWeights, untold: Cost): void {
    const { bytesRead, readMs, convertMs } = untold
    const of: KeptTogether = {
      keys: some.map(keyOf),
      buffers: lent.keep(),
      untold: { bytesRead, readMs, convertMs }
    }
    let first = 0
    for (const reads of some)
      this.kept.set(keyOf(reads), { arrays: lent.arrays.slice(first, (first += reads.length)), of })
    this.together.push(of)
    for (const { byteLength } of of.buffers) this.bytes += byteLength
  }

  private hasRoomFor(reads: readonly WeightRead[]): boolean {
    return this.bytes + requestBytes(reads) <= this.limitBytes
  }
}

/** A name of what is read, the same for the same arrays. */
export function keyOf(reads: readonly WeightRead[]): string {
  return reads
    .map(({ name, first, count, source }) => `${name}/${first}/${count}/${JSON.stringify(source)}`)
    .join()
}

function isKeepable(reads: readonly WeightRead[]): boolean {
  return reads.every(
    ({ source, keep }) => keep.length === 0 && (typeof source === 'string' || source.strength === 1)
  )
}
