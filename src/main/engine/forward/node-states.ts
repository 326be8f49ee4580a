import type * as ort from 'onnxruntime-node'
import { dropNow } from '../../base/drop-now'
import { floatsOf, floatTensor, type Device } from '../device/device'
import { rowAt } from '../rows/rows'

/**
 * Stores hidden states of a trie's nodes between runs of blocks, [rows, hidden] each. They are tensors in the device's
 * own memory, or lie in main memory, where several nodes are joined for a run.
 */
export interface NodeStates {
  /** The maximum number of nodes that one run can advance. */
  readonly maxNodes: number
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
export function openNodeStates(device: Device, rows: number, hiddenSize: number, stay = true): NodeStates {
  return stay && device.keepsTensors
    ? new DeviceStates(device, [1, rows, hiddenSize])
    : new HostStates([rows, hiddenSize])
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

/**
 * Stores states in main memory. The output of several nodes is copied, because it would live as long as its last node.
 */
class HostStates implements NodeStates {
  readonly maxNodes = Infinity
  private readonly unused: ort.Tensor[] = []
  /** States that are outputs of runs, not copies. */
  private readonly returned = new Set<ort.Tensor>()
  private readonly size: number
  private joined = new Float32Array()

  constructor(private readonly dims: readonly number[]) {
    this.size = dims.reduce((product, size) => product * size, 1)
  }

  add(state: Float32Array): Promise<ort.Tensor> {
    return Promise.resolve(this.copy(state))
  }

  join(states: readonly ort.Tensor[]): ort.Tensor {
    const [first, second] = states
    if (first !== undefined && second === undefined) return floatTensor(floatsOf(first), [1, ...this.dims])
    const length = states.length * this.size
    if (this.joined.length < length) this.joined = new Float32Array(length)
    const joined = this.joined.subarray(0, length)
    states.forEach((state, i) => {
      joined.set(floatsOf(state), i * this.size)
    })
    return floatTensor(joined, [states.length, ...this.dims])
  }

  keep(output: ort.Tensor): ort.Tensor[] {
    const all = floatsOf(output)
    const count = all.length / this.size
    if (count === 1) {
      this.returned.add(output)
      return [output]
    }
    const states = Array.from({ length: count }, (_, node) => this.copy(rowAt(all, node, this.size)))
    dropNow(all.buffer)
    return states
  }

  free(state: ort.Tensor): void {
    if (this.returned.delete(state)) dropNow(floatsOf(state).buffer)
    else this.unused.push(state)
  }

  close(): void {
    for (const state of this.returned) dropNow(floatsOf(state).buffer)
    this.returned.clear()
    this.unused.length = 0
  }

  private copy(state: Float32Array): ort.Tensor {
    const tensor = this.unused.pop() ?? floatTensor(new Float32Array(this.size), this.dims)
    floatsOf(tensor).set(state)
    return tensor
  }
}
