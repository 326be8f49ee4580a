import { type DecoderSpec, hasExperts, layerKinds, widestMlp } from '../../family'
import { KEY_COST, SEGMENT_SCORES } from '../tries/attention-layout'
import type { GroupSize } from '../tries/prompt-trie'
import type { BlockStep } from '../weights/block-weights'
import { nodesPerRun } from './forward'
import { at } from '../../../contract/model/look-up'

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT

/** What is read and computed with at once, of each kind: what every row of a layer goes through, and an expert. */
export function anySteps(spec: DecoderSpec): BlockStep[] {
  const source = { kind: 'recipe', attention: 0, mlp: 0 } as const
  return layerKinds(spec).flatMap((layer) => {
    const experts = at(spec.layers, layer, 'layer').experts === null ? [null] : [null, 0]
    return experts.map((expert) => ({ layer, expert, source, later: [] }))
  })
}

/** What is held of a row between layers; with experts also what they are given of it. */
export function statesOfRow(spec: DecoderSpec): number {
  return hasExperts(spec) ? 2 : 1
}

/**
 * One run of a block: what goes in and comes out, and the widest point in between, the MLP or attention.
 *
 * @param keepsTensors whether the device keeps them
 * @param rowBound rows to push through a block at once, see `rowsPerRun`
 */
export function blockRunBytes(
  spec: DecoderSpec,
  keepsTensors: boolean,
  group: GroupSize,
  rowBound: number
): number {
  // States that stay on the device go through a block one by one; not where their experts are chosen here.
  const stay = keepsTensors && !hasExperts(spec)
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
  const scores = Math.min(
    (queries + nodes * joinedQueries(group)) * longest,
    nodes * Math.max(SEGMENT_SCORES, longest)
  )
  // gate, up and their product, beside the residual, the norm's output and the projection down.
  const mlp = rowsOut * (3 * widestMlp(spec) + 3 * hiddenSize)
  // Rows before and after RoPE, then gathered and transposed by path; scores before, with and after the mask.
  const scored =
    rowsIn * (hiddenSize + 3 * kvSize) +
    rowsOut * (hiddenSize + 2 * qSize) +
    paths * 4 * longest * kvSize +
    queries * 2 * qSize +
    scores * 3 * headCount
  // The result leaves onnxruntime as a copy.
  return FLOAT_BYTES * (rowsIn * hiddenSize + 2 * rowsOut * hiddenSize + Math.max(mlp, scored))
}

/** One mask for each width of attention window, for all layers but the last and for the last. */
export function maskBytes({ layers }: DecoderSpec, group: GroupSize): number {
  const windows = new Set(layers.map((layer) => layer.window)).size
  const queries = queriesOf(group) + finalQueriesOf(group)
  return FLOAT_BYTES * windows * group.longest * (queries + 2 * joinedQueries(group))
}
