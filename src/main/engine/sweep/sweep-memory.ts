import type { Precision } from '../../../contract/model/device'
import type { PlannedMemory } from '../../../contract/documents/sweep-plan'
import { type DecoderSpec, hasExperts, layerKinds, type Role, widestMlp } from '../../family'
import { weightType } from '../../graphs/block-graph'
import { blockReads, type BlockStep, stepSizes } from '../weights/block-weights'
import { nodesPerRun } from '../forward/forward'
import { KEY_COST } from '../tries/attention-layout'
import { HEAD_ROWS, sliceRead, sliceTokens } from '../forward/language-head'
import type { GroupSize } from '../tries/prompt-trie'
import { BUFFER_COUNT, requestBytes } from '../weights/read-ahead'
import { memberOf, type PairWeights } from '../weights/pair-weights'
import { logitRows } from './next-tokens'
import { countLeaves, type RecipeTrie } from '../tries/recipe-trie'
import { type TriePart, wholeTrie } from '../tries/trie-parts'
import { heldBytes } from '../../checkpoint/scaled-weights'
import { DECODER_BYTES } from '../weights/weight-decoder'
import { at, got } from '../../../contract/model/look-up'

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

/** Node, onnxruntime, this program and its small objects: measured on Linux x64 with one thread per core. */
const PROCESS_BYTES = 150 * 2 ** 20

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT

/**
 * Peak memory of one prompt group's pass, a device's own memory included: that of most is main memory, and WebGPU does not
 * tell. What a driver takes for itself is not known and not counted.
 *
 * @param rowBound rows to push through a block at once, see `rowsPerRun`
 */
export function groupMemory(models: SweptModels, group: GroupSize, rowBound: number): PlannedMemory {
  const { pair, trie } = models
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
      Math.max(blockRunBytes(models, group, rowBound), headRunBytes(models)) + maskBytes(spec, group),
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

/** What is read and computed with at once, of each kind: what every row of a layer goes through, and an expert. */
function anySteps(spec: DecoderSpec): BlockStep[] {
  const source = { kind: 'recipe', attention: 0, mlp: 0 } as const
  return layerKinds(spec).flatMap((layer) => {
    const experts = at(spec.layers, layer, 'layer').experts === null ? [null] : [null, 0]
    return experts.map((expert) => ({ layer, expert, source, later: [] }))
  })
}

/** What is held of a row between layers; with experts also what they are given of it. */
function statesOfRow(spec: DecoderSpec): number {
  return hasExperts(spec) ? 2 : 1
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

/**
 * Most hidden states alive at once: a parent lives until its last child is computed, and the last level's nodes are
 * states of some rows only (`finals`).
 */
export function mostStates(trie: RecipeTrie, parts: readonly TriePart[] = [wholeTrie(trie)]): number {
  const { roots, levels } = trie
  const uses = levels.map((_, level) => {
    const of = new Map<number, number>()
    for (const part of parts)
      for (const { parent } of at(part.levels, level, 'level')) of.set(parent, (of.get(parent) ?? 0) + 1)
    return of
  })
  let alive = roots.length
  let most = alive
  for (const part of parts) {
    for (const [level, nodes] of part.levels.entries()) {
      const ofLevel = at(uses, level, 'level')
      for (const { parent } of nodes) {
        const left = got(ofLevel, parent, 'parent') - 1
        ofLevel.set(parent, left)
        if (left === 0) alive--
        if (level < levels.length - 1) most = Math.max(most, ++alive)
      }
    }
  }
  return most
}

/** One run of a block: what goes in and comes out, and the widest point in between, the MLP or attention. */
function blockRunBytes({ pair, uploadedIn }: SweptModels, group: GroupSize, rowBound: number): number {
  const { spec } = pair.post
  // States that stay on the device go through a block one by one; not where their experts are chosen here.
  const stay = uploadedIn !== null && !hasExperts(spec)
  const nodes = stay ? { full: 1, last: 1 } : nodesPerRun(rowBound, group.rows, group.places)
  const inAllLayers = runBytes(spec, group, nodes.full, group.rows, {
    paths: group.leaves,
    queries: queriesOf(group)
  })
  const inTheLast = runBytes(spec, group, nodes.last, group.places, {
    paths: group.leaves,
    queries: finalQueriesOf(group)
  })
  return Math.max(inAllLayers, inTheLast)
}

/** Queries of the paths of a node, at most: of each prompt whole, and of each other leaf what comes behind a prompt. */
function queriesOf({ prompts, leaves, longest, furthest }: GroupSize): number {
  return Math.min(prompts, leaves) * longest + Math.max(0, leaves - prompts) * furthest
}

/** The same of the last layer, where a prompt is asked about from its own end on. */
function finalQueriesOf({ prompts, leaves, furthest }: GroupSize): number {
  return Math.min(prompts, leaves) * (furthest + 1) + Math.max(0, leaves - prompts) * Math.max(1, furthest)
}

/**
 * Queries that joined paths may score beyond those of the paths by themselves: what gathering their keys would have cost. Whole prompts
 * are joined only where they share so much that the queries counted for each are more than that.
 */
function joinedQueries({ prompts, leaves }: GroupSize): number {
  return KEY_COST * Math.max(0, leaves - prompts)
}

/**
 * @param outputRows rows of a node that come out
 * @param attention paths of a node, and the queries of all of them
 */
function runBytes(
  spec: DecoderSpec,
  group: GroupSize,
  nodes: number,
  outputRows: number,
  attention: { paths: number; queries: number }
): number {
  const { rows, longest } = group
  const { hiddenSize, headCount, kvHeadCount, headSize } = spec
  const qSize = headCount * headSize
  const kvSize = kvHeadCount * headSize
  const rowsIn = nodes * rows
  const rowsOut = nodes * outputRows
  const paths = nodes * attention.paths
  const queries = nodes * attention.queries
  // gate, up and their product, beside the residual, the norm's output and the projection down.
  const mlp = rowsOut * (3 * widestMlp(spec) + 3 * hiddenSize)
  // Rows before and after RoPE, then gathered and transposed by path; scores before, with and after the mask.
  const scored =
    rowsIn * (hiddenSize + 3 * kvSize) +
    rowsOut * (hiddenSize + 2 * qSize) +
    paths * 4 * longest * kvSize +
    queries * 2 * qSize +
    (queries + nodes * joinedQueries(group)) * 3 * headCount * longest
  // The result leaves onnxruntime as a copy.
  return FLOAT_BYTES * (rowsIn * hiddenSize + 2 * rowsOut * hiddenSize + Math.max(mlp, scored))
}

/** A slice's logits, shifted and as exponentials; and the head's rows of the wanted tokens. */
function headRunBytes({ pair, trie, trackedTokens }: SweptModels): number {
  const perOrigin = trie.roots.map((origin) => {
    const { spec } = memberOf(pair, origin)
    return HEAD_ROWS * (3 * sliceTokens(spec) + spec.hiddenSize) + trackedTokens * spec.hiddenSize
  })
  return FLOAT_BYTES * Math.max(...perOrigin)
}

/** One mask for each width of attention window, for all layers but the last and for the last. */
function maskBytes({ layers }: DecoderSpec, group: GroupSize): number {
  const windows = new Set(layers.map((layer) => layer.window)).size
  const queries = queriesOf(group) + finalQueriesOf(group)
  return FLOAT_BYTES * windows * group.longest * (queries + 2 * joinedQueries(group))
}
