import type { HeldWeights } from '../../../contract/model/sampling'
import { type DecoderSpec, widestMlp } from '../../family'
import { quantisedBits } from '../../graphs/layer-builder'
import { PROCESS_BYTES } from '../../base/engine-memory'
import { anySteps, blockRunBytes, maskBytes, statesOfRow } from '../forward/run-memory'
import { rowsPerRun } from '../forward/forward'
import type { GroupSize } from '../tries/prompt-trie'
import { countLeaves, type RecipeTrie } from '../tries/recipe-trie'
import { stepSizes } from '../weights/block-weights'
import { DECODER_BYTES } from '../weights/weight-decoder'
import { chainLength } from './resident-chains'
import { largestLayerBytes, READ_ELEMENTS, residentBlockBytes } from './resident-blocks'
import { headSessionBytes, residentHeadBytes, RUN_ROWS } from './resident-head'

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT

/**
 * What onnxruntime keeps of quantised weights on the CPU, over the bytes that they are given in: scales a second time and sums of blocks
 * for its own layout, and holes between. Measured on Linux x64: 1.5 for layers of an 8B, 1.14 for its head. Floats are kept as they are.
 */
const KEPT_OF_QUANTISED = { layers: 1.5, head: 1.2 }

/** Of the weights of a session, what opening it takes besides what it keeps: as they were read, and the largest of them once more. */
const OPENING_SHARE = 1.5

/** What is generated, as far as it decides how much memory it takes. */
export interface GeneratedModels {
  readonly spec: DecoderSpec
  readonly trie: RecipeTrie
  readonly modelCount: number
  readonly keepsTensors: boolean
  /** See `maxAliveStates`. */
  readonly maxAliveStates: number
}

/** Bytes of a generation by what they are for; `weights` and `process` are there from the beginning to the end. */
export interface GenerationMemory {
  readonly process: number
  readonly weights: number
  /** Beside the sessions that are open while another is opened. */
  readonly opening: number
  /** Keys, values and logits of prompts, as long as they have rows. */
  readonly prompts: number
  /** Beside them while prompts run: a block in float32, states and activations. */
  readonly prefill: number
  /** Of running rows at their longest. */
  readonly keyValues: number
  /** What of that is there while prompts run: rows of other prompts have left it; nothing where all prompts run together. */
  readonly earlierKeyValues: number
  /** Beside them in a step: activations, and logits of the whole vocabulary. */
  readonly step: number
}

/** The most that is there at the same time. */
export function peakOf({ process, weights, opening, ...rest }: GenerationMemory): number {
  const { prompts, prefill, earlierKeyValues, keyValues, step } = rest
  const generating = prompts + Math.max(prefill + earlierKeyValues, keyValues + step)
  return process + weights + Math.max(opening, generating)
}

/** Weights as the process holds them. */
export function weightMemory(
  { spec, trie, keepsTensors }: GeneratedModels,
  weights: HeldWeights
): Pick<GenerationMemory, 'process' | 'weights' | 'opening'> {
  const packs = quantisedBits(weights) !== null && !keepsTensors
  const kept = packs ? KEPT_OF_QUANTISED : { layers: 1, head: 1 }
  const layer = largestLayerBytes(spec, weights)
  const chain = Math.min(spec.layerCount, keepsTensors ? 1 : chainLength(layer)) * layer
  return {
    process: PROCESS_BYTES,
    weights:
      kept.layers * residentBlockBytes(spec, trie, weights) +
      kept.head * trie.roots.length * residentHeadBytes(spec, weights),
    opening:
      OPENING_SHARE * Math.max(chain, headSessionBytes(spec, weights)) +
      DECODER_BYTES +
      2 * FLOAT_BYTES * READ_ELEMENTS
  }
}

/** What prompts take that run together. @param keyValueBytes of one packed row, all layers of all models */
export function promptMemory(
  { spec, trie, modelCount, keepsTensors, maxAliveStates }: GeneratedModels,
  group: GroupSize,
  keyValueBytes: number
): Pick<GenerationMemory, 'prompts' | 'prefill'> {
  const { hiddenSize, kvHeadCount, headSize, vocabularySize } = spec
  const largestBlock = Math.max(
    ...anySteps(spec).map((step) => stepSizes(spec, step).reduce((sum, { count }) => sum + count, 0))
  )
  const ofNode = (width: number): number => FLOAT_BYTES * group.rows * width
  return {
    prompts: group.rows * keyValueBytes + FLOAT_BYTES * modelCount * group.places * vocabularySize,
    prefill:
      FLOAT_BYTES * largestBlock * (keepsTensors ? 2 : 1) +
      DECODER_BYTES +
      maxAliveStates * ofNode(statesOfRow(spec) * hiddenSize) +
      blockRunBytes(spec, keepsTensors, group, rowsPerRun(spec)) +
      ofNode(2 * kvHeadCount * headSize) +
      maskBytes(spec, group) +
      FLOAT_BYTES * group.places * (countLeaves(trie) * hiddenSize + vocabularySize)
  }
}

/**
 * One step of some rows at once.
 *
 * @param rows of all models
 * @param capacity places of each row's cache
 */
export function stepMemory({ spec }: GeneratedModels, rows: number, capacity: number): number {
  const { hiddenSize, headCount, kvHeadCount, headSize, vocabularySize } = spec
  // Scores before, with and after the mask, and the weights of the past by themselves.
  const attention = (4 * headCount + 1) * capacity
  // A cache that grows is there twice, one layer of it.
  const grown = 2 * kvHeadCount * headSize * capacity
  const activations = rows * (grown + Math.max(attention, 3 * widestMlp(spec)) + 6 * hiddenSize)
  // Logits, and in the graph that draws from them weights in float32 and sums in float64.
  const drawing = 5 * Math.min(rows, RUN_ROWS) * vocabularySize
  return FLOAT_BYTES * (activations + drawing)
}
