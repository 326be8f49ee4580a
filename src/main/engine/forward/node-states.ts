import type * as ort from 'onnxruntime-node'
import { dropNow } from '../../base/drop-now'
import { floatsOf, floatTensor, type Device } from '../device/device'
import { rowAt } from '../rows/rows'

/**
 * Hidden states of a trie's nodes between runs of blocks, [rows, hidden] each. Where the device has memory of its own they
 * stay there, each a tensor that comes from one run and goes into others as it is; elsewhere they lie in main memory,
 * where many nodes are joined for a run.
 */
export interface NodeStates {
  /** Most nodes that one run can advance. */
  readonly mostNodes: number
  add(state: Float32Array): Promise<ort.Tensor>
  /** Some nodes as the input of a run, [nodes, rows, hidden], which the next call may overwrite. */
  join(states: readonly ort.Tensor[]): ort.Tensor
  /** A run's output, [nodes, rows, hidden], as the states of its nodes. */
  keep(output: ort.Tensor): ort.Tensor[]
  free(state: ort.Tensor): void
  /** Frees all that is left. */
  close(): void
}

/** @param stay whether states stay where the device keeps tensors */
export function openNodeStates(device: Device, rows: number, hiddenSize: number, stay = true): NodeStates {
  return stay && device.keepsTensors
    ? new DeviceStates(device, [1, rows, hiddenSize])
    : new HostStates([rows, hiddenSize])
}

class DeviceStates implements NodeStates {
  readonly mostNodes = 1
  private readonly held = new Set<ort.Tensor>()

  constructor(
    private readonly device: Device,
    private readonly dims: readonly number[]
  ) {}

  async add(state: Float32Array): Promise<ort.Tensor> {
    const uploaded = await this.device.resident(state, this.dims)
    this.held.add(uploaded)
    return uploaded
  }

  join([state]: readonly ort.Tensor[]): ort.Tensor {
    if (state === undefined) throw new RangeError('a run without nodes')
    return state
  }

  keep(output: ort.Tensor): ort.Tensor[] {
    this.held.add(output)
    return [output]
  }

  free(state: ort.Tensor): void {
    this.held.delete(state)
    state.dispose()
  }

  close(): void {
    for (const state of this.held) state.dispose()
    this.held.clear()
  }
}

/**
 * What a run returns for one node is that node's state. For several it is one array, which would live as long as the last of them:
 * they are copied out of it, into memory that is used again and again.
 */
class HostStates implements NodeStates {
  readonly mostNodes = Infinity
  private readonly unused: ort.Tensor[] = []
  /** States that are what a run returned. */
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
    const kept = Array.from({ length: count }, (_, node) => this.copy(rowAt(all, node, this.size)))
    dropNow(all.buffer)
    return kept
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
    const kept = this.unused.pop() ?? floatTensor(new Float32Array(this.size), this.dims)
    floatsOf(kept).set(state)
    return kept
  }
}
