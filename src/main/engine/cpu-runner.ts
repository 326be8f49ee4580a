import type * as ort from 'onnxruntime-node'
import { DECODE_INPUTS, DECODE_OUTPUTS } from '../family/decode-graph'
import { MASKED } from './attention-layout'
import type { Cohort, RunningRow } from './cohorts'
import { floatTensor, integerTensor, runSession } from './device'
import { embedTokens } from './forward'
import { cacheCapacity } from './generation-plan'
import { KeyValueCache } from './key-value-cache'
import type { Prefilled } from './prefill'
import { nodePath, originOf, type Origin } from './recipe-trie'
import { openResidentBlocks } from './resident-blocks'
import { RotaryFeeds } from './rotary-feeds'
import type { RowRunner, RunnerParts } from './row-runner'
import { joinRows, rowAt } from './rows'

interface ResidentBlock {
  readonly session: ort.InferenceSession
  readonly cohort: Cohort
  readonly cache: KeyValueCache
}

/** Rows on the CPU: hidden states, keys and values are arrays of this process, which the sessions read where they lie. */
export async function openCpuRunner(parts: RunnerParts): Promise<RowRunner> {
  const sessions = await openResidentBlocks(parts.device, parts.pair, parts.trie, parts.plan.weights)
  return new CpuRunner(parts, sessions)
}

class CpuRunner implements RowRunner {
  private capacity: number
  /** [layer][block] */
  private readonly blocks: readonly (readonly ResidentBlock[])[]
  private readonly hidden = new WeakMap<RunningRow, Float32Array>()
  private readonly rotary: RotaryFeeds

  constructor(
    private readonly parts: RunnerParts,
    sessions: readonly (readonly ort.InferenceSession[])[]
  ) {
    const { request, plan, cohorts, pair } = parts
    const { spec } = pair.post
    const longestPrompt = Math.max(...request.prompts.map((prompt) => prompt.length))
    this.capacity = cacheCapacity(longestPrompt + 1)
    this.rotary = new RotaryFeeds(spec, plan.maximumLength)
    this.blocks = cohorts.ofBlocks.map((ofLayer, layer) =>
      ofLayer.flatMap((cohort, block) => {
        const session = sessions[layer]?.[block]
        if (session === undefined) return []
        const cache = new KeyValueCache(spec, cohort.models.size * plan.rowsPerModel, this.capacity)
        return [{ session, cohort, cache }]
      })
    )
  }

  async admit(rows: readonly RunningRow[], { paths, keyValues }: Prefilled): Promise<void> {
    const { trie, pair } = this.parts
    const { kvHeadCount, headSize } = pair.post.spec
    const size = kvHeadCount * headSize
    for (const row of rows) {
      const nodes = nodePath(trie, row.model)
      for (const [layer, ofLayer] of this.blocks.entries()) {
        const block = ofLayer.find(({ cohort }) => cohort.models.has(row.model))
        const source = keyValues[layer]?.get(nodes[layer] ?? 0)
        if (block === undefined || source === undefined) continue
        const slot = block.cohort.rows.indexOf(row)
        paths.get(row.prompt)?.forEach((packedRow, position) => {
          const key = rowAt(source.keys, packedRow, size)
          block.cache.put(slot, position, key, rowAt(source.values, packedRow, size))
        })
      }
    }
  }

  async move(cohort: Cohort, from: number, to: number): Promise<void> {
    for (const block of this.blocks.flat()) if (block.cohort === cohort) block.cache.move(from, to)
  }

  async step(rows: readonly RunningRow[]): Promise<Float32Array[]> {
    const { heads, pair } = this.parts
    const { hiddenSize } = pair.post.spec
    this.growCaches(rows)
    for (const origin of ['base', 'post'] as const) {
      const ofOrigin = this.rowsOf(rows, origin)
      const embedded = await embedTokens(pair[origin], ofOrigin.map(lastToken))
      ofOrigin.forEach((row, i) => this.hidden.set(row, rowAt(embedded, i, hiddenSize)))
    }
    for (const [layer, ofLayer] of this.blocks.entries()) {
      for (const block of ofLayer) if (block.cohort.rows.length > 0) await this.runBlock(layer, block)
    }
    const logits = new Map<RunningRow, Float32Array>()
    for (const [origin, head] of heads) {
      const ofOrigin = this.rowsOf(rows, origin)
      if (ofOrigin.length === 0) continue
      const all = await head.logits(this.joined(ofOrigin), null)
      ofOrigin.forEach((row, i) => logits.set(row, rowAt(all, i, pair[origin].spec.vocabularySize)))
    }
    return rows.map((row) => logits.get(row) ?? new Float32Array())
  }

  async close(): Promise<void> {
    for (const { session } of this.blocks.flat()) await session.release()
  }

  private async runBlock(layer: number, { session, cohort, cache }: ResidentBlock): Promise<void> {
    const { rows } = cohort
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
    for (const { cache, cohort } of this.blocks.flat()) cache.grow(this.capacity, cohort.rows.length)
  }

  private rowsOf(rows: readonly RunningRow[], origin: Origin): RunningRow[] {
    const { models } = this.parts.request
    return rows.filter((row) => originOf(models[row.model] ?? { kind: 'base' }) === origin)
  }

  /** Hidden states, [rows, hidden]. */
  private joined(rows: readonly RunningRow[]): Float32Array {
    return joinRows(
      rows.map((row) => this.hidden.get(row) ?? new Float32Array()),
      this.parts.pair.post.spec.hiddenSize
    )
  }
}

function lastToken({ tokens }: RunningRow): number {
  return tokens[tokens.length - 1] ?? 0
}
