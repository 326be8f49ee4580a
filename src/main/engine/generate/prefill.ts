import type * as ort from 'onnxruntime-node'
import type { Precision } from '../../../contract/model/device'
import type { SinglesRequest } from './drawn-models'
import type { Device } from '../device/device'
import { finiteForward } from '../forward/non-finite'
import { memberOf, type PairWeights } from '../weights/pair-weights'
import { finalRowOfPrompts, packPrompts } from '../tries/prompt-trie'
import { type Origin, originOf, type RecipeTrie } from '../tries/recipe-trie'
import type { ResidentHead } from './resident-head'
import type { BlockStep, BlockWeights } from '../weights/block-weights'
import { SingleBlockReader } from '../weights/single-block-reader'
import { rowAt } from '../rows/rows'
import { elementAt, mapGet } from '../../../contract/model/look-up'

export interface PrefillParts {
  readonly request: SinglesRequest
  readonly device: Device
  readonly precision: Precision
  readonly pair: PairWeights
  readonly trie: RecipeTrie
  readonly heads: ReadonlyMap<Origin, ResidentHead>
}

/**
 * Keys and values of all packed rows, [1, rows, kvHeads x headSize] each, on the computing device. Keys are rotated.
 */
interface PackedKeyValues {
  readonly keys: ort.Tensor
  readonly values: ort.Tensor
}

/** The results of a pass over a group of prompts, from which generation continues. */
export interface Prefilled {
  /** The packed rows of each prompt's tokens, in order. */
  readonly paths: ReadonlyMap<number, Int32Array>
  /** Keys and values by layer and node of the trie's level. */
  readonly keyValues: readonly ReadonlyMap<number, PackedKeyValues>[]
  /** Next-token logits by prompt, for each model. */
  readonly logits: readonly ReadonlyMap<number, Float32Array>[]
  /** Frees the keys and values. */
  dispose(): void
}

/**
 * Runs one pass over some prompts for all models, and returns their keys and values and the logits of their next
 * tokens.
 *
 * @param prompts indices into the request's prompts.
 * @returns the results, to be disposed of when no answer to these prompts is being generated.
 * @throws WorkbenchError `cancelled` when `signal` fires, or as `finiteForward`.
 */
export async function prefill(
  parts: PrefillParts,
  prompts: readonly number[],
  signal?: AbortSignal
): Promise<Prefilled> {
  const { request, device, precision, pair, trie } = parts
  const packed = packPrompts(prompts.map((prompt) => elementAt(request.prompts, prompt, 'prompt')))
  const keyValues = trie.levels.map(() => new Map<number, PackedKeyValues>())
  const dispose = (): void => {
    for (const { keys, values } of keyValues.flatMap((ofLayer) => [...ofLayer.values()])) {
      keys.dispose()
      values.dispose()
    }
  }
  try {
    const finals = new Map<number, Float32Array>()
    const reader = new SingleBlockReader(pair)
    const blocks = (step: BlockStep): Promise<BlockWeights> => reader.block(step)
    const run = { device, precision, pair, trie, packed, blocks, withKeyValues: true, signal }
    for await (const event of finiteForward(run, request.models)) {
      if (event.type === 'keyValues') {
        const keys = await device.outlive(event.keys)
        keyValues[event.layer]?.set(event.node, { keys, values: await device.outlive(event.values) })
      }
      if (event.type === 'final') finals.set(event.leaf, event.hidden)
    }
    return {
      paths: new Map(prompts.map((prompt, i) => [prompt, elementAt(packed.paths, i, 'path')])),
      keyValues,
      logits: await nextTokenLogits(parts, prompts, finalRowOfPrompts(packed), finals),
      dispose
    }
  } catch (error) {
    dispose()
    throw error
  }
}

/**
 * Computes the next-token logits of prompts, for each model.
 *
 * @param rowOf row of each prompt among the final rows
 * @param finals states after the last layer, [final rows, hidden], by leaf
 */
async function nextTokenLogits(
  { pair, trie, heads }: PrefillParts,
  prompts: readonly number[],
  rowOf: ArrayLike<number>,
  finals: ReadonlyMap<number, Float32Array>
): Promise<Prefilled['logits']> {
  const logits: Map<number, Float32Array>[] = []
  for (const [model, leaf] of trie.leafOf.entries()) {
    const origin = originOf(trie, model)
    const all = await mapGet(heads, origin, 'head').logits(mapGet(finals, leaf, 'leaf'))
    const { vocabularySize } = memberOf(pair, origin).spec
    logits.push(
      new Map(
        prompts.map((prompt, i) => [prompt, rowAt(all, elementAt(rowOf, i, 'final row'), vocabularySize)])
      )
    )
  }
  return logits
}
