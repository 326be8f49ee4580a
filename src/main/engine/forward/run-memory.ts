import {
  anyExperts,
  anyRecurrence,
  type DecoderSpec,
  hasExperts,
  layerKinds,
  outputSize,
  stateSize,
  widestMlp
} from '../../family'
import { KEY_COST, SEGMENT_SCORES } from '../tries/attention-layout'
import { CHUNK_ROWS } from '../tries/recurrent-layout'
import type { GroupSize } from '../tries/prompt-trie'
import type { BlockStep } from '../weights/block-weights'
import { nodesPerRun } from './nodes-per-run'
import { elementAt } from '../../../contract/model/look-up'

/* Memory of one run of a block for a group of prompts, which limits how many prompts and models run at once. */

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT

/** Returns one step of each kind: the part of a layer that every row goes through, and one expert. */
export function anySteps(spec: DecoderSpec): BlockStep[] {
  const source = { kind: 'recipe', attention: 0, mlp: 0 } as const
  return layerKinds(spec).flatMap((layer) => {
    const experts = elementAt(spec.layers, layer, 'layer').experts === null ? [null] : [null, 0]
    return experts.map((expert) => ({ layer, expert, source, later: [] }))
  })
}

/** Returns how many vectors a row has between layers: its state, and in layers with experts their input and ending. */
export function statesOfRow(spec: DecoderSpec): number {
  if (!hasExperts(spec)) return 1
  return anyExperts(spec)?.besideMlp === true ? 4 : 2
}

/** Returns the bytes of one run of a block: its input and output, and the MLP or attention in between. */
export function blockRunBytes(spec: DecoderSpec, keepsTensors: boolean, group: GroupSize, rowBound: number): number {
  // States that stay on the device go through a block one by one. With experts they do not stay, because experts are
  // chosen on the host.
  const stay = keepsTensors && !hasExperts(spec)
  const nodes = stay ? { full: 1, last: 1 } : nodesPerRun(rowBound, group.rows, group.prefixCount)
  const inAllLayers = runBytes(spec, group, nodes.full, group.rows, {
    paths: group.leaves,
    queries: queriesOf(group)
  })
  const inTheLast = runBytes(spec, group, nodes.last, group.prefixCount, {
    paths: group.leaves,
    queries: finalQueriesOf(group)
  })
  return Math.max(inAllLayers, inTheLast)
}

/** Returns the maximum queries of a node's paths: each whole prompt, and the tokens after it for each further leaf. */
function queriesOf({ prompts, leaves, longest, furthest }: GroupSize): number {
  return Math.min(prompts, leaves) * longest + Math.max(0, leaves - prompts) * furthest
}

/** Returns the maximum number of queries in the last layer, where only the ends of prompts are queries. */
function finalQueriesOf({ prompts, leaves, furthest }: GroupSize): number {
  return Math.min(prompts, leaves) * (furthest + 1) + Math.max(0, leaves - prompts) * Math.max(1, furthest)
}

/** Returns the maximum extra queries of joined paths, compared with separate ones. */
function joinedQueries({ prompts, leaves }: GroupSize): number {
  return KEY_COST * Math.max(0, leaves - prompts)
}

/**
 * Returns the bytes of a run.
 * @param outputRows output rows of a node. @param attention a node's paths, which are sequences, and all their queries
 */
function runBytes(
  spec: DecoderSpec,
  group: GroupSize,
  nodes: number,
  outputRows: number,
  attention: { paths: number; queries: number }
): number {
  const { rows, longest } = group
  const { hiddenSize, rowSize, headCount, kvHeadCount, headSize, valueSize } = spec
  // Values of latent attention are smaller, but its keys and values are split and joined once more.
  const qSize = headCount * Math.max(headSize, valueSize)
  const kvSize = (spec.latent === null ? 1 : 2) * kvHeadCount * Math.max(headSize, valueSize)
  const rowsIn = nodes * rows
  const rowsOut = nodes * outputRows
  const paths = nodes * attention.paths
  const queries = nodes * attention.queries
  const scores = Math.min((queries + nodes * joinedQueries(group)) * longest, nodes * Math.max(SEGMENT_SCORES, longest))
  // Gate, up and their product, beside the residual, the norm's output and the down projection.
  const mlp = rowsOut * (3 * widestMlp(spec) + 3 * hiddenSize)
  // Rows before and after RoPE, then gathered and transposed by path. Scores before, with and after the mask.
  const scored =
    rowsIn * (hiddenSize + 3 * kvSize) +
    rowsOut * (hiddenSize + 2 * qSize) +
    paths * 4 * longest * kvSize +
    queries * 2 * qSize +
    scores * 3 * headCount
  const recurrent = recurrentSize(spec, rowsIn, paths)
  const half = spec.layers.some((layer) => layer.attends && layer.recurrent !== null)
    ? scored + recurrent
    : Math.max(scored, recurrent)
  // Carried parts of a row are split off before the layer, and joined again after it.
  const carriedSize = (rowsIn + rowsOut) * (rowSize - hiddenSize + streamCopies(spec))
  // The result leaves onnxruntime as a copy.
  return FLOAT_BYTES * (rowsIn * rowSize + 2 * rowsOut * rowSize + carriedSize + Math.max(mlp, half))
}

/**
 * Returns the bytes before the first block runs: projections, and three times the results. The inputs of all layers
 * and then further hidden states are computed at that time.
 */
export function layerInputBytes(
  { layerCount, hiddenSize, finalRowSize, carried, streams }: DecoderSpec,
  rows: number
): number {
  const ofStreams = streams === null ? 0 : (streams.count - 1) * hiddenSize ** 2 + 3 * rows * finalRowSize
  return FLOAT_BYTES * (layerCount * carried.inputSize * (hiddenSize + 3 * rows) + ofStreams)
}

/** Returns the numbers of a row's hidden states in copies that a layer makes: mixed, predicted, changed and joined. */
function streamCopies({ streams, finalRowSize }: DecoderSpec): number {
  return streams === null ? 0 : 4 * finalRowSize
}

/** Matrices of a chunk of a recurrent layer with a number for each pair of its rows, in memory at a time. */
const CHUNK_MATRICES = 6

/** Returns the numbers of a recurrent layer's run beside its input and output; 0 without such layers. */
function recurrentSize(spec: DecoderSpec, rows: number, paths: number): number {
  const recurrent = anyRecurrence(spec)
  if (recurrent === null) return 0
  // Chunks are filled up to powers of two, and the added rows are computed too.
  const chunkRows = 2 * rows
  const size = outputSize(recurrent)
  const inChunks = recurrent.state === null ? 0 : CHUNK_MATRICES * CHUNK_ROWS * recurrent.state.valueHeads + 5 * size
  return (
    rows * (spec.hiddenSize + 5 * recurrent.channels + 3 * size) +
    chunkRows * inChunks +
    // States before and after the chunks of a level, their changes, and states that are kept until their prompts' end.
    5 * paths * stateSize(recurrent)
  )
}

/** Returns the bytes of the masks: one for each width of attention window, for the last layer and for the others. */
export function maskBytes({ layers }: DecoderSpec, group: GroupSize): number {
  const windows = new Set(layers.map((layer) => layer.window)).size
  const queries = queriesOf(group) + finalQueriesOf(group)
  return FLOAT_BYTES * windows * group.longest * (queries + 2 * joinedQueries(group))
}
