export interface KeyValueShape {
  readonly kvHeadCount: number
  readonly headSize: number
}

/**
 * Keys and values of one block for many sequences: keys are [slots, kvHeads, headSize, capacity], values are [slots,
 * kvHeads, capacity, headSize]. The last sequence moves into a free slot, so that a run always reads dense data.
 */
export class KeyValueCache {
  private keys = new Float32Array(0)
  private values = new Float32Array(0)
  private capacity = 0

  constructor(private readonly shape: KeyValueShape) {}

  private get slotSize(): number {
    return this.shape.kvHeadCount * this.shape.headSize * this.capacity
  }

  /** Returns keys and values of the first slots without a copy. */
  used(slots: number): { keys: Float32Array; values: Float32Array } {
    const size = slots * this.slotSize
    return { keys: this.keys.subarray(0, size), values: this.values.subarray(0, size) }
  }

  /** Stores the key and value of one token, [kvHeads x headSize] each. */
  put(slot: number, position: number, key: Float32Array, value: Float32Array): void {
    const { kvHeadCount, headSize } = this.shape
    for (let head = 0; head < kvHeadCount; head++) {
      const start = slot * this.slotSize + head * headSize * this.capacity
      for (let dim = 0; dim < headSize; dim++) {
        // Indices are not checked, because every number of every token passes here.
        this.keys[start + dim * this.capacity + position] = key[head * headSize + dim] ?? 0
      }
      this.values.set(value.subarray(head * headSize, (head + 1) * headSize), start + position * headSize)
    }
  }

  move(from: number, to: number): void {
    const size = this.slotSize
    for (const cache of [this.keys, this.values]) cache.copyWithin(to * size, from * size, (from + 1) * size)
  }

  /** Changes the number of slots and their capacity. The first `used` slots keep their tokens that still fit. */
  resize(slotCount: number, capacity: number, used: number): void {
    const { kvHeadCount, headSize } = this.shape
    const old = { keys: this.keys, values: this.values, capacity: this.capacity }
    this.capacity = capacity
    this.keys = new Float32Array(slotCount * this.slotSize)
    this.values = new Float32Array(slotCount * this.slotSize)
    const copied = Math.min(old.capacity, capacity)
    for (let row = 0; row < used * kvHeadCount * headSize; row++) {
      this.keys.set(old.keys.subarray(row * old.capacity, row * old.capacity + copied), row * capacity)
    }
    for (let head = 0; head < used * kvHeadCount; head++) {
      const start = head * old.capacity * headSize
      this.values.set(old.values.subarray(start, start + copied * headSize), head * capacity * headSize)
    }
  }
}
