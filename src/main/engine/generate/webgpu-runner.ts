import type * as ort from 'onnxruntime-node'
import { takeRowsGraph } from '../../graphs/device-memory-graphs'
import {
  cacheType,
  DEVICE_DECODE_INPUTS,
  DEVICE_DECODE_OUTPUTS,
  deviceDecodeGraph
} from '../../graphs/device-decode-graph'
import { MASKED } from '../tries/attention-layout'
import type { DecoderSpec, LayerSpec } from '../../family'
import type { Rope } from '../../family/rope'
import { type PairWeights, specOf } from '../weights/pair-weights'
import { cohortsOf, type Cohort } from '../tries/cohorts'
import { floatTensor, integerTensor, runInPlace, runOnDevice } from '../device/device'
import { DeviceCache, openCacheSessions, cacheIndices, type CacheSessions } from './device-cache'
import { cacheCapacity } from './generation-plan'
import type { Prefilled } from './prefill'
import type { RecipeTrie } from '../tries/recipe-trie'
import { openResidentBlocks } from './resident-blocks'
import { RotaryFeeds } from '../forward/rotary-feeds'
import type { Finish, RowRunner, RunnerParts, RunningRow } from './row-runner'
import { embedRows, finishRows } from './row-runner'
import { elementAt } from '../../../contract/model/look-up'

// Generation on a GPU. A row is an answer in progress of one model. A block is a layer with its weights. A cohort is
// the set of models that share a block, so that their rows pass through it as one batch.

/** The sessions and tensors that rows on a device use, open until `release`. */
interface Resident {
  /** Sessions by layer and block of the layer. */
  readonly blocks: readonly (readonly ort.InferenceSession[])[]
  readonly cache: CacheSessions
  readonly takeStates: ort.InferenceSession
  readonly rotary: ReadonlyMap<Rope, Readonly<Record<string, ort.Tensor>>>
  release(): Promise<void>
}

/** A cohort's slots, one for each row. A free slot still computes, but its results are not read. */
interface Slots {
  readonly cohort: Cohort
  /** The row in each slot; null in a free one. */
  rows: (RunningRow | null)[]
  readonly caches: DeviceCache[]
}

interface ResidentBlock {
  readonly session: ort.InferenceSession
  /** Decides the rotation and the attention window of the block's layer. */
  readonly layerSpec: LayerSpec
  readonly slots: Slots
  readonly cache: DeviceCache
}

/**
 * Opens a runner that keeps states, keys and values in the memory of a GPU. Only logits are copied back after a step.
 */
export async function openWebGpuRunner(parts: RunnerParts): Promise<RowRunner> {
  return new WebGpuRunner(parts, await openResident(parts))
}

/** Opens the resources of a runner. Blocks come last, because memory is most likely to run out for them. */
async function openResident({ device, pair, trie, plan }: RunnerParts): Promise<Resident> {
  const { spec } = pair.post
  const sessions: ort.InferenceSession[] = []
  const tensors: ort.Tensor[] = []
  const release = async (): Promise<void> => {
    for (const tensor of tensors) tensor.dispose()
    for (const session of sessions) await session.release()
  }
  try {
    const cache = await openCacheSessions(device, spec, cacheType(plan.precision))
    const takeStates = await device.createSession(takeRowsGraph(2, 'float32'), { outputsStay: true })
    sessions.push(...Object.values(cache), takeStates)
    const tables = new RotaryFeeds(spec, plan.maximumLength)
    const rotary = new Map<Rope, Record<string, ort.Tensor>>()
    for (const rope of ropesOf(pair, trie)) {
      const feeds: Record<string, ort.Tensor> = {}
      for (const [name, { data, dims }] of Object.entries(tables.of(rope))) {
        if (data instanceof Float32Array) feeds[name] = await device.resident(data, dims)
      }
      tensors.push(...Object.values(feeds))
      rotary.set(rope, feeds)
    }
    const modelOf = (spec: DecoderSpec): Uint8Array => deviceDecodeGraph(spec, plan)
    const blocks = await openResidentBlocks(device, pair, trie, modelOf, plan.weights)
    sessions.push(...blocks.flat())
    return { blocks, cache, takeStates, rotary, release }
  } catch (error) {
    await release()
    throw error
  }
}

function ropesOf(pair: PairWeights, { levels }: RecipeTrie): Set<Rope> {
  return new Set(
    levels.flatMap(({ blocks }, layer) =>
      blocks.map((source) => elementAt(specOf(pair, source).layers, layer, 'layer').rope)
    )
  )
}

class WebGpuRunner implements RowRunner {
  /** Positions of each slot in all caches. */
  private capacity = 0
  private readonly blocks: readonly (readonly ResidentBlock[])[]
  private readonly slots: readonly Slots[]

  constructor(
    private readonly parts: RunnerParts,
    private readonly resident: Resident
  ) {
    const { trie, pair } = parts
    const { spec } = pair.post
    const byCohort = new Map<Cohort, Slots>()
    this.blocks = cohortsOf(trie).map((ofLayer, layer) =>
      ofLayer.flatMap((cohort, block) => {
        const session = resident.blocks[layer]?.[block]
        if (session === undefined) return []
        const cache = new DeviceCache(resident.cache, spec)
        const slots = byCohort.get(cohort) ?? { cohort, rows: [], caches: [] }
        byCohort.set(cohort, slots)
        slots.caches.push(cache)
        const source = elementAt(elementAt(trie.levels, layer, 'level').blocks, block, 'block')
        const layerSpec = elementAt(specOf(pair, source).layers, layer, 'layer')
        return [{ session, layerSpec, slots, cache }]
      })
    )
    this.slots = [...byCohort.values()]
  }

  async admit(rows: readonly RunningRow[], prefilled: Prefilled): Promise<void> {
    if (rows.length === 0) return
    await this.extendCaches(rows)
    for (const slots of this.slots) {
      const added = rows.filter((row) => slots.cohort.has(row.model))
      const free = slots.rows.filter((row) => row === null).length
      if (added.length > free) await this.arrange(slots, added.length)
      for (const row of added) slots.rows[slots.rows.indexOf(null)] = row
    }
    for (const row of rows) {
      const path = prefilled.pathOf(row.prompt)
      for (const [layer, ofLayer] of this.blocks.entries()) {
        const block = ofLayer.find(({ slots }) => slots.cohort.has(row.model))
        if (block === undefined) continue
        const packed = elementAt(prefilled.keyValuesOf(row.model, layer), 0, 'part')
        await block.cache.fill(block.slots.rows.indexOf(row), packed, path)
      }
    }
  }

  async dismiss(rows: readonly RunningRow[]): Promise<void> {
    const ended = new Set(rows)
    for (const slots of this.slots) {
      slots.rows = slots.rows.map((row) => (row !== null && ended.has(row) ? null : row))
    }
  }

  async step<T>(rows: readonly RunningRow[], finish: Finish<T>): Promise<T[]> {
    const { hiddenSize } = this.parts.pair.post.spec
    await this.resizeCaches(rows)
    // The spare row is the state of free slots.
    const embedded = await embedRows(this.parts, rows, 1)
    const states = await this.parts.device.resident(embedded, [rows.length + 1, hiddenSize])
    try {
      const feedsOf = new Map(this.slots.map((slots) => [slots, this.slotFeeds(slots, rows)]))
      for (const ofLayer of this.blocks) {
        for (const block of ofLayer) {
          const feeds = feedsOf.get(block.slots)
          if (feeds !== undefined && block.slots.rows.length > 0) await this.runBlock(block, feeds, states)
        }
      }
      return await finishRows(this.parts, rows, async (head, indices) => {
        const taken = integerTensor(BigInt64Array.from(indices, BigInt), [indices.length])
        const hidden = await runOnDevice(this.resident.takeStates, { from: states, rows: taken })
        try {
          return await finish(head, hidden, indices)
        } finally {
          hidden.dispose()
        }
      })
    } finally {
      states.dispose()
    }
  }

  async close(): Promise<void> {
    for (const { caches } of this.slots) for (const cache of caches) cache.dispose()
    await this.resident.release()
  }

  private async runBlock(
    { session, layerSpec, cache }: ResidentBlock,
    feeds: SlotFeeds,
    states: ort.Tensor
  ): Promise<void> {
    const { keys, values } = cache.tensors
    await runInPlace(
      session,
      {
        ...feeds.always,
        ...this.resident.rotary.get(layerSpec.rope),
        [DEVICE_DECODE_INPUTS.mask]: feeds.mask(layerSpec.window),
        [DEVICE_DECODE_INPUTS.states]: states,
        [DEVICE_DECODE_INPUTS.keys]: keys,
        [DEVICE_DECODE_INPUTS.values]: values
      },
      {
        [DEVICE_DECODE_OUTPUTS.states]: states,
        [DEVICE_DECODE_OUTPUTS.keys]: keys,
        [DEVICE_DECODE_OUTPUTS.values]: values
      }
    )
  }

  /** Creates the inputs that all blocks of a cohort share. @param stepRows all rows, in the order of their states */
  private slotFeeds({ rows }: Slots, stepRows: readonly RunningRow[]): SlotFeeds {
    const spare = stepRows.length
    const positions = rows.map((row) => row?.position ?? 0)
    const column = (values: readonly number[]): ort.Tensor =>
      integerTensor(BigInt64Array.from(values, BigInt), [values.length, 1])
    const masks = new Map<number | null, ort.Tensor>()
    return {
      always: {
        [DEVICE_DECODE_INPUTS.stateRows]: column(rows.map((row) => (row === null ? spare : stepRows.indexOf(row)))),
        [DEVICE_DECODE_INPUTS.positions]: column(positions),
        [DEVICE_DECODE_INPUTS.cacheIndices]: cacheIndices(
          positions.map((position, slot) => ({ slot, position })),
          this.parts.pair.post.spec.kvHeadCount
        )
      },
      mask: (window) => {
        const mask = masks.get(window) ?? this.mask(positions, window)
        masks.set(window, mask)
        return mask
      }
    }
  }

  /** Returns the mask of a step: 0 where a slot's new token sees a position of the cache or itself. */
  private mask(positions: readonly number[], window: number | null): ort.Tensor {
    const mask = new Float32Array(positions.length * this.capacity).fill(MASKED)
    positions.forEach((position, slot) => {
      const first = window === null ? 0 : Math.max(0, position - window + 1)
      mask.fill(0, slot * this.capacity + first, slot * this.capacity + position + 1)
    })
    return floatTensor(mask, [positions.length, 1, 1, this.capacity])
  }

  /** Resizes the caches to the slots and positions of the step, because attention reads whole caches. */
  private async resizeCaches(rows: readonly RunningRow[]): Promise<void> {
    for (const slots of this.slots) {
      const live = slots.rows.filter((row) => row !== null).length
      if (live <= slots.rows.length / 2) await this.arrange(slots, 0)
    }
    await this.extendCaches(rows)
  }

  private async extendCaches(rows: readonly RunningRow[]): Promise<void> {
    const needed = Math.max(...rows.map((row) => row.position + 1))
    if (needed <= this.capacity) return
    this.capacity = cacheCapacity(needed, true)
    for (const { caches } of this.slots) for (const cache of caches) await cache.extend(this.capacity)
  }

  /** Moves the running rows to the first slots, followed by `freeSlots` free ones. */
  private async arrange(slots: Slots, freeSlots: number): Promise<void> {
    const live = slots.rows.flatMap((row, slot) => (row === null ? [] : [{ row, slot }]))
    const free = new Array<null>(freeSlots).fill(null)
    const from = [...live.map(({ slot }) => slot), ...free.map(() => 0)]
    for (const cache of slots.caches) await cache.arrange(from, this.capacity)
    slots.rows = [...live.map(({ row }) => row), ...free]
  }
}

/** Inputs of blocks for a cohort's slots: some for all blocks, and a mask for each width of window. */
interface SlotFeeds {
  readonly always: Readonly<Record<string, ort.Tensor>>
  mask(window: number | null): ort.Tensor
}
