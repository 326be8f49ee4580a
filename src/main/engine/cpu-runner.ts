import type * as ort from 'onnxruntime-node'
import { DECODE_INPUTS, decodeGraph, DECODE_OUTPUTS } from '../family/decode-graph'
import { MASKED } from './attention-layout'
import { cohortsOf, type Cohort } from './cohorts'
import { floatTensor, integerTensor, runSession } from './device'
import { cacheCapacity } from './generation-plan'
import { KeyValueCache } from './key-value-cache'
import type { Prefilled } from './prefill'
import { nodePath } from './recipe-trie'
import { openResidentBlocks } from './resident-blocks'
import { RotaryFeeds } from './rotary-feeds'
import { embedRows, rowsByOrigin, type RowRunner, type RunnerParts, type RunningRow } from './row-runner'
import { joinRows, rowAt } from './rows'

interface ResidentBlock {
  readonly session: ort.InferenceSession
  readonly cohort: Cohort
  /** The cohort's rows in slot order, the same array in all of its blocks. */
  readonly rows: RunningRow[]
  readonly cache: KeyValueCache
}

/** Rows on the CPU: hidden states, keys and values are arrays of this process, which the sessions read where they lie. */
export async function openCpuRunner(parts: RunnerParts): Promise<RowRunner> {
  const { device, pair, trie, plan } = parts
  const model = decodeGraph(pair.post.spec, plan.weights)
  const sessions = await openResidentBlocks(device, pair, trie, model, plan.weights)
  return new CpuRunner(parts, sessions)
}

class CpuRunner implements RowRunner {
  private capacity: number
  /** [layer][block] */
  private readonly blocks: readonly (readonly ResidentBlock[])[]
  private readonly rows = new Map<Cohort, RunningRow[]>()
  private readonly hidden = new WeakMap<RunningRow, Float32Array>()
  private readonly rotary: RotaryFeeds

  constructor(
    private readonly parts: RunnerParts,
    sessions: readonly (readonly ort.InferenceSession[])[]
  ) {
    const { request, plan, trie, pair } = parts
    const { spec } = pair.post
    const longestPrompt = Math.max(...request.prompts.map((prompt) => prompt.length))
    this.capacity = cacheCapacity(longestPrompt + 1)
    this.rotary = new RotaryFeeds(spec, plan.maximumLength)
    this.blocks = cohortsOf(trie).map((ofLayer, layer) =>
      ofLayer.flatMap((cohort, block) => {
        const session = sessions[layer]?.[block]
        if (session === undefined) return []
        const cache = new KeyValueCache(spec, cohort.size * plan.rowsPerModel, this.capacity)
        const rows = this.rows.get(cohort) ?? []
        this.rows.set(cohort, rows)
        return [{ session, cohort, rows, cache }]
      })
    )
  }

  async admit(rows: readonly RunningRow[], { paths, keyValues }: Prefilled): Promise<void> {
    const { trie, pair } = this.parts
    const { kvHeadCount, headSize } = pair.post.spec
    const size = kvHeadCount * headSize
    for (const row of rows) {
      for (const [cohort, slots] of this.rows) if (cohort.has(row.model)) slots.push(row)
      const nodes = nodePath(trie, row.model)
      for (const [layer, ofLayer] of this.blocks.entries()) {
        const block = ofLayer.find(({ cohort }) => cohort.has(row.model))
        const source = keyValues[layer]?.get(nodes[layer] ?? 0)
        if (block === undefined || source === undefined) continue
        const slot = block.rows.length - 1
        paths.get(row.prompt)?.forEach((packedRow, position) => {
          const key = rowAt(source.keys, packedRow, size)
          block.cache.put(slot, position, key, rowAt(source.values, packedRow, size))
        })
      }
    }
  }

  /** The last row of each cohort moves into the slot that gets free. */
  async dismiss(rows: readonly RunningRow[]): Promise<void> {
    for (const row of rows) {
      for (const [cohort, slots] of this.rows) {
        const slot = slots.indexOf(row)
        const last = slot === -1 ? undefined : slots.pop()
        if (last === undefined || last === row) continue
        slots[slot] = last
        for (const block of this.blocks.flat()) {
          if (block.cohort === cohort) block.cache.move(slots.length, slot)
        }
      }
    }
  }

  async step(rows: readonly RunningRow[]): Promise<Float32Array[]> {
    const { heads, pair } = this.parts
    const { hiddenSize } = pair.post.spec
    this.growCaches(rows)
    const embedded = await embedRows(this.parts, rows)
    rows.forEach((row, i) => this.hidden.set(row, rowAt(embedded, i, hiddenSize)))
    for (const [layer, ofLayer] of this.blocks.entries()) {
      for (const block of ofLayer) if (block.rows.length > 0) await this.runBlock(layer, block)
    }
    const logits = new Array<Float32Array>(rows.length)
    for (const { origin, indices } of rowsByOrigin(this.parts, rows)) {
      if (indices.length === 0) continue
      const all = await heads.get(origin)?.logits(this.joined(indices.flatMap((i) => rows[i] ?? [])), null)
      indices.forEach((i, at) => {
        logits[i] = rowAt(all ?? new Float32Array(), at, pair[origin].spec.vocabularySize)
      })
    }
    return logits
  }

  async close(): Promise<void> {
    for (const { session } of this.blocks.flat()) await session.release()
  }

  private async runBlock(layer: number, { session, rows, cache }: ResidentBlock): Promise<void> {
    const { kvHeadCount, headSize, hiddenSize, layers } = this.parts.pair.post.spec
    const layerSpec = layers[layer]
    if (layerSpec === undefined) throw new RangeError(`the model has no layer ${layer}`)
    const { keys, values } = cache.used(rows.length)
    const outputs = await runSession(session, {
      [DECODE_INPUTS.hidden]: floatTensor(this.joined(rows), [rows.length, hiddenSize]),
      [DECODE_INPUTS.positions]: integerTensor(
        BigInt64Array.from(rows, (row) => BigInt(row.position)),
        [rows.length, 1]
      ),
      ...this.rotary.of(layerSpec.rope),
      [DECODE_INPUTS.mask]: this.mask(rows, layerSpec.window),
      [DECODE_INPUTS.keys]: floatTensor(keys, [rows.length, kvHeadCount, headSize, this.capacity]),
      [DECODE_INPUTS.values]: floatTensor(values, [rows.length, kvHeadCount, this.capacity, headSize])
    })
    const output = (name: string): Float32Array => outputs.get(name) ?? new Float32Array()
    const size = kvHeadCount * headSize
    rows.forEach((row, slot) => {
      this.hidden.set(row, rowAt(output(DECODE_OUTPUTS.hidden), slot, hiddenSize))
      const key = rowAt(output(DECODE_OUTPUTS.newKeys), slot, size)
      cache.put(slot, row.position, key, rowAt(output(DECODE_OUTPUTS.newValues), slot, size))
    })
  }

  /** 0 where a row's new token sees a place of the cache, and itself. */
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

  private growCaches(rows: readonly RunningRow[]): void {
    const needed = Math.max(...rows.map((row) => row.position + 1))
    if (needed <= this.capacity) return
    this.capacity = cacheCapacity(needed)
    for (const { cache, rows: slots } of this.blocks.flat()) cache.grow(this.capacity, slots.length)
  }

  /** Hidden states, [rows, hidden]. */
  private joined(rows: readonly RunningRow[]): Float32Array {
    return joinRows(
      rows.map((row) => this.hidden.get(row) ?? new Float32Array()),
      this.parts.pair.post.spec.hiddenSize
    )
  }
}
