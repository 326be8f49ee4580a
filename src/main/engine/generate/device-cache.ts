import type * as ort from 'onnxruntime-node'
import { extendGraph, fillGraph, takeRowsGraph, zerosGraph } from '../../graphs/device-memory-graphs'
import { integerTensor, runInPlace, runKept, type Device } from '../device/device'
import type { KeyValueShape } from './key-value-cache'

type FloatType = 'float32' | 'float16'

/** What all caches on a device are made and changed with. */
export interface CacheSessions {
  readonly zeros: ort.InferenceSession
  readonly takeRows: ort.InferenceSession
  readonly extend: ort.InferenceSession
  readonly fill: ort.InferenceSession
}

export async function openCacheSessions(
  device: Device,
  { kvHeadCount, headSize }: KeyValueShape,
  type: FloatType
): Promise<CacheSessions> {
  const kept = { outputsStay: true }
  return {
    zeros: await device.createSession(zerosGraph(4, type), kept),
    takeRows: await device.createSession(takeRowsGraph(4, type), kept),
    extend: await device.createSession(extendGraph(type), kept),
    fill: await device.createSession(fillGraph(kvHeadCount, headSize, type))
  }
}

/** Keys and values in a device's memory, which has them only while there are slots. */
interface Tensors {
  readonly keys: ort.Tensor
  readonly values: ort.Tensor
}

/**
 * Keys and values of one block for many sequences in a device's memory, [slots, kvHeads, capacity, headSize] each.
 * Memory is replaced one tensor at a time, so that changing a cache's size takes little more than the larger size.
 */
export class DeviceCache {
  private held: { tensors: Tensors; slotCount: number; capacity: number } | null = null

  constructor(
    private readonly sessions: CacheSessions,
    private readonly shape: KeyValueShape
  ) {}

  /** @throws RangeError while there are no slots */
  get tensors(): Tensors {
    if (this.held === null) throw new RangeError('the cache has no slots')
    return this.held.tensors
  }

  /** Makes slot i hold what slot `from[i]` held, which may be anything for a slot that is free. */
  async arrange(from: readonly number[], capacity: number): Promise<void> {
    const { held } = this
    if (from.length === 0) return this.dispose()
    if (held === null) {
      const tensors = {
        keys: await this.zeros(from.length, capacity),
        values: await this.zeros(from.length, capacity)
      }
      this.held = { tensors, slotCount: from.length, capacity }
      return
    }
    const rows = integerTensor(BigInt64Array.from(from, BigInt), [from.length])
    const take = (tensor: ort.Tensor): Promise<ort.Tensor> =>
      runKept(this.sessions.takeRows, { from: tensor, rows })
    await this.replace(held, take, { slotCount: from.length, capacity: held.capacity })
  }

  /** Makes room for longer sequences. */
  async extend(capacity: number): Promise<void> {
    const { held } = this
    if (held === null || held.capacity === capacity) return
    const more = await this.zeros(held.slotCount, capacity - held.capacity)
    try {
      const extend = (cache: ort.Tensor): Promise<ort.Tensor> =>
        runKept(this.sessions.extend, { cache, more })
      await this.replace(held, extend, { slotCount: held.slotCount, capacity })
    } finally {
      more.dispose()
    }
  }

  /**
   * Puts a prompt into a slot.
   *
   * @param packed keys and values of packed rows, [1, packed rows, kvHeads x headSize]
   * @param path for each of the prompt's tokens its packed row
   */
  async fill(slot: number, packed: Tensors, path: Int32Array): Promise<void> {
    const rows = integerTensor(BigInt64Array.from(path, BigInt), [path.length])
    const positions = Array.from(path, (_, position) => ({ slot, position }))
    const places = placesOf(positions, this.shape.kvHeadCount)
    for (const part of ['keys', 'values'] as const) {
      const cache = this.tensors[part]
      await runInPlace(this.sessions.fill, { cache, packed: packed[part], rows, places }, { filled: cache })
    }
  }

  dispose(): void {
    this.held?.tensors.keys.dispose()
    this.held?.tensors.values.dispose()
    this.held = null
  }

  private async replace(
    held: { tensors: Tensors },
    change: (tensor: ort.Tensor) => Promise<ort.Tensor>,
    size: { slotCount: number; capacity: number }
  ): Promise<void> {
    const { keys: oldKeys, values: oldValues } = held.tensors
    const keys = await change(oldKeys)
    // From here on the cache owns the new keys, whatever becomes of the values.
    this.held = { ...size, tensors: { keys, values: oldValues } }
    oldKeys.dispose()
    const values = await change(oldValues)
    this.held = { ...size, tensors: { keys, values } }
    oldValues.dispose()
  }

  private zeros(slotCount: number, places: number): Promise<ort.Tensor> {
    const { kvHeadCount, headSize } = this.shape
    const shape = BigInt64Array.from([slotCount, kvHeadCount, places, headSize], BigInt)
    return runKept(this.sessions.zeros, { shape: integerTensor(shape, [shape.length]) })
  }
}

/** (slot, head, place) of every head of some places, [places, kvHeads, 3]. */
export function placesOf(
  places: readonly { readonly slot: number; readonly position: number }[],
  kvHeadCount: number
): ort.Tensor {
  const data = new BigInt64Array(places.length * kvHeadCount * 3)
  places.forEach(({ slot, position }, i) => {
    for (let head = 0; head < kvHeadCount; head++) {
      data.set([BigInt(slot), BigInt(head), BigInt(position)], (i * kvHeadCount + head) * 3)
    }
  })
  return integerTensor(data, [places.length, kvHeadCount, 3])
}
