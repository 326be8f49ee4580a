import type * as ort from 'onnxruntime-node'
import { extendGraph, fillGraph, takeRowsGraph, zerosGraph } from '../../graphs/device-memory-graphs'
import { integerTensor, runInPlace, runOnDevice, type Device } from '../device/device'
import type { KeyValueShape } from './key-value-cache'

type FloatType = 'float32' | 'float16'

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
  const onDevice = { outputsStay: true }
  return {
    zeros: await device.createSession(zerosGraph(4, type), onDevice),
    takeRows: await device.createSession(takeRowsGraph(4, type), onDevice),
    extend: await device.createSession(extendGraph(type), onDevice),
    fill: await device.createSession(fillGraph(kvHeadCount, headSize, type))
  }
}

/** Keys and values in a device's memory. They are allocated only while the cache has slots. */
interface Tensors {
  readonly keys: ort.Tensor
  readonly values: ort.Tensor
}

/**
 * Keys and values of one layer on a device, [slots, kvHeads, capacity, headSize]. A slot is one answer in progress.
 * Keys and values are replaced one after the other, so that only one of them is in memory twice.
 */
export class DeviceCache {
  private content: { tensors: Tensors; slotCount: number; capacity: number } | null = null

  constructor(
    private readonly sessions: CacheSessions,
    private readonly shape: KeyValueShape
  ) {}

  get tensors(): Tensors {
    if (this.content === null) throw new RangeError('the cache has no slots')
    return this.content.tensors
  }

  /** Copies slot `from[i]` to slot i. For a free slot any source will do. */
  async arrange(from: readonly number[], capacity: number): Promise<void> {
    const { content } = this
    if (from.length === 0) return this.dispose()
    if (content === null) {
      const tensors = {
        keys: await this.zeros(from.length, capacity),
        values: await this.zeros(from.length, capacity)
      }
      this.content = { tensors, slotCount: from.length, capacity }
      return
    }
    const rows = integerTensor(BigInt64Array.from(from, BigInt), [from.length])
    const selectRows = (tensor: ort.Tensor): Promise<ort.Tensor> =>
      runOnDevice(this.sessions.takeRows, { from: tensor, rows })
    await this.replace(content, selectRows, { slotCount: from.length, capacity: content.capacity })
  }

  async extend(capacity: number): Promise<void> {
    const { content } = this
    if (content === null || content.capacity === capacity) return
    const addedTokens = await this.zeros(content.slotCount, capacity - content.capacity)
    try {
      const extend = (cache: ort.Tensor): Promise<ort.Tensor> =>
        runOnDevice(this.sessions.extend, { cache, more: addedTokens })
      await this.replace(content, extend, { slotCount: content.slotCount, capacity })
    } finally {
      addedTokens.dispose()
    }
  }

  /** Stores a prompt's keys and values, [1, packed rows, kvHeads x headSize]. @param path packed row of each token */
  async fill(slot: number, packed: Tensors, path: Int32Array): Promise<void> {
    const rows = integerTensor(BigInt64Array.from(path, BigInt), [path.length])
    const positions = Array.from(path, (_, position) => ({ slot, position }))
    const indices = cacheIndices(positions, this.shape.kvHeadCount)
    for (const part of ['keys', 'values'] as const) {
      const cache = this.tensors[part]
      await runInPlace(this.sessions.fill, { cache, packed: packed[part], rows, indices }, { filled: cache })
    }
  }

  dispose(): void {
    this.content?.tensors.keys.dispose()
    this.content?.tensors.values.dispose()
    this.content = null
  }

  private async replace(
    content: { tensors: Tensors },
    change: (tensor: ort.Tensor) => Promise<ort.Tensor>,
    size: { slotCount: number; capacity: number }
  ): Promise<void> {
    const { keys: oldKeys, values: oldValues } = content.tensors
    const keys = await change(oldKeys)
    // The cache now owns the new keys, even if replacing the values fails.
    this.content = { ...size, tensors: { keys, values: oldValues } }
    oldKeys.dispose()
    const values = await change(oldValues)
    this.content = { ...size, tensors: { keys, values } }
    oldValues.dispose()
  }

  private zeros(slotCount: number, positionCount: number): Promise<ort.Tensor> {
    const { kvHeadCount, headSize } = this.shape
    const shape = BigInt64Array.from([slotCount, kvHeadCount, positionCount, headSize], BigInt)
    return runOnDevice(this.sessions.zeros, { shape: integerTensor(shape, [shape.length]) })
  }
}

/** Returns (slot, head, position) for every head of some cache positions, [positions, kvHeads, 3]. */
export function cacheIndices(
  slotPositions: readonly { readonly slot: number; readonly position: number }[],
  kvHeadCount: number
): ort.Tensor {
  const data = new BigInt64Array(slotPositions.length * kvHeadCount * 3)
  slotPositions.forEach(({ slot, position }, i) => {
    for (let head = 0; head < kvHeadCount; head++) {
      data.set([BigInt(slot), BigInt(head), BigInt(position)], (i * kvHeadCount + head) * 3)
    }
  })
  return integerTensor(data, [slotPositions.length, kvHeadCount, 3])
}
