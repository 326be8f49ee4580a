import type { WeightStorage } from '../../../contract/model/sampling'
import { anyRecurrence, type DecoderSpec, stateSize, widestMlp } from '../../family'
import { quantisedBits } from '../../graphs/layer-builder'
import { PROCESS_BYTES } from '../../base/engine-memory'
import { anySteps, blockRunBytes, layerInputBytes, maskBytes, statesOfRow } from '../forward/run-memory'
import { rowsPerRun } from '../forward/forward'
import type { GroupSize } from '../tries/prompt-trie'
import { countLeaves, type RecipeTrie } from '../tries/recipe-trie'
import { stepSizes } from '../weights/block-weights'
import { DECODER_BYTES } from '../weights/weight-decoder'
import { chainLength } from './resident-chains'
import { largestLayerBytes, READ_ELEMENTS, residentBlockBytes } from './resident-blocks'
import { headSessionBytes, residentHeadBytes, RUN_ROWS } from './resident-head'

/* Estimates of the memory of a generation, from which it is planned. */

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT

/** Bytes that onnxruntime keeps per byte of quantised weights on the CPU, as measured on Linux x64. */
const QUANTISED_RATIO = { layers: 1.5, head: 1.2 }

/** Extra memory while a session opens, as a multiple of its weights: a copy of all, and another of the largest ones. */
const OPENING_SHARE = 1.5

/** The properties of the models that decide how much memory generation takes. */
export interface GeneratedModels {
  readonly spec: DecoderSpec
  readonly trie: RecipeTrie
  readonly modelCount: number
  readonly keepsTensors: boolean
  /** See `maxAliveStates`. */
  readonly maxAliveStates: number
}

/** Bytes of a generation by purpose. `weights` and `process` are in use from beginning to end. */
export interface GenerationMemory {
  readonly process: number
  readonly weights: number
  /** Extra bytes that are needed while a session is opened. */
  readonly opening: number
  /** Keys, values and logits of prompts whose answers are generated. */
  readonly prompts: number
  /** Extra bytes while prompts run: a block in float32, states and activations. */
  readonly prefill: number
  /** Keys and values of running rows at their maximum length. */
  readonly keyValues: number
  /** Maximum share of `keyValues` in use while prompts run. 0 if all prompts run together. */
  readonly earlierKeyValues: number
  /** Activations of one step of all rows, logits included. */
  readonly step: number
}

export function peakOf({ process, weights, opening, ...running }: GenerationMemory): number {
  const { prompts, prefill, earlierKeyValues, keyValues, step } = running
  const generating = prompts + Math.max(prefill + earlierKeyValues, keyValues + step)
  return process + weights + Math.max(opening, generating)
}

export function weightMemory(
  { spec, trie, keepsTensors }: GeneratedModels,
  storage: WeightStorage
): Pick<GenerationMemory, 'process' | 'weights' | 'opening'> {
  const packs = quantisedBits(storage) !== null && !keepsTensors
  const ratio = packs ? QUANTISED_RATIO : { layers: 1, head: 1 }
  const layer = largestLayerBytes(spec, storage)
  const chain = Math.min(spec.layerCount, keepsTensors ? 1 : chainLength(layer)) * layer
  return {
    process: PROCESS_BYTES,
    weights:
      ratio.layers * residentBlockBytes(spec, trie, storage) +
      ratio.head * trie.roots.length * residentHeadBytes(spec, storage),
    opening:
      OPENING_SHARE * Math.max(chain, headSessionBytes(spec, storage)) + DECODER_BYTES + 2 * FLOAT_BYTES * READ_ELEMENTS
  }
}

export function promptMemory(
  { spec, trie, modelCount, keepsTensors, maxAliveStates }: GeneratedModels,
  group: GroupSize,
  keyValueBytes: number
): Pick<GenerationMemory, 'prompts' | 'prefill'> {
  const { finalRowSize, rowSize, kvHeadCount, headSize, valueSize, vocabularySize } = spec
  const largestBlock = Math.max(
    ...anySteps(spec).map((step) => stepSizes(spec, step).reduce((sum, { count }) => sum + count, 0))
  )
  const ofNode = (width: number): number => FLOAT_BYTES * group.rows * width
  return {
    prompts: keyValueBytes + FLOAT_BYTES * modelCount * group.prefixCount * vocabularySize,
    prefill:
      FLOAT_BYTES * largestBlock * (keepsTensors ? 2 : 1) +
      DECODER_BYTES +
      maxAliveStates * ofNode(statesOfRow(spec) * rowSize) +
      Math.max(blockRunBytes(spec, keepsTensors, group, rowsPerRun(spec, false)), layerInputBytes(spec, group.rows)) +
      ofNode(kvHeadCount * (headSize + valueSize)) +
      maskBytes(spec, group) +
      FLOAT_BYTES * group.prefixCount * (countLeaves(trie) * finalRowSize + vocabularySize)
  }
}

/** Returns the bytes of one step. @param capacity positions of each row's cache */
export function stepMemory({ spec }: GeneratedModels, rows: number, capacity: number): number {
  const { rowSize, headCount, kvHeadCount, headSize, valueSize, vocabularySize } = spec
  // Attention scores exist before the mask, after the mask and after softmax. Weights of cached positions exist twice.
  const attention = (4 * headCount + 1) * capacity
  // While a cache grows, one of its layers is in memory twice.
  const grown = kvHeadCount * (headSize + valueSize) * capacity
  // States after a token are outputs of all layers of a session.
  const recurrent = anyRecurrence(spec)
  const states = recurrent === null ? 0 : spec.layerCount * (stateSize(recurrent) + recurrent.channels)
  const activations = rows * (states + grown + Math.max(attention, 3 * widestMlp(spec)) + 6 * rowSize)
  // Logits, and in the drawing graph weights in float32 and sums in float64.
  const drawing = 5 * Math.min(rows, RUN_ROWS) * vocabularySize
  return FLOAT_BYTES * (activations + drawing)
}
