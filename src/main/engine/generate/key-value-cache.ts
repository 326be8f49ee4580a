import { type CachedPart, type DecoderSpec, type Recurrence, specOfLayer, stateSize } from '../../family'
import { copyNumbers, rowAt } from '../rows/rows'

/** Opens the caches of an attention or a recurrent layer, in the layout of a decode graph. */
export function openCaches(
  spec: DecoderSpec,
  layer: number,
  { recurrent }: CachedPart
): { keys: SlotCache; values: SlotCache } {
  if (recurrent !== null) return { keys: new InputCache(recurrent), values: new SlotCache(stateSize(recurrent)) }
  const { kvHeadCount, headSize, valueSize } = specOfLayer(spec, layer)
  return { keys: new TokenCache(kvHeadCount, headSize), values: new TokenCache(kvHeadCount, valueSize) }
}

export interface KeyValueShape {
  readonly kvHeadCount: number
  readonly headSize: number
  readonly valueSize: number
}

/**
 * Numbers of many sequences, [slots, slotSize], of which each has a slot. The first slots are in use. This class keeps
 * recurrent states, which each token replaces. Its subclasses keep several tokens.
 */
export class SlotCache {
  protected numbers = new Float32Array(0)

  constructor(protected slotSize: number) {}

  /** Returns the numbers of the first slots without a copy. */
  used(slots: number): Float32Array {
    return this.numbers.subarray(0, slots * this.slotSize)
  }

  /** Stores what one token adds to a slot: row `row` of `rows`. */
  write(slot: number, _position: number, row: number, rows: Float32Array): void {
    this.numbers.set(rowAt(rows, row, this.slotSize), slot * this.slotSize)
  }

  /** Stores the tokens of a prompt. @param path packed rows of the prompt. @param finalRow see `Prefilled` */
  putPrompt(slot: number, _path: Int32Array, finalRow: number, rows: Float32Array): void {
    this.write(slot, 0, finalRow, rows)
  }

  /** Copies one slot over another. */
  move(from: number, to: number): void {
    this.numbers.copyWithin(to * this.slotSize, from * this.slotSize, (from + 1) * this.slotSize)
  }

  /** Changes the number of slots and their capacity. The first `used` slots keep their tokens that still fit. */
  resize(slotCount: number, _capacity: number, used: number): void {
    const before = this.used(used)
    this.numbers = new Float32Array(slotCount * this.slotSize)
    this.numbers.set(before)
  }
}

/** The last inputs of a convolution, [slots, kernel - 1, channels]. */
class InputCache extends SlotCache {
  private readonly channels: number

  constructor({ kernel, channels }: Recurrence) {
    super((kernel - 1) * channels)
    this.channels = channels
  }

  override write(slot: number, _position: number, row: number, rows: Float32Array): void {
    const [start, end] = [slot * this.slotSize, (slot + 1) * this.slotSize]
    this.numbers.copyWithin(start, start + this.channels, end)
    this.numbers.set(rowAt(rows, row, this.channels), end - this.channels)
  }

  override putPrompt(slot: number, path: Int32Array, _finalRow: number, rows: Float32Array): void {
    // Tokens before a prompt are zero.
    this.numbers.fill(0, slot * this.slotSize, (slot + 1) * this.slotSize)
    for (const row of path.slice(-this.slotSize / this.channels)) this.write(slot, 0, row, rows)
  }
}

/** Keys or values of one layer, [slots, heads, capacity, size]. A new token is a few short copies. */
class TokenCache extends SlotCache {
  private capacity = 0

  constructor(
    private readonly headCount: number,
    private readonly size: number
  ) {
    super(0)
  }

  override write(slot: number, position: number, row: number, rows: Float32Array): void {
    const { headCount, capacity, size } = this
    for (let head = 0; head < headCount; head++) {
      const start = slot * this.slotSize + (head * capacity + position) * size
      copyNumbers(rows, (row * headCount + head) * size, this.numbers, start, size)
    }
  }

  override putPrompt(slot: number, path: Int32Array, _finalRow: number, rows: Float32Array): void {
    path.forEach((row, position) => this.write(slot, position, row, rows))
  }

  override resize(slotCount: number, capacity: number, used: number): void {
    const { numbers, headCount, size } = this
    const [before, after] = [this.capacity * size, capacity * size]
    this.capacity = capacity
    this.slotSize = headCount * after
    this.numbers = new Float32Array(slotCount * this.slotSize)
    for (let head = 0; head < used * headCount; head++) {
      this.numbers.set(numbers.subarray(head * before, head * before + Math.min(before, after)), head * after)
    }
  }
}
