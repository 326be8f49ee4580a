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
import { heldBytes } from '../../checkpoint/scaled-weights'
import { DECODER_BYTES } from '../weights/weight-decoder'

/** Models of a sweep, so far as they decide how much memory it takes. */
export interface SweptModels {
  readonly pair: PairWeights
  readonly trie: RecipeTrie
  /** Of the trie, see `mostStates`: the walk through all of it is made once for the many groups that a plan tries. */
  readonly mostStates: number
  /** Distinct tokens whose probabilities are wanted. */
  readonly trackedTokens: number
  /** Whether the whole vocabulary's logits are wanted, as samplers do. */
  readonly allLogits: boolean
  /** Most bytes of weights that are kept for later blocks of the same layer, see `WeightRead.keep`. */
  readonly keptBytes: number
  /** See `scaleBytes`. */
  readonly scaleBytes: number
  /** Layers of which base's and post's are one block. */
  readonly identicalLayers: readonly number[]
  /** What weights are uploaded in where the device keeps tensors; null where everything lies in main memory. */
  readonly uploadedIn: Precision | null
}

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT

/**
 * Peak memory of one prompt group's pass, a device's own memory included: that of most is main memory, and WebGPU does not
 * tell. What a driver takes for itself is not known and not counted.
 *
 * @param rowBound rows to push through a block at once, see `rowsPerRun`
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

/** What of a group's memory lies in the device's own. */
export function deviceBytes(models: SweptModels, group: GroupSize, rowBound: number): number {
  if (models.uploadedIn === null) return 0
  const { states, activations } = groupMemory(models, group, rowBound)
  return uploadedWeightBytes(models) + states + activations + uploadedFinalBytes(models, group)
}

/** What readers hold of one weight of each checkpoint that is stored with scales. */
export function scaleBytes(pair: PairWeights): number {
  const members = [pair.base, pair.post, ...pair.others.values()]
  return members.reduce(
    (sum, { checkpoint }) => sum + Math.max(0, ...Array.from(checkpoint.tensors.values(), heldBytes)),
    0
  )
}

/** A block as its products take it, or a slice of a head; and the largest matrix on its way there, before and after its copy. */
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

/** Last states go through the head from there. */
function uploadedFinalBytes({ pair, trie, uploadedIn }: SweptModels, group: GroupSize): number {
  if (uploadedIn === null) return 0
  return FLOAT_BYTES * countLeaves(trie) * group.places * pair.post.spec.hiddenSize
}

/** A state on a device is a run's own output: there is one more of them before the run's parents are freed. */
function aliveStates({ mostStates, uploadedIn }: SweptModels): number {
  return mostStates + (uploadedIn === null ? 0 : 1)
}

function logitsOfRow({ pair, trie, trackedTokens, allLogits }: SweptModels): number {
  if (!allLogits) return trackedTokens
  return Math.max(...trie.roots.map((origin) => memberOf(pair, origin).spec.vocabularySize))
}

export function totalBytes(memory: PlannedMemory): number {
  return Object.values(memory).reduce((sum, bytes) => sum + bytes, 0)
}

/** A buffer for any block of any layer and any slice of a head. */
function bufferBytes({ pair, trie }: SweptModels): number {
  const { spec: post } = pair.post
  const blocks = anySteps(post).map((step) => requestBytes(blockReads(post, step)))
  const slices = trie.roots.map((origin) => {
    const { spec } = memberOf(pair, origin)
    return requestBytes([sliceRead(spec, origin, { first: 0, count: sliceTokens(spec) })])
  })
  return Math.max(...blocks, ...slices)
}

/** A slice's logits, shifted and as exponentials; and the head's rows of the wanted tokens. */
function headRunBytes({ pair, trie, trackedTokens }: SweptModels): number {
  const perOrigin = trie.roots.map((origin) => {
    const { spec } = memberOf(pair, origin)
    return HEAD_ROWS * (3 * sliceTokens(spec) + spec.hiddenSize) + trackedTokens * spec.hiddenSize
  })
  return FLOAT_BYTES * Math.max(...perOrigin)
}
