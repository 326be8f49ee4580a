import { type CachedPart, type DecoderSpec, type Recurrence, specOfLayer, stateSize } from '../../family'
import { rowAt } from '../rows/rows'

/**
 * Keys and values of many sequences in one layer, or recurrent states, in the layout of a decode graph. Each sequence
 * has a slot. The first slots are in use.
 */
export interface LayerCache {
  /** Returns keys and values of the first slots without a copy. */
  used(slots: number): { keys: Float32Array; values: Float32Array }
  /** Stores one token: key and value, or of a state the input of the convolution and the state. */
  write(slot: number, position: number, key: Float32Array, value: Float32Array): void
  /** Stores the tokens of a prompt. @param path packed rows of the prompt. @param finalRow see `Prefilled` */
  putPrompt(slot: number, path: Int32Array, finalRow: number, keys: Float32Array, values: Float32Array): void
  /** Copies one slot over another. */
  move(from: number, to: number): void
  /** Changes the number of slots and their capacity. The first `used` slots keep their tokens that still fit. */
  resize(slotCount: number, capacity: number, used: number): void
}

export function openCache(spec: DecoderSpec, layer: number, { recurrent }: CachedPart): LayerCache {
  return recurrent === null ? new KeyValueCache(specOfLayer(spec, layer)) : new StateCache(recurrent)
}

export interface KeyValueShape {
  readonly kvHeadCount: number
  readonly headSize: number
  readonly valueSize: number
}

/** Dense keys [slots, kvHeads, headSize, capacity] and values [slots, kvHeads, capacity, valueSize] of one layer. */
export class KeyValueCache implements LayerCache {
  private keys = new Float32Array(0)
  private values = new Float32Array(0)
  private capacity = 0

  constructor(private readonly shape: KeyValueShape) {}

  private get slotSizes(): Record<'keys' | 'values', number> {
    const { kvHeadCount, headSize, valueSize } = this.shape
    const rows = kvHeadCount * this.capacity
    return { keys: rows * headSize, values: rows * valueSize }
  }

  used(slots: number): { keys: Float32Array; values: Float32Array } {
    const { keys, values } = this.slotSizes
    return { keys: this.keys.subarray(0, slots * keys), values: this.values.subarray(0, slots * values) }
  }

  write(slot: number, position: number, key: Float32Array, value: Float32Array): void {
    const { kvHeadCount, headSize, valueSize } = this.shape
    for (let head = 0; head < kvHeadCount; head++) {
      const firstRow = (slot * kvHeadCount + head) * this.capacity
      const start = firstRow * headSize
      for (let dim = 0; dim < headSize; dim++) {
        // Indices are not checked, because every number of every token passes here.
        this.keys[start + dim * this.capacity + position] = key[head * headSize + dim] ?? 0
      }
      const ofHead = value.subarray(head * valueSize, (head + 1) * valueSize)
      this.values.set(ofHead, (firstRow + position) * valueSize)
    }
  }

  putPrompt(slot: number, path: Int32Array, _finalRow: number, keys: Float32Array, values: Float32Array): void {
    const { kvHeadCount, headSize, valueSize } = this.shape
    path.forEach((row, position) => {
      const value = rowAt(values, row, kvHeadCount * valueSize)
      this.write(slot, position, rowAt(keys, row, kvHeadCount * headSize), value)
    })
  }

  move(from: number, to: number): void {
    for (const part of ['keys', 'values'] as const) {
      const size = this.slotSizes[part]
      this[part].copyWithin(to * size, from * size, (from + 1) * size)
    }
  }

  resize(slotCount: number, capacity: number, used: number): void {
    const { kvHeadCount, headSize, valueSize } = this.shape
    const old = { keys: this.keys, values: this.values, capacity: this.capacity }
    this.capacity = capacity
    this.keys = new Float32Array(slotCount * this.slotSizes.keys)
    this.values = new Float32Array(slotCount * this.slotSizes.values)
    const copied = Math.min(old.capacity, capacity)
    for (let row = 0; row < used * kvHeadCount * headSize; row++) {
      this.keys.set(old.keys.subarray(row * old.capacity, row * old.capacity + copied), row * capacity)
    }
    for (let head = 0; head < used * kvHeadCount; head++) {
      const start = head * old.capacity * valueSize
      this.values.set(old.values.subarray(start, start + copied * valueSize), head * capacity * valueSize)
    }
  }
}

/** Recurrent states of a layer: inputs of the convolution [slots, kernel - 1, channels], and states [slots, state]. */
class StateCache implements LayerCache {
  private inputs = new Float32Array(0)
  private states = new Float32Array(0)
  private readonly channels: number
  private readonly inputSize: number
  private readonly stateSize: number

  constructor(sizes: Recurrence) {
    this.channels = sizes.channels
    this.inputSize = (sizes.kernel - 1) * this.channels
    this.stateSize = stateSize(sizes)
  }

  used(slots: number): { keys: Float32Array; values: Float32Array } {
    return {
      keys: this.inputs.subarray(0, slots * this.inputSize),
      values: this.states.subarray(0, slots * this.stateSize)
    }
  }

  write(slot: number, _position: number, input: Float32Array, state: Float32Array): void {
    const start = slot * this.inputSize
    this.inputs.copyWithin(start, start + this.channels, start + this.inputSize)
    this.inputs.set(input, start + this.inputSize - this.channels)
    this.states.set(state, slot * this.stateSize)
  }

  putPrompt(slot: number, path: Int32Array, finalRow: number, inputs: Float32Array, states: Float32Array): void {
    // Tokens before a prompt are zero.
    this.inputs.fill(0, slot * this.inputSize, (slot + 1) * this.inputSize)
    const state = rowAt(states, finalRow, this.stateSize)
    for (const row of path.slice(-this.inputSize / this.channels))
      this.write(slot, 0, rowAt(inputs, row, this.channels), state)
  }

  move(from: number, to: number): void {
    this.inputs.copyWithin(to * this.inputSize, from * this.inputSize, (from + 1) * this.inputSize)
    this.states.copyWithin(to * this.stateSize, from * this.stateSize, (from + 1) * this.stateSize)
  }

  resize(slotCount: number, _capacity: number, used: number): void {
    const { keys, values } = this.used(used)
    this.inputs = new Float32Array(slotCount * this.inputSize)
    this.states = new Float32Array(slotCount * this.stateSize)
    this.inputs.set(keys)
    this.states.set(values)
  }
}
