import type { Precision } from '../../../contract/model/device'
import type { PlannedMemory } from '../../../contract/documents/sweep-plan'
import type { Role } from '../../family'
import { weightType } from '../../graphs/block-graph'
import { PROCESS_BYTES } from '../../base/engine-memory'
import { nodesPerRun } from '../forward/nodes-per-run'
import { anySteps, blockRunBytes, layerInputBytes, maskBytes, statesOfRow } from '../forward/run-memory'
import { blockReads, stepSizes } from '../weights/block-weights'
import type { Device } from '../device/device'
import { headSize, sliceRead, sliceTokens } from '../forward/language-head'
import type { GroupSize } from '../tries/prompt-trie'
import { BUFFER_COUNT, requestBytes } from '../weights/read-ahead'
import { memberOf, type PairWeights } from '../weights/pair-weights'
import { baselineBytes } from './baseline-tokens'
import { logitRows } from './next-tokens'
import { countLeaves, type RecipeTrie } from '../tries/recipe-trie'
import { readerBytes } from '../../checkpoint/scaled-weights'
import { DECODER_BYTES } from '../weights/weight-decoder'

/* Estimates of the memory of a sweep. Peaks are planned before a sweep begins, so that no sweep runs out of memory. */

/** The models of a sweep, with the sizes that decide how much memory they take. */
export interface SweptModels {
  readonly pair: PairWeights
  /** The models, of which equal beginnings are nodes that are computed once. Leaves are distinct models. */
  readonly trie: RecipeTrie
  /** The maximum of states in memory at once, by the nodes that a run advances. */
  readonly maxAliveStates: (perRun: number) => number
  /** Number of distinct tokens whose probabilities are requested. */
  readonly trackedTokens: number
  /** True if the whole vocabulary's logits are needed, as samplers need them. */
  readonly allLogits: boolean
  /** Baselines that are computed from logits of post and base. */
  readonly baselineCount: number
  /** Maximum bytes of weights kept for later blocks of the same layer (see `WeightRead.keep`). */
  readonly keptBytes: number
  /** Bytes that readers hold for weights that are stored with scales (see `scaleBytes`). */
  readonly scaleBytes: number
  /** Layers whose blocks are identical in base and post. */
  readonly identicalLayers: readonly number[]
  readonly placement: Placement
}

/** The memory in which a device computes, which decides how much memory a sweep takes. */
export interface Placement extends Pick<Device, 'keepsTensors' | 'copiesTensors' | 'memoryBytes'> {
  readonly precision: Precision
}

export const MAIN_MEMORY: Placement = {
  keepsTensors: false,
  copiesTensors: false,
  memoryBytes: null,
  precision: 'fp32'
}

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT

/** Estimates the peak memory of a pass over one prompt group, device memory included. @param rowBound rows in a run */
export function groupMemory(models: SweptModels, group: GroupSize, rowBound: number): PlannedMemory {
  const { pair, trie, placement } = models
  const { spec } = pair.post
  const size = headSize(placement.copiesTensors)
  const leaves = countLeaves(trie)
  const finalRows = leaves * group.prefixCount
  return {
    process: PROCESS_BYTES,
    weights:
      BUFFER_COUNT * bufferBytes(models) +
      DECODER_BYTES +
      models.scaleBytes +
      models.keptBytes +
      deviceWeightBytes(models),
    states: FLOAT_BYTES * statesOfRow(spec) * aliveStates(models, group, rowBound) * group.rows * spec.rowSize,
    activations: Math.max(
      runBytes(models, group, rowBound) + hostRunBytes(models, group, rowBound),
      layerInputBytes(spec, group.rows)
    ),
    finals:
      FLOAT_BYTES * finalRows * ((2 * statesOfRow(spec) - 1) * spec.finalRowSize + 2) +
      FLOAT_BYTES * logitsOfRow(models) * Math.min(finalRows, logitRows(logitsOfRow(models), size)) +
      (models.baselineCount === 0 ? 0 : baselineBytes(spec.vocabularySize, group.prefixCount)) +
      uploadedFinalBytes(models, group)
  }
}

export function deviceBytes(models: SweptModels, group: GroupSize, rowBound: number): number {
  const { keepsTensors, copiesTensors } = models.placement
  if (!keepsTensors && !copiesTensors) return 0
  const ofRun = deviceWeightBytes(models) + runBytes(models, group, rowBound)
  if (copiesTensors) return ofRun
  return ofRun + groupMemory(models, group, rowBound).states + uploadedFinalBytes(models, group)
}

/** The share of a device's free memory for one run, because sessions keep memory and arenas grow to powers of two. */
const RUN_SHARE = 1 / 4

/** Returns the bytes of the device's own memory that one run may take. */
export const runLimit = ({ placement: { memoryBytes } }: SweptModels): number =>
  memoryBytes === null ? Infinity : RUN_SHARE * memoryBytes

/** Returns the bytes that a run of a block or of the head needs on its device, without weights. */
function runBytes(models: SweptModels, group: GroupSize, rowBound: number): number {
  const { pair, placement } = models
  const { spec } = pair.post
  const ofBlock = blockRunBytes(spec, placement.keepsTensors, group, rowsOfRun(models, group, rowBound))
  return Math.max(ofBlock, headRunBytes(models, group)) + maskBytes(spec, group)
}

/** Returns the main memory of a run on a device that copies tensors: its joined states, and its result twice. */
function hostRunBytes(models: SweptModels, group: GroupSize, rowBound: number): number {
  if (!models.placement.copiesTensors) return 0
  return 3 * FLOAT_BYTES * rowsOfRun(models, group, rowBound) * models.pair.post.spec.rowSize
}

/** Returns the rows that go through a block at once. A large run has at most the nodes of a layer. */
function rowsOfRun({ trie, placement }: SweptModels, group: GroupSize, rowBound: number): number {
  if (!placement.copiesTensors) return rowBound
  const nodes = Math.max(...trie.levels.map((level) => level.nodes.length))
  return group.rows * Math.min(nodes, nodesPerRun(rowBound, group.rows, group.prefixCount).full)
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
 * Returns the bytes of the weights of a block or head slice in the device's own memory. Weights that are cast to
 * float16 there have a copy. Uploading needs two copies of the largest matrix.
 */
function deviceWeightBytes({ pair, placement }: SweptModels): number {
  const { keepsTensors, copiesTensors, precision } = placement
  if (!keepsTensors && !copiesTensors) return 0
  const { spec } = pair.post
  const bytesOf = (role: Role): number => {
    const isFloat16 = weightType(role, precision) === 'float16'
    if (!isFloat16) return FLOAT_BYTES
    return copiesTensors ? (3 / 2) * FLOAT_BYTES : FLOAT_BYTES / 2
  }
  const uploads = anySteps(spec).map((step) =>
    stepSizes(spec, step).map(({ role, count }) => ({ count, bytes: count * bytesOf(role) }))
  )
  const block = Math.max(...uploads.map((tensors) => tensors.reduce((sum, { bytes }) => sum + bytes, 0)))
  const slice = FLOAT_BYTES * sliceTokens(spec, headSize(copiesTensors)) * spec.hiddenSize
  const uploaded = copiesTensors ? 0 : 2 * FLOAT_BYTES * Math.max(...uploads.flat().map(({ count }) => count))
  return Math.max(block, slice) + uploaded
}

/** Returns the bytes of the last states, which the device keeps for the head. */
function uploadedFinalBytes({ pair, trie, placement }: SweptModels, group: GroupSize): number {
  if (!placement.keepsTensors) return 0
  return FLOAT_BYTES * countLeaves(trie) * group.prefixCount * pair.post.spec.finalRowSize
}

/** Counts the nodes' states in memory at once. On a device, one more exists before the parents of a run are freed. */
function aliveStates(models: SweptModels, group: GroupSize, rowBound: number): number {
  const { maxAliveStates, placement } = models
  if (placement.copiesTensors) return maxAliveStates(1) + (2 * rowsOfRun(models, group, rowBound)) / group.rows
  if (placement.keepsTensors) return maxAliveStates(1) + 1
  return maxAliveStates(nodesPerRun(rowBound, group.rows, group.prefixCount).full)
}

function logitsOfRow({ pair, trie, trackedTokens, allLogits }: SweptModels): number {
  if (!allLogits) return trackedTokens
  return Math.max(...trie.roots.map((origin) => memberOf(pair, origin).spec.vocabularySize))
}

export function totalBytes(memory: PlannedMemory): number {
  return Object.values(memory).reduce((sum, bytes) => sum + bytes, 0)
}

/** Returns the size of a buffer that holds any block of any layer and any slice of a head. */
function bufferBytes({ pair, trie, placement }: SweptModels): number {
  const size = headSize(placement.copiesTensors)
  const { spec: post } = pair.post
  const blocks = anySteps(post).map((step) => requestBytes(blockReads(post, step)))
  const slices = trie.roots.map((origin) => {
    const { spec } = memberOf(pair, origin)
    return requestBytes([sliceRead(spec, origin, { first: 0, count: sliceTokens(spec, size) })])
  })
  return Math.max(...blocks, ...slices)
}

/** Returns the bytes of a slice's logits, three times, and of the head's rows of the requested tokens. */
function headRunBytes({ pair, trie, trackedTokens, placement }: SweptModels, group: GroupSize): number {
  const size = headSize(placement.copiesTensors)
  const rows = placement.copiesTensors ? Math.min(size.rows, countLeaves(trie) * group.prefixCount) : size.rows
  const perOrigin = trie.roots.map((origin) => {
    const { spec } = memberOf(pair, origin)
    return (
      rows * (3 * sliceTokens(spec, size) + 2 * spec.finalRowSize - spec.hiddenSize) + trackedTokens * spec.hiddenSize
    )
  })
  return FLOAT_BYTES * Math.max(...perOrigin)
}
