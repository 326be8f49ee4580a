import type { Precision } from '../../contract/model/device'
import type { DecoderSpec } from '../family/decoder-spec'
import { LayerBuilder, ROTARY_INPUTS, rotaryInputs, softCap } from './layer-builder'
import { OnnxGraph } from './onnx-model'
import { cachedParts, specOfLayer } from '../family/expert-layers'
import { hasSelectionScores, type Experts } from '../family/experts'
import { type CarriedRow, finishLayer, rowAfter, splitRow } from './carried-row'
import { ENDING_GAINS, ENDING_ROWS, expertRows } from './expert-rows'
import { gatherRows } from './graph-rows'
import { recurrentLayer } from './recurrent-layer'
import { firstStream, predictStreams } from './streams'
import type { RecurrentShape } from './recurrent-shape'
import type { Role } from '../family/tensor-roles'
import { expertTensors, type LayerTensorSpec, sharedTensors } from '../family/tensors'
import { elementAt } from '../../contract/model/look-up'

// The graph of a block, which is one decoder layer, for many prompts and models at once. Prompts are packed: equal
// beginnings are computed once, so a row belongs to a distinct token prefix. A node is the states of all rows in one
// model, or in several models that are equal up to this layer. A run computes nodes with the same weights.

/** Rows of a block. Attention gathers rows into paths, which are token sequences, and computes equal ones together. */
interface BlockShape {
  readonly inputRowCount: number
  readonly outputRowCount: number
  /** Rows whose queries, output projection and MLP are computed, [outputRowCount]; null for all rows. */
  readonly keptRows: Int32Array | null
  /** Paths of equal lengths. Rows to gather are [pathCount x queryLength] and [pathCount x keyLength]. */
  readonly segments: readonly {
    readonly pathCount: number
    readonly queryLength: number
    readonly keyLength: number
    readonly queryRows: Int32Array
    readonly keyRows: Int32Array
  }[]
  /** Index of each output row in the concatenated results of the segments, [outputRowCount]. */
  readonly resultIndex: Int32Array
  /** Chunks of a recurrent layer; null for attention. */
  readonly recurrence: RecurrentShape | null
}

/** Names of a block graph's inputs besides the weights, which are named by role. */
export const BLOCK_INPUTS = {
  /** [nodes, inputRowCount, hidden] */
  hidden: 'hidden',
  /** Position of each row of every node, [nodes x inputRowCount, 1]. */
  keyPositions: 'keyPositions',
  /** Position of each output row of every node, [nodes x outputRowCount, 1]; no input if all rows are kept. */
  queryPositions: 'queryPositions',
  ...ROTARY_INPUTS,
  /** Additive mask of a segment, [pathCount, queryLength, 1, keyLength]. */
  mask: (segment: number) => `mask${segment}`
} as const

/** Names of a block graph's outputs. Rotated keys and values are optional outputs, needed for generation. */
export const BLOCK_OUTPUTS = {
  /** [nodes, outputRowCount, hidden]; in a layer with experts, before their outputs are added. */
  hidden: 'hiddenOut',
  /** Inputs of experts, [nodes, outputRowCount, hidden]. With an MLP beside them, `ExpertEnding` has more outputs. */
  normed: 'normed',
  /** Scores of experts, [nodes, outputRowCount, experts]; [..., 2 x experts] if other scores choose the experts. */
  routing: 'routing',
  /**
   * Tensors of each part that the layer caches: [nodes, inputRowCount, kvHeads x headSize or valueSize]. A state has a
   * convolution's inputs as keys, and states after prompts, [nodes, prompts, state], as values.
   */
  keys: (part: number) => `keys${part}`,
  values: (part: number) => `values${part}`
} as const

/**
 * Builds the graph of one decoder layer. Weights, masks and rotary tables are inputs, so layers of one kind share the
 * graph, with weights of base or post. For a layer with experts, the graph ends before them.
 *
 *     hidden ─ norm ─ q,k,v ─ (q/k norm) ─ RoPE ─ gather ─ scores ─ softmax ─ · v ─ gather back ─ o ─ (norm) ─ + ─┐
 *     out ── + ─ (norm) ─ down ─ act(gate) · up ─ norm ───────────────────────────────────────────────────────┘
 *
 * Attention is written as MatMul, Softmax, MatMul. The fused operators ignore positions, soft caps or long queries on
 * some execution providers, or require head sizes that models do not have.
 * @param kind number of any layer of the kind (see `layerKind`)
 */
export function blockGraph(
  model: DecoderSpec,
  kind: number,
  shape: BlockShape,
  precision: Precision,
  { withKeyValues = false, castsWeights }: { withKeyValues?: boolean; castsWeights: boolean }
): Uint8Array {
  const graph = new OnnxGraph('block')
  const spec = specOfLayer(model, kind)
  const weights = weightInputs(graph, sharedTensors(model, kind), precision, castsWeights)
  const products = { precision, weights: precision }
  const { experts, attends, hasMlp } = elementAt(spec.layers, kind, 'layer')
  const input = graph.input(BLOCK_INPUTS.hidden, 'float32', ['nodes', shape.inputRowCount, spec.rowSize])
  const row = splitRow(graph, spec, input)
  const rotary = attends ? rotaryInputs(graph, spec) : ROTARY_INPUTS
  const layer = new LayerBuilder(graph, spec, weights, rotary, products)
  const predicted = predictStreams(layer, row.states, [-1, shape.inputRowCount])
  const hidden = firstStream(layer, 'streams/first/nodes', predicted)
  const { rows, blockInput, cached } = attentionHalf(layer, kind, shape, hidden, row)
  const byNode = (path: string, value: string): string =>
    graph.reshape(path, value, [-1, shape.outputRowCount, spec.hiddenSize])
  const dims = (width: number): [string, number, number] => ['nodes', shape.outputRowCount, width]
  if (experts !== null) {
    outputExperts(layer, experts, { rows, blockInput }, shape.outputRowCount)
  } else if (spec.family.variedLayers) {
    const ended = { row, predicted, blockInput, rows: layer.mlp(rows, blockInput), pair: elementAt(cached, 0, 'part') }
    const { output, width } = joinedRow(layer, kind, shape, ended)
    graph.output(output, BLOCK_OUTPUTS.hidden, dims(width))
  } else {
    const output = hasMlp ? layer.mlp(rows, blockInput, byNode) : byNode('attended', rows)
    graph.output(output, BLOCK_OUTPUTS.hidden, dims(spec.hiddenSize))
  }
  if (withKeyValues) {
    for (const [part, { key, value }] of cachedParts(model, kind).entries()) {
      const [keys, values] = elementAt(cached, part, 'part')
      graph.output(keys, BLOCK_OUTPUTS.keys(part), ['nodes', shape.inputRowCount, key])
      graph.output(values, BLOCK_OUTPUTS.values(part), ['nodes', `valueRows${part}`, value])
    }
  }
  return graph.encode()
}

/** Outputs a layer up to its experts: rows to which results are added, inputs and scores of experts, and the ending. */
function outputExperts(
  layer: LayerBuilder,
  experts: Experts,
  { rows, blockInput }: Readonly<Record<'rows' | 'blockInput', string>>,
  rowCount: number
): void {
  const { graph, spec } = layer
  const output = (path: string, value: string, name: string, width: number): void =>
    graph.output(graph.reshape(path, value, [-1, rowCount, width]), name, ['nodes', rowCount, width])
  const { normed, scores, sum, ending } = expertRows(layer, experts, rows, blockInput)
  const { scores: weights, choice } = scores
  const hasChoice = hasSelectionScores(experts)
  const routing = hasChoice ? graph.node('routing/joined', 'Concat', [weights, choice], { axis: { int: -1 } }) : weights
  output('routing', routing, BLOCK_OUTPUTS.routing, hasChoice ? 2 * experts.count : experts.count)
  output('summed', sum, BLOCK_OUTPUTS.hidden, spec.hiddenSize)
  output('normed/nodes', normed, BLOCK_OUTPUTS.normed, spec.hiddenSize)
  if (ending === null) return
  for (const part of ENDING_ROWS) output(`ending/${part}`, ending[part], part, spec.hiddenSize)
  for (const part of ENDING_GAINS) graph.output(ending[part], part, [spec.hiddenSize])
}

/** Ends a layer whose rows carry more than its hidden state. @returns rows, [nodes, outputRowCount, width] */
function joinedRow(
  layer: LayerBuilder,
  kind: number,
  shape: BlockShape,
  {
    row,
    predicted,
    blockInput,
    rows,
    pair
  }: {
    row: CarriedRow
    predicted: string
    blockInput: string
    rows: string
    pair: readonly [keys: string, values: string]
  }
): { output: string; width: number } {
  const { graph, spec } = layer
  const [input] = row.inputs
  const inputRows = input === undefined ? input : gatherKept(graph, 'layerInput', input, shape, spec.carried.inputSize)
  const predictedRows =
    spec.streams === null ? blockInput : gatherKept(graph, 'streams', predicted, shape, spec.finalRowSize)
  const finished = finishLayer(layer, rows, predictedRows, inputRows)
  const states = graph.reshape('finished', finished, [-1, shape.outputRowCount, spec.finalRowSize])
  return rowAfter(graph, spec, kind, { ...row, states }, pair)
}

/** Returns the keys and values of an earlier layer that this layer reads; null if it computes its own. */
export function earlierPair(
  { keyValues }: DecoderSpec,
  { pairs }: CarriedRow,
  carriedPair: number | null
): CarriedRow['pairs'][number] | null {
  if (keyValues !== 'earlierLayer' || carriedPair === null) return null
  return elementAt(pairs, carriedPair, 'pair')
}

/** Gathers the kept rows of columns, [nodes, inputRowCount, width] to [nodes x outputRowCount, width]. */
function gatherKept(graph: OnnxGraph, path: string, columns: string, { keptRows }: BlockShape, width: number): string {
  const outputRows = keptRows === null ? columns : gatherRows(graph, `${path}/kept`, columns, keptRows)
  return graph.reshape(`${path}/keptRows`, outputRows, [-1, width])
}

/**
 * Builds the first half of a layer: attention, a recurrent state, both beside each other, or neither.
 * @returns kept `rows` after the residual, and `blockInput` before the half, [nodes x outputRowCount, hidden] each.
 *   `cached` has keys and values of each part that the layer caches.
 */
function attentionHalf(
  layer: LayerBuilder,
  kind: number,
  shape: BlockShape,
  hidden: string,
  row: CarriedRow
): { rows: string; blockInput: string; cached: (readonly [keys: string, values: string])[] } {
  const { graph, spec } = layer
  const { attends, recurrent, carriedPair } = elementAt(spec.layers, kind, 'layer')
  const attention = attends
    ? new PackedAttention(layer, shape).build(hidden, earlierPair(spec, row, carriedPair))
    : null
  const blockInput = attention?.blockInput ?? gatherKept(graph, 'kept/block', hidden, shape, spec.hiddenSize)
  const ofAttention = attention === null ? [] : [[attention.keys, attention.values] as const]
  if (recurrent === null) return { rows: attention?.rows ?? blockInput, blockInput, cached: ofAttention }
  if (shape.recurrence === null) throw new Error('a recurrent layer needs chunks')
  const inputRows = graph.reshape('recurrent/rows', hidden, [-1, spec.hiddenSize])
  const { output, inputs, states } = recurrentLayer(layer, recurrent).packed(inputRows, shape.recurrence)
  const byNode = graph.reshape('recurrent/output/nodes', output, [-1, shape.inputRowCount, spec.hiddenSize])
  const keptOutput = gatherKept(graph, 'recurrent/output', byNode, shape, spec.hiddenSize)
  return {
    rows: graph.node('recurrent/residual', 'Add', [attention?.rows ?? blockInput, keptOutput]),
    blockInput,
    cached: [...ofAttention, [inputs, states ?? inputs]]
  }
}

/** Names of an expert graph's input and output, [rows, hidden] each. Weights are named by role. */
export const EXPERT_ROWS = { into: 'rows', out: 'expert' } as const

/** Builds the graph of any one expert: act(gate) · up, and down. */
export function expertGraph(spec: DecoderSpec, precision: Precision, castsWeights: boolean): Uint8Array {
  const graph = new OnnxGraph('expert')
  const layer = spec.layers.findIndex(({ experts }) => experts !== null)
  const weights = weightInputs(graph, expertTensors(spec, layer, 0), precision, castsWeights)
  const builder = new LayerBuilder(graph, spec, weights, ROTARY_INPUTS, { precision, weights: precision })
  const dims = ['rows', spec.hiddenSize]
  const rows = graph.input(EXPERT_ROWS.into, 'float32', dims)
  graph.output(builder.mlpOutput(rows), EXPERT_ROWS.out, dims)
  return graph.encode()
}

/** Declares weights by role. @param castsWeights true if all are given in float32, and the graph converts them */
function weightInputs(
  graph: OnnxGraph,
  tensors: readonly LayerTensorSpec[],
  precision: Precision,
  castsWeights: boolean
): Map<Role, string> {
  return new Map(
    tensors.map(({ role, shape }) => {
      const type = weightType(role, precision)
      if (!castsWeights || type === 'float32') return [role, graph.input(role, type, shape)]
      return [role, graph.cast(`${role}/half`, graph.input(role, 'float32', shape), type)]
    })
  )
}

/** Reports whether a tensor is float32 in every precision: norms, convolutions, activation parameters and routers. */
export const alwaysFloat32 = (role: string): boolean =>
  /norm|alpha|router|convolution|decayRate|decayBias|stateSkip|layerScale|stream/i.test(role)

/** Gives the type of a weight: projections and their biases have the precision of the products. */
export function weightType(role: string, precision: Precision): 'float32' | 'float16' {
  return precision === 'fp16' && !alwaysFloat32(role) ? 'float16' : 'float32'
}

/** Builds the attention half over packed rows. */
class PackedAttention {
  private readonly graph: OnnxGraph
  private readonly spec: DecoderSpec

  constructor(
    private readonly layer: LayerBuilder,
    private readonly shape: BlockShape
  ) {
    this.graph = layer.graph
    this.spec = layer.spec
  }

  /**
   * Builds attention of rows, [nodes, inputRowCount, hidden].
   * @param earlier keys and values of an earlier layer, [nodes, inputRowCount, kvHeads x headSize]
   * @returns as `attentionHalf`, and keys and values of all input rows
   */
  build(
    hidden: string,
    earlier: CarriedRow['pairs'][number] | null
  ): { rows: string; blockInput: string; keys: string; values: string } {
    const { graph, spec, shape, layer } = this
    const { headCount, kvHeadCount, headSize, valueSize } = spec
    const keyPositions = graph.input(BLOCK_INPUTS.keyPositions, 'int64', ['inputRows', 1])
    const queryPositions =
      shape.keptRows === null ? keyPositions : graph.input(BLOCK_INPUTS.queryPositions, 'int64', ['outputRows', 1])
    const inputRows = graph.reshape('rows', hidden, [-1, spec.hiddenSize])
    const keptRows =
      shape.keptRows === null
        ? inputRows
        : graph.reshape('kept/rows', gatherRows(graph, 'kept', hidden, shape.keptRows), [-1, spec.hiddenSize])
    const byNode = (path: string, rows: string, size: number): string =>
      graph.reshape(path, rows, [-1, shape.inputRowCount, kvHeadCount * size])
    const projected = (): [q: string, keys: string, values: string] => {
      const [q, k, v] = this.projections(inputRows, keptRows)
      const rotatedK = layer.finishK(k, keyPositions)
      return [q, byNode('attention/k', rotatedK, headSize), byNode('attention/v', v, valueSize)]
    }
    const queriesOnly = (): string => layer.projectQ(layer.norm('attention/before', keptRows, 'beforeAttention'))
    const [qRows, keys, values] = earlier === null ? projected() : [queriesOnly(), ...earlier]
    const rotatedQ = layer.finishQ(qRows, queryPositions)

    const { inputRowCount, outputRowCount } = shape
    const q = this.byHead('attention/q', rotatedQ, outputRowCount, (headCount / kvHeadCount) * headSize)
    const k = this.byHead('attention/k', keys, inputRowCount, headSize)
    const v = this.byHead('attention/v', values, inputRowCount, valueSize)
    const results = shape.segments.map((_, i) => this.segmentAttention(i, q, k, v))
    const joined =
      results.length === 1
        ? elementAt(results, 0, 'segment')
        : graph.node('attention/joined', 'Concat', results, { axis: { int: 2 } })
    const mixed = gatherRows(graph, 'attention/mixed', joined, shape.resultIndex, 2)
    const byRow = graph.node('attention/mixed/transposed', 'Transpose', [mixed], {
      perm: { ints: [0, 2, 1, 3] }
    })
    const mixedRows = graph.reshape('attention/mixed/rows', byRow, [-1, headCount * valueSize])
    return {
      rows: layer.attentionOutput(layer.applyGates(mixedRows, qRows), keptRows),
      blockInput: keptRows,
      keys,
      values
    }
  }

  /** Reshapes rows to [nodes, kvHeads, rowCount, width], once for all segments that gather from them. */
  private byHead(path: string, rows: string, rowCount: number, width: number): string {
    const heads = this.graph.reshape(`${path}/heads`, rows, [-1, rowCount, this.spec.kvHeadCount, width])
    return this.graph.node(`${path}/transposed`, 'Transpose', [heads], { perm: { ints: [0, 2, 1, 3] } })
  }

  /** Projects q of the output rows, and k and v of all rows, before norms and RoPE. */
  private projections(inputRows: string, keptRows: string): [q: string, k: string, v: string] {
    const { graph, spec, shape, layer } = this
    const normed = layer.norm('attention/before', inputRows, 'beforeAttention')
    if (spec.family.attention === 'separate' || spec.family.attention === 'latent') {
      const normedKept =
        inputRows === keptRows ? normed : layer.norm('attention/before/kept', keptRows, 'beforeAttention')
      return [layer.projectQ(normedKept), ...layer.projectKv(normed)]
    }
    const [q, k, v] = layer.projectQkv(normed)
    if (shape.keptRows === null) return [q, k, v]
    // A fused projection computes q for every row; only the output rows are used further.
    const qSize = spec.headCount * spec.headSize
    const byNode = graph.reshape('attention/qkv/q/nodes', q, [-1, shape.inputRowCount, qSize])
    const gathered = gatherRows(graph, 'attention/qkv/q/kept', byNode, shape.keptRows)
    return [graph.reshape('attention/qkv/q/rows', gathered, [-1, qSize]), k, v]
  }

  /**
   * Computes attention of one segment. A group is the query heads of one key head.
   * @param q [nodes, kvHeads, outputRowCount, group x headSize]
   * @param k [nodes, kvHeads, inputRowCount, headSize]
   * @returns [nodes, kvHeads, pathCount x queryLength, group x valueSize]
   */
  private segmentAttention(index: number, q: string, k: string, v: string): string {
    const { graph, spec, shape, layer } = this
    const segment = shape.segments[index]
    if (segment === undefined) throw new RangeError(`no attention segment ${index}`)
    const { headCount, kvHeadCount, headSize, valueSize } = spec
    const { pathCount, queryLength, keyLength } = segment
    const groupSize = headCount / kvHeadCount
    const path = `attention/segment${index}`

    // [nodes x kvHeads, pathCount, queryLength x group or keyLength, size]
    const byPath = (name: string, value: string, rows: Int32Array, length: number, size: number): string =>
      graph.reshape(`${path}/${name}/paths`, gatherRows(graph, `${path}/${name}`, value, rows, 2), [
        -1,
        pathCount,
        length,
        size
      ])
    const queries = byPath('q', q, segment.queryRows, queryLength * groupSize, headSize)
    const keys = graph.node(
      `${path}/k/transposed`,
      'Transpose',
      [byPath('k', k, segment.keyRows, keyLength, headSize)],
      { perm: { ints: [0, 1, 3, 2] } }
    )
    // On the CPU, onnxruntime fuses the transposition, the scale and the product.
    const scores = graph.node(`${path}/scores`, 'MatMul', [layer.scaleQueries(path, queries), keys])
    const capped = softCap(graph, `${path}/scores`, scores, spec.attentionSoftCap)
    const byQuery = graph.reshape(`${path}/scores/queries`, capped, [-1, pathCount, queryLength, groupSize, keyLength])
    const mask = graph.input(BLOCK_INPUTS.mask(index), 'float32', [pathCount, queryLength, 1, keyLength])
    const masked = graph.node(`${path}/masked`, 'Add', [byQuery, mask])
    const weights = graph.reshape(
      `${path}/weights/stacked`,
      graph.node(`${path}/weights`, 'Softmax', [masked], { axis: { int: -1 } }),
      [-1, pathCount, queryLength * groupSize, keyLength]
    )
    const values = byPath('v', v, segment.keyRows, keyLength, valueSize)
    const mixed = graph.node(`${path}/mixed`, 'MatMul', [weights, values])
    return graph.reshape(`${path}/result`, mixed, [-1, kvHeadCount, pathCount * queryLength, groupSize * valueSize])
  }
}
