import type { Precision } from '../../../contract/model/device'
import type { Model } from '../../../contract/model/model'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import type { DecoderSpec } from '../../family/index'
import type { Device } from '../device/device'
import type { CachedTensors } from '../forward/layer-session'
import { finiteForward } from '../forward/non-finite'
import { memberOf, type PairWeights } from '../weights/pair-weights'
import { finalRowOfPrompts, finalRows, type PackedPrompts, packPrompts } from '../tries/prompt-trie'
import { nodePath, type Origin, originOf, type RecipeTrie, trieOfModels } from '../tries/recipe-trie'
import { blockReads, type BlockStep, blockTensors, type BlockWeights } from '../weights/block-weights'
import { joinRows, rowAt } from '../rows/rows'
import { addCost, WeightDecoder } from '../weights/weight-decoder'
import type { ResidentHead } from './resident-head'

// Computes prompts before their answers are generated. Prompts are packed: each distinct token prefix is one row.
// Models that are equal up to a layer share its results.

export interface PrefillParts {
  readonly device: Device
  readonly precision: Precision
  readonly pair: PairWeights
  readonly trie: RecipeTrie
  readonly models: readonly Model[]
  readonly heads: ReadonlyMap<Origin, ResidentHead>
}

/** A prompt's tokens. Results of a pass are stored by this array itself. */
export type PromptTokens = readonly number[]

export interface Prefilled {
  /** Returns the packed row of each token of a prompt. */
  pathOf(prompt: PromptTokens): Int32Array
  /** Returns the index of a prompt's last row among the last rows of all prompts. */
  finalRowOf(prompt: PromptTokens): number
  /** Returns the cached tensors of each part of a layer. */
  keyValuesOf(model: number, layer: number): readonly CachedTensors[]
  /** Returns the logits of a prompt's next token, [vocabulary]. */
  logitsOf(model: number, prompt: PromptTokens): Float32Array
  /** Hidden states of a model after the last layer, [packed rows, hidden]. Null unless `everyState` requested them. */
  statesOf(model: number): Float32Array | null
  /** Frees the keys and values. */
  dispose(): void
}

export interface PrefillWork {
  /** Indices of the models to compute; by default all. */
  readonly models?: readonly number[]
  readonly prompts: readonly PromptTokens[]
  /** True to keep the states of all tokens after the last layer. */
  readonly everyState?: boolean
}

/** Runs one pass over prompts. @returns keys and values, which the caller disposes of, and next-token logits */
export async function prefill(
  parts: PrefillParts,
  { models = [...parts.models.keys()], prompts, everyState = false }: PrefillWork,
  signal?: AbortSignal
): Promise<Prefilled> {
  const trie = trieOfModels(parts.trie, models)
  const ofWork = { ...parts, trie, models: models.map((model) => elementAt(parts.models, model, 'model')) }
  const packed = packPrompts(prompts)
  const passed = await runPass(ofWork, packed, everyState, signal)
  try {
    const finalRow = finalRowOfPrompts(packed)
    const logits = await nextTokenLogits(ofWork, prompts, finalRow, (leaf) => {
      const states = mapGet(passed.finals, leaf, 'leaf')
      return everyState ? lastRowsOf(states, packed, parts.pair) : states
    })
    const indexOf = new Map(models.map((model, index) => [model, index]))
    const index = (model: number): number => mapGet(indexOf, model, 'model')
    const paths = new Map(prompts.map((prompt, i) => [prompt, elementAt(packed.paths, i, 'path')]))
    const finals = new Map(prompts.map((prompt, i) => [prompt, elementAt(finalRow, i, 'final row')]))
    const nodesOf = models.map((_, model) => nodePath(trie, model))
    return {
      pathOf: (prompt) => mapGet(paths, prompt, 'prompt'),
      finalRowOf: (prompt) => mapGet(finals, prompt, 'prompt'),
      keyValuesOf: (model, layer) => {
        const node = elementAt(elementAt(nodesOf, index(model), 'model'), layer, 'layer')
        return mapGet(elementAt(passed.keyValues, layer, 'layer'), node, 'keys and values of node')
      },
      logitsOf: (model, prompt) => mapGet(elementAt(logits, index(model), 'model'), prompt, 'prompt'),
      statesOf: (model) =>
        everyState ? mapGet(passed.finals, elementAt(trie.leafOf, index(model), 'model'), 'leaf') : null,
      dispose: passed.dispose
    }
  } catch (error) {
    passed.dispose()
    throw error
  }
}

/** Results of a pass by node. A node is the states of models that are equal up to a layer, a leaf a distinct model. */
interface Pass {
  /** Keys and values by layer and node of the trie's level. */
  readonly keyValues: readonly ReadonlyMap<number, readonly CachedTensors[]>[]
  /** States by leaf, [final rows, hidden] or [packed rows, hidden]. */
  readonly finals: ReadonlyMap<number, Float32Array>
  readonly dispose: () => void
}

async function runPass(
  { device, precision, pair, trie, models }: PrefillParts,
  packed: PackedPrompts,
  everyRow: boolean,
  signal: AbortSignal | undefined
): Promise<Pass> {
  const keyValues = trie.levels.map(() => new Map<number, CachedTensors[]>())
  const finals = new Map<number, Float32Array>()
  const dispose = (): void => {
    for (const { keys, values } of keyValues.flatMap((ofLayer) => [...ofLayer.values()].flat())) {
      keys.dispose()
      values.dispose()
    }
  }
  const reader = new SingleBlockReader(pair)
  const blocks = (step: BlockStep): Promise<BlockWeights> => reader.block(step)
  try {
    const run = { device, precision, pair, trie, packed, blocks, withKeyValues: true, everyRow, signal }
    for await (const event of finiteForward(run, models)) {
      if (event.type === 'keyValues') {
        const parts: CachedTensors[] = []
        elementAt(keyValues, event.layer, 'layer').set(event.node, parts)
        for (const { keys, values } of event.parts)
          parts.push({ keys: await device.outlive(keys), values: await device.outlive(values) })
      }
      if (event.type === 'final') finals.set(event.leaf, event.hidden)
    }
    return { keyValues, finals, dispose }
  } catch (error) {
    dispose()
    throw error
  }
}

/** Selects the states of the prompts' last rows, [final rows, hidden]. */
function lastRowsOf(states: Float32Array, packed: PackedPrompts, { post }: PairWeights): Float32Array {
  const { finalRowSize } = post.spec
  return joinRows(Array.from(finalRows(packed), (row) => rowAt(states, row, finalRowSize)))
}

/** Computes next-token logits for each model. @param statesOf last states of a leaf, [final rows, hidden] */
async function nextTokenLogits(
  { pair, trie, heads }: Pick<PrefillParts, 'pair' | 'trie' | 'heads'>,
  prompts: readonly PromptTokens[],
  rowOf: ArrayLike<number>,
  statesOf: (leaf: number) => Float32Array
): Promise<Map<PromptTokens, Float32Array>[]> {
  const logits: Map<PromptTokens, Float32Array>[] = []
  for (const [model, leaf] of trie.leafOf.entries()) {
    const origin = originOf(trie, model)
    const all = await mapGet(heads, origin, 'head').logits(statesOf(leaf))
    const { vocabularySize } = memberOf(pair, origin).spec
    logits.push(
      new Map(prompts.map((prompt, i) => [prompt, rowAt(all, elementAt(rowOf, i, 'final row'), vocabularySize)]))
    )
  }
  return logits
}

/** Reads blocks in this thread into one shared buffer, for passes that run while little memory is free. */
class SingleBlockReader {
  private readonly decoder: WeightDecoder
  private readonly spec: DecoderSpec
  private memory = new Float32Array()
  /** Resolves when the last block has been released. */
  private before: Promise<void> = Promise.resolve()

  constructor(pair: PairWeights) {
    this.decoder = new WeightDecoder(pair)
    this.spec = pair.post.spec
  }

  /** Reads a block after the block before has been released. */
  async block(step: BlockStep): Promise<BlockWeights> {
    const { before } = this
    const turn = { release: (): void => undefined }
    this.before = new Promise((resolve) => {
      turn.release = resolve
    })
    await before
    try {
      return { ...(await this.read(step)), ...turn }
    } catch (error) {
      turn.release()
      throw error
    }
  }

  private async read(step: BlockStep): Promise<Omit<BlockWeights, 'release'>> {
    const startedMs = performance.now()
    // Stored bytes are not kept between blocks, so bytes that two blocks need are read twice.
    const reads = blockReads(this.spec, { ...step, later: [] })
    const length = reads.reduce((sum, { count }) => sum + count, 0)
    if (this.memory.length < length) this.memory = new Float32Array(length)
    const cost = { bytesRead: 0, convertMs: 0 }
    const arrays: Float32Array[] = []
    let first = 0
    for (const read of reads) {
      const array = this.memory.subarray(first, (first += read.count))
      addCost(cost, await this.decoder.read(read, array))
      arrays.push(array)
    }
    return {
      tensors: blockTensors(this.spec, step, arrays),
      ...cost,
      readMs: performance.now() - startedMs
    }
  }
}
