import type { Precision } from '../../../contract/model/device'
import type { PlannedMemory } from '../../../contract/documents/sweep-plan'
import type { Role } from '../../family'
import { weightType } from '../../graphs/block-graph'
import { PROCESS_BYTES } from '../../base/engine-memory'
import { anySteps, blockRunBytes, maskBytes, statesOfRow } from '../forward/run-memory'
import { blockReads, stepSizes } from '../weights/block-weights'
import { HEAD_ROWS, sliceRead, sliceTokens } from '../forward/language-head'
import type { GroupSize } from '../tries/prompt-trie'
import { BUFFER_COUNT, requestBytes } from '../weights/read-ahead'
import { memberOf, type PairWeights } from '../weights/pair-weights'
import { logitRows } from './next-tokens'
import { countLeaves, type RecipeTrie } from '../tries/recipe-trie'
import { readerBytes } from '../../checkpoint/scaled-weights'
import { DECODER_BYTES } from '../weights/weight-decoder'

export interface SweptModels {
  readonly pair: PairWeights
  readonly trie: RecipeTrie
  readonly maxAliveStates: number
  readonly trackedTokens: number
  /** True if the whole vocabulary's logits are needed, as samplers need them. */
  readonly allLogits: boolean
  /** Maximum bytes of weights kept for later blocks of the same layer (see `WeightRead.keep`). */
  readonly keptBytes: number
  readonly scaleBytes: number
  /** Layers whose blocks are identical in base and post. */
  readonly identicalLayers: readonly number[]
  /** The precision of uploaded weights, if the device keeps tensors. Null if all weights are in main memory. */
  readonly uploadedIn: Precision | null
}

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT

/**
 * Estimates the peak memory of a pass over one prompt group, device memory included. Memory that a driver takes for
 * itself is unknown.
 */
export function groupMemory(models: SweptModels, group: GroupSize, rowBound: number): PlannedMemory {
  const { pair, trie, uploadedIn } = models
  const { spec } = pair.post
  const leaves = countLeaves(trie)
  const finalRows = leaves * group.places
  return {
    process: PROCESS_BYTES,
    weights:
      BUFFER_COUNT * bufferBytes(models) +
      DECODER_BYTES +
      models.scaleBytes +
      models.keptBytes +
      uploadedWeightBytes(models),
    states: FLOAT_BYTES * statesOfRow(spec) * aliveStates(models) * group.rows * spec.hiddenSize,
    activations:
      Math.max(blockRunBytes(spec, uploadedIn !== null, group, rowBound), headRunBytes(models)) +
      maskBytes(spec, group),
    finals:
      FLOAT_BYTES * finalRows * ((2 * statesOfRow(spec) - 1) * spec.hiddenSize + 2) +
      FLOAT_BYTES * logitsOfRow(models) * Math.min(finalRows, logitRows(logitsOfRow(models))) +
      uploadedFinalBytes(models, group)
  }
}

export function deviceBytes(models: SweptModels, group: GroupSize, rowBound: number): number {
  if (models.uploadedIn === null) return 0
  const { states, activations } = groupMemory(models, group, rowBound)
  return uploadedWeightBytes(models) + states + activations + uploadedFinalBytes(models, group)
}

/** Returns the bytes that readers hold for one weight of each checkpoint that is stored with scales. */
export function scaleBytes(pair: PairWeights): number {
  const members = [pair.base, pair.post, ...pair.others.values()]
  return members.reduce(
    (sum, { checkpoint }) => sum + Math.max(0, ...Array.from(checkpoint.tensors.values(), readerBytes)),
    0
  )
}

/**
 * Returns the bytes of a block or a head slice as products take it, with the largest matrix twice more for its upload.
 */
function uploadedWeightBytes({ pair, uploadedIn }: SweptModels): number {
  if (uploadedIn === null) return 0
  const { spec } = pair.post
  const bytesOf = (role: Role): number =>
    weightType(role, uploadedIn) === 'float16' ? FLOAT_BYTES / 2 : FLOAT_BYTES
  const uploads = anySteps(spec).map((step) =>
    stepSizes(spec, step).map(({ role, count }) => ({ count, bytes: count * bytesOf(role) }))
  )
  const block = Math.max(...uploads.map((tensors) => tensors.reduce((sum, { bytes }) => sum + bytes, 0)))
  const slice = FLOAT_BYTES * sliceTokens(spec) * spec.hiddenSize
  return Math.max(block, slice) + 2 * FLOAT_BYTES * Math.max(...uploads.flat().map(({ count }) => count))
}

/** Returns the bytes of the last states, which the device keeps for the head. */
function uploadedFinalBytes({ pair, trie, uploadedIn }: SweptModels, group: GroupSize): number {
  if (uploadedIn === null) return 0
  return FLOAT_BYTES * countLeaves(trie) * group.places * pair.post.spec.hiddenSize
}

/** Returns the states alive at once. On a device one more exists before the run's parents are freed. */
function aliveStates({ maxAliveStates, uploadedIn }: SweptModels): number {
  return maxAliveStates + (uploadedIn === null ? 0 : 1)
}

function logitsOfRow({ pair, trie, trackedTokens, allLogits }: SweptModels): number {
  if (!allLogits) return trackedTokens
  return Math.max(...trie.roots.map((origin) => memberOf(pair, origin).spec.vocabularySize))
}

export function totalBytes(memory: PlannedMemory): number {
  return Object.values(memory).reduce((sum, bytes) => sum + bytes, 0)
}

/** Returns the size of a buffer that holds any block of any layer and any slice of a head. */
function bufferBytes({ pair, trie }: SweptModels): number {
  const { spec: post } = pair.post
  const blocks = anySteps(post).map((step) => requestBytes(blockReads(post, step)))
  const slices = trie.roots.map((origin) => {
    const { spec } = memberOf(pair, origin)
    return requestBytes([sliceRead(spec, origin, { first: 0, count: sliceTokens(spec) })])
  })
  return Math.max(...blocks, ...slices)
}

/** Returns the bytes of a slice's logits, three times, and of the head's rows of the requested tokens. */
function headRunBytes({ pair, trie, trackedTokens }: SweptModels): number {
  const perOrigin = trie.roots.map((origin) => {
    const { spec } = memberOf(pair, origin)
    return HEAD_ROWS * (3 * sliceTokens(spec) + spec.hiddenSize) + trackedTokens * spec.hiddenSize
  })
  return FLOAT_BYTES * Math.max(...perOrigin)
}
