import type * as ort from 'onnxruntime-node'
import { cacheDims, DECODE_INPUTS, DECODE_OUTPUTS, decodeKinds } from '../../graphs/decode-graph'
import { MASKED } from '../tries/attention-layout'
import type { Cohort } from '../tries/cohorts'
import { floatsOf, floatTensor, integerTensor, runSession } from '../device/device'
import { cacheCapacity } from './generation-plan'
import { openCaches, type SlotCache } from './key-value-cache'
import { type CachedPart, cachedParts } from '../../family'
import type { Prefilled } from './prefill'
import { largestLayerBytes } from './resident-blocks'
import { chainBlocks, chainSpec, openChain, type Chain } from './resident-chains'
import { RotaryFeeds } from '../forward/rotary-feeds'
import type { Finish, RowCopy, RowRunner, RunnerParts, RunningRow } from './row-runner'
import { embedRows, finishRows } from './row-runner'
import { joinRows, rowAt } from '../rows/rows'
import { elementAt, mapGet } from '../../../contract/model/look-up'

// Generation on the CPU. A row is an answer in progress of one model. A chain is consecutive layers in one session. A
// cohort is the set of models that share a chain, so that their rows pass through it as one batch.

/** The rows of a cohort in the order of their slots in caches. All chains of the cohort share this object. */
interface CohortSlots {
  readonly rows: RunningRow[]
  /** Allocated slots, of which the first ones have rows. */
  slotCount: number
  /** Caches of all its chains. */
  readonly caches: SlotCache[]
}

interface ResidentChain extends Chain {
  readonly session: ort.InferenceSession
  readonly slots: CohortSlots
  /** All parts of the chain's layers. */
  readonly parts: readonly ChainPart[]
}

/** Attention or a recurrent state of a layer, and its caches. `number` is its index in the layer. */
interface ChainPart extends CachedPart {
  readonly layer: number
  readonly number: number
  readonly keys: SlotCache
  readonly values: SlotCache
}

/** Opens a runner on the CPU. The sessions read hidden states, keys and values in place. */
export async function openCpuRunner(parts: RunnerParts): Promise<RowRunner> {
  const { device, pair, trie, plan } = parts
  const { spec } = pair.post
  const slotsOf = new Map<Cohort, CohortSlots>()
  const chains: ResidentChain[] = []
  try {
    for (const chain of chainBlocks(trie, largestLayerBytes(spec, plan.weights))) {
      const session = await openChain(device, pair, chain, plan.weights)
      const parts = chain.layers.flatMap((layer) =>
        cachedParts(spec, layer).map((part, number) => ({
          ...part,
          layer,
          number,
          ...openCaches(spec, layer, part)
        }))
      )
      const slots = slotsOf.get(chain.cohort) ?? { rows: [], slotCount: 0, caches: [] }
      slotsOf.set(chain.cohort, slots)
      slots.caches.push(...parts.flatMap(({ keys, values }) => [keys, values]))
      chains.push({ ...chain, session, slots, parts })
    }
  } catch (error) {
    // Memory may have run out half way. The engine continues, so the opened sessions must be released.
    for (const { session } of chains) await session.release()
    throw error
  }
  return new CpuRunner(parts, chains, slotsOf)
}

class CpuRunner implements RowRunner {
  private readonly rotary: RotaryFeeds
  /** Positions of each slot in all caches. */
  private capacity = 0

  constructor(
    private readonly parts: RunnerParts,
    private readonly chains: readonly ResidentChain[],
    private readonly slotsOf: ReadonlyMap<Cohort, CohortSlots>
  ) {
    this.rotary = new RotaryFeeds(parts.pair.post.spec, parts.plan.maximumLength)
  }

  async admit(rows: readonly RunningRow[], prefilled: Prefilled): Promise<void> {
    if (rows.length === 0) return
    this.fitCaches(rows)
    for (const row of rows) {
      for (const [cohort, slots] of this.slotsOf) if (cohort.has(row.model)) slots.rows.push(row)
      for (const { cohort, slots, parts } of this.chains) {
        if (!cohort.has(row.model)) continue
        const [slot, path] = [slots.rows.length - 1, prefilled.pathOf(row.prompt)]
        const finalRow = prefilled.finalRowOf(row.prompt)
        for (const { layer, number, keys, values } of parts) {
          const source = elementAt(prefilled.keyValuesOf(row.model, layer), number, 'part')
          keys.putPrompt(slot, path, finalRow, floatsOf(source.keys))
          values.putPrompt(slot, path, finalRow, floatsOf(source.values))
        }
      }
    }
  }

  async copy(copies: readonly RowCopy[]): Promise<void> {
    this.fitCaches(copies.map(({ to }) => to))
    for (const { from, to } of copies) {
      for (const [cohort, { rows, caches }] of this.slotsOf) {
        if (!cohort.has(to.model)) continue
        const slot = rows.indexOf(from)
        rows.push(to)
        for (const cache of caches) cache.move(slot, rows.length - 1)
      }
    }
  }

  /** Removes rows. The last row of each cohort moves into the free slot. */
  async dismiss(rows: readonly RunningRow[]): Promise<void> {
    for (const row of rows) {
      for (const { rows: slots, caches } of this.slotsOf.values()) {
        const slot = slots.indexOf(row)
        const last = slot === -1 ? undefined : slots.pop()
        if (last === undefined || last === row) continue
        slots[slot] = last
        for (const cache of caches) cache.move(slots.length, slot)
      }
    }
  }

  async step<T>(rows: readonly RunningRow[], finish: Finish<T>): Promise<T[]> {
    const { rowSize } = this.parts.pair.post.spec
    this.fitCaches([])
    const distinct = [...new Set(rows)]
    const embedded = await embedRows(this.parts, distinct)
    const hidden = new Map(distinct.map((row, i) => [row, rowAt(embedded, i, rowSize)]))
    for (const chain of this.chains) if (chain.slots.rows.length > 0) await this.runChain(chain, hidden)
    return finishRows(this.parts, rows, (head, indices) => {
      const ofHead = indices.map((i) => elementAt(rows, i, 'row'))
      return finish(head, joined(ofHead, hidden), indices)
    })
  }

  async close(): Promise<void> {
    for (const { session } of this.chains) await session.release()
  }

  /** Advances the chain's rows through its layers and stores their new keys and values. */
  private async runChain(
    { session, slots: { rows }, layers, sources, parts }: ResidentChain,
    hidden: Map<RunningRow, Float32Array>
  ): Promise<void> {
    const spec = chainSpec(this.parts.pair, sources)
    const { rowSize } = spec
    const { ropes, windows } = decodeKinds(spec, layers)
    const positions = BigInt64Array.from(rows, (row) => BigInt(row.position))
    const feeds: Record<string, ort.Tensor> = {
      [DECODE_INPUTS.hidden]: floatTensor(joined(rows, hidden), [rows.length, rowSize]),
      [DECODE_INPUTS.positions]: integerTensor(positions, [rows.length, 1])
    }
    for (const [i, rope] of ropes.entries()) {
      Object.assign(feeds, this.rotary.of(rope, DECODE_INPUTS.rotary(i)))
    }
    for (const [i, window] of windows.entries()) feeds[DECODE_INPUTS.mask(i)] = this.mask(rows, window)
    for (const [i, part] of parts.entries()) {
      const [keyDims, valueDims] = cacheDims(spec, part.layer, part, this.capacity)
      feeds[DECODE_INPUTS.keys(i)] = floatTensor(part.keys.used(rows.length), [rows.length, ...keyDims])
      feeds[DECODE_INPUTS.values(i)] = floatTensor(part.values.used(rows.length), [rows.length, ...valueDims])
    }
    const outputs = await runSession(session, feeds)
    const output = (name: string): Float32Array => mapGet(outputs, name, 'output')
    const advanced = output(DECODE_OUTPUTS.hidden)
    rows.forEach((row, slot) => hidden.set(row, rowAt(advanced, slot, advanced.length / rows.length)))
    for (const [i, { keys, values }] of parts.entries()) {
      const [newKeys, newValues] = [output(DECODE_OUTPUTS.newKeys(i)), output(DECODE_OUTPUTS.newValues(i))]
      rows.forEach(({ position }, slot) => {
        keys.write(slot, position, slot, newKeys)
        values.write(slot, position, slot, newValues)
      })
    }
  }

  /** Returns the mask of a step: 0 where a row's new token sees a position of the cache or itself. */
  private mask(rows: readonly RunningRow[], window: number | null): ort.Tensor {
    const width = this.capacity + 1
    const mask = new Float32Array(rows.length * width).fill(MASKED)
    rows.forEach(({ position }, slot) => {
      const first = window === null ? 0 : Math.max(0, position - window + 1)
      mask.fill(0, slot * width + first, slot * width + position)
      mask[slot * width + this.capacity] = 0
    })
    return floatTensor(mask, [rows.length, 1, 1, width])
  }

  /** Resizes the caches to the running and added rows. Attention reads whole caches, so they must not be too large. */
  private fitCaches(added: readonly RunningRow[]): void {
    let longest = 0
    for (const rows of [added, ...[...this.slotsOf.values()].map((slots) => slots.rows)])
      for (const { position } of rows) longest = Math.max(longest, position + 1)
    const needed = cacheCapacity(longest, false)
    const keepsCapacity = needed <= this.capacity && needed > this.capacity / 2
    const capacity = keepsCapacity ? this.capacity : needed
    for (const [cohort, slots] of this.slotsOf) {
      const live = slots.rows.length + added.filter(({ model }) => cohort.has(model)).length
      const keepsSlots = live <= slots.slotCount && live > slots.slotCount / 4
      if (keepsSlots && keepsCapacity) continue
      if (!keepsSlots) slots.slotCount = Math.max(live, Math.min(2 * slots.slotCount, 2 * live))
      for (const cache of slots.caches) cache.resize(slots.slotCount, capacity, slots.rows.length)
    }
    this.capacity = capacity
  }
}

/** Joins the states of rows, [rows, width]. */
const joined = (rows: readonly RunningRow[], hidden: ReadonlyMap<RunningRow, Float32Array>): Float32Array =>
  joinRows(rows.map((row) => mapGet(hidden, row, 'state of row')))
