import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type * as ort from 'onnxruntime-node'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { AnswerKey, EngineGenerateEvent, EngineModel, GenerateRequest } from '../../contract/engine'
import { WorkbenchError } from '../../contract/problem'
import { DECODE_INPUTS, DECODE_OUTPUTS } from '../family/decode-graph'
import { MASKED } from './attention-layout'
import { floatTensor, integerTensor, runSession, type Device } from './device'
import { embedTokens, forward } from './forward'
import { cacheCapacity, type GenerationPlan } from './generation-plan'
import { KeyValueCache } from './key-value-cache'
import type { LanguageHead } from './language-head'
import type { PairWeights } from './pair-weights'
import { finalRowOfPrompts, packPrompts, type PackedPrompts } from './prompt-trie'
import { nodePath, originOf, type Origin, type RecipeTrie } from './recipe-trie'
import { RotaryFeeds } from './rotary-feeds'
import { sampleToken } from './sampler'
import type { StopText } from './stop-text'

/** A sequence being generated. */
interface Row {
  readonly model: number
  readonly prompt: number
  readonly index: number
  readonly random: () => number
  readonly tokens: number[]
  /** The answer, once it is over. */
  finished: { readonly tokens: number[]; readonly finish: 'stop' | 'length' } | null
  /** Of the last token, which is yet to be run. */
  position: number
  hidden: Float32Array
}

/**
 * The models that share a block of some layer, and their rows in slot order. The same models share the same order in
 * every layer where they meet.
 */
interface Cohort {
  readonly models: ReadonlySet<number>
  readonly rows: Row[]
  readonly caches: KeyValueCache[]
}

export interface DecoderParts {
  readonly request: GenerateRequest
  readonly stopText: StopText
  readonly device: Device
  readonly pair: PairWeights
  readonly trie: RecipeTrie
  readonly sessions: readonly (readonly ort.InferenceSession[])[]
  readonly heads: ReadonlyMap<Origin, LanguageHead>
  readonly plan: GenerationPlan
}

/** What a prompt group's prefill left for one model: by layer, keys and values of all packed rows. */
interface Prefilled {
  readonly packed: PackedPrompts
  /** [model][layer] */
  readonly keyValues: readonly (readonly { keys: Float32Array; values: Float32Array }[])[]
  /** Next-token logits, [model][prompt of the group]. */
  readonly logits: readonly (readonly Float32Array[])[]
}

/**
 * Runs sequences through resident blocks, one token of each a step. At every layer the rows of all models that use the
 * same block are one batch; a finished sequence gives its place to the next in its model's queue.
 */
export class Decoder {
  tokenCount = 0
  steps = 0
  private capacity: number
  private readonly cohorts = new Map<string, Cohort>()
  /** [layer][block] */
  private readonly blocks: { session: ort.InferenceSession; cohort: Cohort; cache: KeyValueCache }[][]
  private readonly rotary: RotaryFeeds
  private readonly stopTokens: ReadonlySet<number>
  private readonly finished: ReadonlySet<string>

  constructor(private readonly parts: DecoderParts) {
    const { trie, sessions, request, plan, pair } = parts
    const { spec } = pair.post
    const longestPrompt = Math.max(...request.prompts.map((prompt) => prompt.length))
    this.capacity = cacheCapacity(longestPrompt + 1)
    this.rotary = new RotaryFeeds(spec, plan.maximumLength)
    this.stopTokens = new Set(request.stopTokens)
    this.finished = new Set(request.finished.map(answerName))
    const paths = request.models.map((_, model) => nodePath(trie, model))
    this.blocks = sessions.map((ofLayer, layer) =>
      ofLayer.map((session, block) => {
        const models = paths.flatMap((path, model) =>
          trie.levels[layer]?.nodes[path[layer] ?? 0]?.block === block ? [model] : []
        )
        const key = models.join()
        const cohort = this.cohorts.get(key) ?? { models: new Set(models), rows: [], caches: [] }
        this.cohorts.set(key, cohort)
        const cache = new KeyValueCache(spec, models.length * plan.rowsPerModel, this.capacity)
        cohort.caches.push(cache)
        return { session, cohort, cache }
      })
    )
  }

  /** All samples of some prompts, for every model. */
  async *generateGroup(
    prompts: readonly number[],
    signal?: AbortSignal
  ): AsyncGenerator<EngineGenerateEvent> {
    const { request, plan } = this.parts
    const queues = request.models.map((_, model) => this.queue(model, prompts))
    if (queues.every((queue) => queue.length === 0)) return
    const prefilled = await this.prefill(prompts, signal)
    const active: Row[] = []
    for (;;) {
      const started: EngineGenerateEvent[] = []
      for (const [model, queue] of queues.entries()) {
        // An answer may end with its first token, so a place can be free again at once.
        while (active.filter((row) => row.model === model).length < plan.rowsPerModel) {
          const row = queue.shift()
          if (row === undefined) break
          const logits = prefilled.logits[model]?.[prompts.indexOf(row.prompt)] ?? new Float32Array()
          started.push(...this.accept(row, logits))
          if (row.finished !== null) continue
          this.admit(row, prefilled, prompts.indexOf(row.prompt))
          active.push(row)
        }
      }
      yield* started
      if (active.length === 0) return
      if (signal?.aborted === true) throw new WorkbenchError('cancelled', 'The generation was cancelled.')
      yield* await this.step(active)
      for (const row of active.filter(({ finished }) => finished !== null)) {
        active.splice(active.indexOf(row), 1)
        this.dismiss(row)
      }
      // Inference blocks the thread: let a cancel come in.
      await nextTurn()
    }
  }

  /** One token for every active row. */
  private async step(active: readonly Row[]): Promise<EngineGenerateEvent[]> {
    const { request, heads, pair } = this.parts
    this.steps++
    this.growCaches(active)
    for (const origin of ['base', 'post'] as const) {
      const rows = active.filter((row) => originOf(modelOf(request, row)) === origin)
      const embedded = await embedTokens(pair[origin], rows.map(lastToken))
      rows.forEach((row, i) => (row.hidden = rowAt(embedded, i, pair.post.spec.hiddenSize)))
    }
    for (const [layer, ofLayer] of this.blocks.entries()) {
      for (const { session, cohort, cache } of ofLayer) {
        if (cohort.rows.length > 0) await this.runBlock(layer, session, cohort, cache)
      }
    }
    const events: EngineGenerateEvent[] = []
    for (const [origin, head] of heads) {
      const rows = active.filter((row) => originOf(modelOf(request, row)) === origin)
      if (rows.length === 0) continue
      const logits = await head.logits(joined(rows, pair.post.spec.hiddenSize), null)
      rows.forEach((row, i) => {
        row.position++
        events.push(...this.accept(row, rowAt(logits, i, pair[origin].spec.vocabularySize)))
      })
    }
    return mergeTokens(events)
  }

  private async runBlock(
    layer: number,
    session: ort.InferenceSession,
    { rows }: Cohort,
    cache: KeyValueCache
  ): Promise<void> {
    const { spec } = this.parts.pair.post
    const { kvHeadCount, headSize, hiddenSize } = spec
    const layerSpec = spec.layers[layer]
    if (layerSpec === undefined) throw new RangeError(`the model has no layer ${layer}`)
    const { keys, values } = cache.used(rows.length)
    const outputs = await runSession(session, {
      [DECODE_INPUTS.hidden]: floatTensor(joined(rows, hiddenSize), [rows.length, hiddenSize]),
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
      row.hidden = rowAt(output(DECODE_OUTPUTS.hidden), slot, hiddenSize)
      const key = rowAt(output(DECODE_OUTPUTS.newKeys), slot, size)
      cache.put(slot, row.position, key, rowAt(output(DECODE_OUTPUTS.newValues), slot, size))
    })
  }

  /** 0 where a row's new token sees a place of the cache, and itself. */
  private mask(rows: readonly Row[], window: number | null): ort.Tensor {
    const width = this.capacity + 1
    const mask = new Float32Array(rows.length * width).fill(MASKED)
    rows.forEach(({ position }, slot) => {
      const first = window === null ? 0 : Math.max(0, position - window + 1)
      mask.fill(0, slot * width + first, slot * width + position)
      mask[slot * width + this.capacity] = 0
    })
    return floatTensor(mask, [rows.length, 1, 1, width])
  }

  /** Draws a row's next token from its logits and says what came of it. */
  private accept(row: Row, logits: Float32Array): EngineGenerateEvent[] {
    const { request } = this.parts
    const penalised = request.sampling.repetitionPenalty !== 1
    const earlier = penalised ? [...(request.prompts[row.prompt] ?? []), ...row.tokens] : []
    const token = sampleToken(logits, request.sampling, earlier, row.random())
    row.tokens.push(token)
    this.tokenCount++
    const { model, prompt, index } = row
    const events: EngineGenerateEvent[] = []
    if (!this.stopTokens.has(token))
      events.push({ type: 'tokens', tokens: [{ model, prompt, index, token }] })
    row.finished = this.finishOf(row)
    if (row.finished !== null) events.push({ type: 'sample', model, prompt, index, ...row.finished })
    return events
  }

  /** The finished answer, or null while it goes on. */
  private finishOf(row: Row): Row['finished'] {
    const { request, stopText, plan } = this.parts
    if (this.stopTokens.has(lastToken(row))) return { tokens: row.tokens.slice(0, -1), finish: 'stop' }
    const kept = stopText(row.tokens)
    if (kept !== null) return { tokens: row.tokens.slice(0, kept), finish: 'stop' }
    const length = (request.prompts[row.prompt]?.length ?? 0) + row.tokens.length
    if (row.tokens.length < request.maxTokens && length < plan.maximumLength) return null
    return { tokens: [...row.tokens], finish: 'length' }
  }

  /** Gives a row its slot in every cache, filled with its prompt. */
  private admit(row: Row, prefilled: Prefilled, promptInGroup: number): void {
    const path = prefilled.packed.paths[promptInGroup] ?? new Int32Array()
    const { kvHeadCount, headSize } = this.parts.pair.post.spec
    const size = kvHeadCount * headSize
    for (const [layer, ofLayer] of this.blocks.entries()) {
      const block = ofLayer.find(({ cohort }) => cohort.models.has(row.model))
      const source = prefilled.keyValues[row.model]?.[layer]
      if (block === undefined || source === undefined) continue
      const slot = block.cohort.rows.length
      path.forEach((packedRow, position) => {
        const key = rowAt(source.keys, packedRow, size)
        block.cache.put(slot, position, key, rowAt(source.values, packedRow, size))
      })
    }
    for (const cohort of this.cohorts.values()) if (cohort.models.has(row.model)) cohort.rows.push(row)
  }

  /** Frees a row's slots: the last row of each cohort moves into them. */
  private dismiss(row: Row): void {
    for (const { models, rows, caches } of this.cohorts.values()) {
      if (!models.has(row.model)) continue
      const slot = rows.indexOf(row)
      const last = rows.pop()
      if (last === undefined || last === row) continue
      rows[slot] = last
      for (const cache of caches) cache.move(rows.length, slot)
    }
  }

  private growCaches(active: readonly Row[]): void {
    const needed = Math.max(...active.map((row) => row.position + 1))
    if (needed <= this.capacity) return
    this.capacity = cacheCapacity(needed)
    for (const { caches, rows } of this.cohorts.values()) {
      for (const cache of caches) cache.grow(this.capacity, rows.length)
    }
  }

  /** One pass over the prompts for all models: their keys and values, and what may come next. */
  private async prefill(prompts: readonly number[], signal?: AbortSignal): Promise<Prefilled> {
    const { request, device, pair, trie, heads } = this.parts
    const packed = packPrompts(prompts.map((prompt) => request.prompts[prompt] ?? []))
    const byNode = trie.levels.map(() => new Map<number, { keys: Float32Array; values: Float32Array }>())
    const finals = new Map<number, Float32Array>()
    const run = { device, precision: 'fp32' as const, pair, trie, packed, withKeyValues: true, signal }
    for await (const event of forward(run)) {
      if (event.type === 'keyValues') byNode[event.layer]?.set(event.node, event)
      if (event.type === 'final') finals.set(event.leaf, event.hidden)
    }
    const logits: Float32Array[][] = []
    for (const [model, leaf] of trie.leafOf.entries()) {
      const origin = originOf(request.models[model] ?? { kind: 'base' })
      const all = await heads.get(origin)?.logits(finals.get(leaf) ?? new Float32Array(), null)
      const rowOf = finalRowOfPrompts(packed)
      const vocabularySize = pair[origin].spec.vocabularySize
      logits.push(rowOf.map((row) => rowAt(all ?? new Float32Array(), row, vocabularySize)))
    }
    const keyValues = request.models.map((_, model) =>
      nodePath(trie, model).flatMap((node, layer) => byNode[layer]?.get(node) ?? [])
    )
    return { packed, keyValues, logits }
  }

  /** The samples of one model, first every prompt's first, so that all prompts show something early. */
  private queue(model: number, prompts: readonly number[]): Row[] {
    const { request } = this.parts
    const indices = Array.from({ length: request.sampleCount }, (_, index) => index)
    return indices.flatMap((index) =>
      prompts.flatMap((prompt) => {
        if (this.finished.has(answerName({ model, prompt, index }))) return []
        const tokens = request.prompts[prompt] ?? []
        const random = sampleRandom(request.seed, request.models[model] ?? { kind: 'base' }, tokens, index)
        return {
          model,
          prompt,
          index,
          random,
          tokens: [],
          finished: null,
          position: tokens.length,
          hidden: new Float32Array()
        }
      })
    )
  }
}

/** The draws of one sample: of its seed, model, prompt and index, and of nothing else. */
function sampleRandom(
  seed: number,
  model: EngineModel,
  prompt: readonly number[],
  index: number
): () => number {
  const name = JSON.stringify([seed, model.kind === 'base' ? 'base' : model.layers, prompt, index])
  const generator = xoroshiro128plus(createHash('sha256').update(name).digest().readInt32LE())
  return () => uniformFloat64(generator)
}

/** Token events of one step as one event, then the answers that ended. */
function mergeTokens(events: readonly EngineGenerateEvent[]): EngineGenerateEvent[] {
  const tokens = events.flatMap((event) => (event.type === 'tokens' ? event.tokens : []))
  const samples = events.filter((event) => event.type === 'sample')
  return tokens.length === 0 ? samples : [{ type: 'tokens', tokens }, ...samples]
}

function answerName({ model, prompt, index }: AnswerKey): string {
  return `${model}/${prompt}/${index}`
}

function modelOf(request: GenerateRequest, row: Row): EngineModel {
  return request.models[row.model] ?? { kind: 'base' }
}

function lastToken(row: Row): number {
  return row.tokens[row.tokens.length - 1] ?? 0
}

/** Row i of a matrix with rows of `size`. */
function rowAt(matrix: Float32Array, i: number, size: number): Float32Array {
  return matrix.subarray(i * size, (i + 1) * size)
}

/** Hidden states of rows, [rows, hidden]. */
function joined(rows: readonly Row[], hiddenSize: number): Float32Array {
  const hidden = new Float32Array(rows.length * hiddenSize)
  rows.forEach((row, i) => {
    hidden.set(row.hidden, i * hiddenSize)
  })
  return hidden
}
