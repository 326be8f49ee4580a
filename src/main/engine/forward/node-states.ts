import type * as ort from 'onnxruntime-node'
import { dropNow } from '../../base/drop-now'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { floatsOf, floatTensor, type Device } from '../device/device'
import { rowAt } from '../rows/rows'

/** Stores the hidden states of nodes (models) between layers, [rows, hidden] each, on the device or in main memory. */
export interface NodeStates {
  /** The maximum number of nodes that one run can advance. */
  readonly maxNodes: number
  /** Stores the state of a node that no run of this pass has computed. */
  add(state: Float32Array): Promise<ort.Tensor>
  /** Joins nodes as the input of a run, [nodes, rows, hidden]. The next call may overwrite the result. */
  join(states: readonly ort.Tensor[]): ort.Tensor
  /** Stores a run's output, [nodes, rows, hidden], as the states of its nodes. */
  keep(output: ort.Tensor): ort.Tensor[]
  free(state: ort.Tensor): void
  /** Frees all remaining states. */
  close(): void
}

/** Opens a store for states. @param stay whether states stay on a device that keeps tensors */
export function openNodeStates(device: Device, rows: number, rowSize: number, stay = true): NodeStates {
  return stay && device.keepsTensors ? new DeviceStates(device, [1, rows, rowSize]) : new HostStates([rows, rowSize])
}

class DeviceStates implements NodeStates {
  readonly maxNodes = 1
  private readonly states = new Set<ort.Tensor>()

  constructor(
    private readonly device: Device,
    private readonly dims: readonly number[]
  ) {}

  async add(state: Float32Array): Promise<ort.Tensor> {
    const uploaded = await this.device.resident(state, this.dims)
    this.states.add(uploaded)
    return uploaded
  }

  join([state]: readonly ort.Tensor[]): ort.Tensor {
    if (state === undefined) throw new RangeError('a run without nodes')
    return state
  }

  keep(output: ort.Tensor): ort.Tensor[] {
    this.states.add(output)
    return [output]
  }

  free(state: ort.Tensor): void {
    this.states.delete(state)
    state.dispose()
  }

  close(): void {
    for (const state of this.states) state.dispose()
    this.states.clear()
  }
}

/** Stores states in the outputs of runs, without a copy. An output is freed with the last of its states. */
class HostStates implements NodeStates {
  readonly maxNodes = Infinity
  /** The number of remaining states in each output. */
  private readonly remaining = new Map<ArrayBufferLike, number>()
  private readonly size: number
  private joined = new Float32Array()

  constructor(private readonly dims: readonly number[]) {
    this.size = dims.reduce((product, size) => product * size, 1)
  }

  add(state: Float32Array): Promise<ort.Tensor> {
    return Promise.resolve(elementAt(this.keep(floatTensor(state, [1, ...this.dims])), 0, 'state'))
  }

  join(states: readonly ort.Tensor[]): ort.Tensor {
    return floatTensor(this.adjacent(states) ?? this.copied(states), [states.length, ...this.dims])
  }

  keep(output: ort.Tensor): ort.Tensor[] {
    const all = floatsOf(output)
    const count = all.length / this.size
    this.remaining.set(all.buffer, count)
    return Array.from({ length: count }, (_, node) => floatTensor(rowAt(all, node, this.size), this.dims))
  }

  free(state: ort.Tensor): void {
    const { buffer } = floatsOf(state)
    const remaining = mapGet(this.remaining, buffer, 'output') - 1
    this.remaining.set(buffer, remaining)
    if (remaining > 0) return
    this.remaining.delete(buffer)
    dropNow(buffer)
  }

  close(): void {
    for (const buffer of this.remaining.keys()) dropNow(buffer)
    this.remaining.clear()
  }

  /** Returns the memory of states that lie next to each other in one output, without a copy; null if they do not. */
  private adjacent(states: readonly ort.Tensor[]): Float32Array<ArrayBufferLike> | null {
    const [first] = states.map(floatsOf)
    if (first === undefined) throw new RangeError('a run without nodes')
    const isNext = (state: ort.Tensor, i: number): boolean => {
      const { buffer, byteOffset } = floatsOf(state)
      return buffer === first.buffer && byteOffset === first.byteOffset + i * first.byteLength
    }
    return states.every(isNext) ? new Float32Array(first.buffer, first.byteOffset, states.length * this.size) : null
  }

  private copied(states: readonly ort.Tensor[]): Float32Array {
    const length = states.length * this.size
    if (this.joined.length < length) this.joined = new Float32Array(length)
    for (const [i, state] of states.entries()) this.joined.set(floatsOf(state), i * this.size)
    return this.joined.subarray(0, length)
  }
}
