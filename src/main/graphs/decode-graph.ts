import type { WeightStorage } from '../../contract/model/sampling'
import type { DecoderSpec } from '../family/decoder-spec'
import { residentConstants, residentLayout, type ResidentTensor } from './resident-weights'
import { LayerBuilder, ROTARY_INPUTS, rotaryInputs, softCap, type Products, type RotaryTables } from './layer-builder'
import { type Dimension, OnnxGraph } from './onnx-model'
import { recurrentLayer, stateDims } from './recurrent-layer'
import { firstStream, predictStreams } from './streams'
import { earlierPair } from './block-graph'
import { type CarriedRow, finishLayer, rowAfter, splitRow } from './carried-row'
import { type CachedPart, cachedParts, rotarySizeOf, specOfLayer } from '../family/expert-layers'
import type { Rope } from '../family/rope'
import { expertTensors, residentTensors } from '../family/tensors'
import { routedMlp } from './routed-mlp'
import { elementAt } from '../../contract/model/look-up'

/**
 * Names of the inputs of a decode graph, which computes one new token for each row. Rotary tables and masks have the
 * index of their kind (see `decodeKinds`). Keys and values have the index of the caching part, counted over the layers.
 * A recurrent state has the inputs of its convolution as keys, and its state as values.
 */
export const DECODE_INPUTS = {
  /** [rows, rowSize] */
  hidden: 'hidden',
  /** Position of each row's new token, [rows, 1]. */
  positions: 'positions',
  rotary: (rope: number): RotaryTables => ({ cos: `cos${rope}`, sin: `sin${rope}` }),
  /** Additive mask over the cache and the new token, [rows, 1, 1, capacity + 1]. */
  mask: (window: number): string => `mask${window}`,
  /** Rotated keys of earlier tokens, [rows, kvHeads, capacity, headSize]. */
  keys: (part: number): string => `keys${part}`,
  /** [rows, kvHeads, capacity, valueSize] */
  values: (part: number): string => `values${part}`
} as const

export const DECODE_OUTPUTS = {
  /** [rows, rowSize]; after the last layer [rows, finalRowSize]. */
  hidden: 'hiddenOut',
  /** Key and value of the new token, [rows, kvHeads x headSize or valueSize]; the caller writes them to the cache. */
  newKeys: (part: number): string => `newKeys${part}`,
  newValues: (part: number): string => `newValues${part}`
} as const

/** Lists the distinct RoPEs and windows of some layers, for each of which a decode graph has tables or a mask. */
export function decodeKinds(
  spec: DecoderSpec,
  layers: readonly number[]
): { ropes: Rope[]; windows: (number | null)[] } {
  const used = layers.map((layer) => elementAt(spec.layers, layer, 'layer')).filter(({ attends }) => attends)
  return {
    ropes: [...new Set(used.map(({ rope }) => rope))],
    windows: [...new Set(used.map(({ window }) => window))]
  }
}

/** Names the weights of a layer for its session. @param layer index of the layer in its graph */
export function layerFile(layer: number): string {
  return `layer${layer}`
}

/** Names the weights of an expert for its session. @param layer index of the layer in its graph */
export function expertFile(layer: number, expert: number): string {
  return `${layerFile(layer)}/expert${expert}`
}

/** Lays out one layer's weights in memory for a decode graph, without its experts, named by role. */
export function layerLayout(spec: DecoderSpec, layer: number, weights: WeightStorage): ResidentTensor[] {
  return residentLayout(
    residentTensors(spec, layer).map(({ role, shape, parts }) => ({ name: role, shape, parts })),
    weights
  )
}

/** Lays out the weights of an expert, which are equal in shape for all experts of a layer. */
export function expertLayout(spec: DecoderSpec, layer: number, weights: WeightStorage): ResidentTensor[] {
  return residentLayout(
    expertTensors(spec, layer, 0).map(({ role, shape }) => ({ name: role, shape, parts: [role] })),
    weights
  )
}

/** Declares one layer's weights as constants, which the session gets as `file`. @returns a builder of that layer */
export function residentLayer(
  graph: OnnxGraph,
  { spec, layer }: { readonly spec: DecoderSpec; readonly layer: number },
  products: Products,
  file: string,
  rotary: RotaryTables
): LayerBuilder {
  const layout = layerLayout(spec, layer, products.weights)
  return new LayerBuilder(
    graph,
    specOfLayer(spec, layer),
    residentConstants(graph, file, layout, products),
    rotary,
    products,
    layout
  )
}

/**
 * Builds consecutive layers for one new token of each row. Weights are constants, because packing them in every run
 * takes long. Past keys and values are read in place, and only the new ones are returned.
 */
export function decodeGraph(spec: DecoderSpec, weights: WeightStorage, layers: readonly number[]): Uint8Array {
  const graph = new OnnxGraph('decode')
  const { ropes, windows } = decodeKinds(spec, layers)
  const input = graph.input(DECODE_INPUTS.hidden, 'float32', ['rows', spec.rowSize])
  const positions = graph.input(DECODE_INPUTS.positions, 'int64', ['rows', 1])
  const tables = ropes.map((rope, i) =>
    rotaryInputs(graph, { rotarySize: rotarySizeOf(spec, rope) }, DECODE_INPUTS.rotary(i))
  )
  const masks = windows.map((_, i) => graph.input(DECODE_INPUTS.mask(i), 'float32', ['rows', 1, 1, 'capacityAndNew']))
  let rows = input
  let partCount = 0
  for (const [i, layer] of layers.entries()) {
    const { rope, window, attends, carriedPair } = elementAt(spec.layers, layer, 'layer')
    const tablesOfLayer = attends ? elementAt(tables, ropes.indexOf(rope), 'table') : ROTARY_INPUTS
    const products = { precision: 'fp32', weights } as const
    const scoped = graph.within(`layer${layer}`)
    const builder = residentLayer(scoped, { spec, layer }, products, layerFile(i), tablesOfLayer)
    const firstPart = partCount
    const parts = cachedParts(spec, layer)
    partCount += parts.length
    const past = parts.map((part, index): PastPart => {
      const [keyDims, valueDims] = cacheDims(spec, layer, part, 'capacity')
      const keys = graph.input(DECODE_INPUTS.keys(firstPart + index), 'float32', ['rows', ...keyDims])
      return { keys, values: graph.input(DECODE_INPUTS.values(firstPart + index), 'float32', ['rows', ...valueDims]) }
    })
    const row = splitRow(scoped, spec, rows)
    const predicted = predictStreams(builder, row.states, [-1])
    const hidden = firstStream(builder, 'streams/first/rows', predicted)
    // A layer without attention does not read its mask.
    const mask = attends ? elementAt(masks, windows.indexOf(window), 'mask') : ''
    const earlier = earlierPair(builder.spec, row, carriedPair)
    const { attended, newParts } = attentionHalf(builder, layer, hidden, { positions, mask, past, earlier })
    rows = afterLayer(
      builder,
      layer,
      { row, predicted, hidden, attended, pair: newParts[0] ?? null },
      (branch, expert) =>
        // Weights are constants of the whole graph, even if only one branch uses them.
        residentExpert(scoped, branch, { spec, layer, expert, file: expertFile(i, expert) }, products, tablesOfLayer)
    )
    for (const [index, { key, value }] of parts.entries()) {
      const [newKeys, newValues] = elementAt(newParts, index, 'part')
      graph.output(newKeys, DECODE_OUTPUTS.newKeys(firstPart + index), ['rows', key])
      graph.output(newValues, DECODE_OUTPUTS.newValues(firstPart + index), ['rows', value])
    }
  }
  const hasLastLayer = layers.includes(spec.layerCount - 1)
  graph.output(rows, DECODE_OUTPUTS.hidden, ['rows', hasLastLayer ? spec.finalRowSize : spec.rowSize])
  return graph.encode()
}

/** Declares the weights of an expert of a layer. @returns a builder in the branch of the graph that uses them */
function residentExpert(
  scoped: OnnxGraph,
  branch: OnnxGraph,
  { spec, layer, expert, file }: { spec: DecoderSpec; layer: number; expert: number; file: string },
  products: Products,
  rotary: RotaryTables
): LayerBuilder {
  const layout = expertLayout(spec, layer, products.weights)
  const constants = residentConstants(scoped.within(`expert${expert}`), file, layout, products)
  return new LayerBuilder(branch, spec, constants, rotary, products, layout)
}

/** Builds the half of a layer after attention. @param attended rows after attention @returns rows for the next layer */
function afterLayer(
  builder: LayerBuilder,
  layer: number,
  {
    row,
    predicted,
    hidden,
    attended,
    pair
  }: {
    row: CarriedRow
    predicted: string
    hidden: string
    attended: string
    pair: NewPart | null
  },
  expertBuilder: (branch: OnnxGraph, expert: number) => LayerBuilder
): string {
  const { graph, spec } = builder
  const { experts, hasMlp } = elementAt(spec.layers, layer, 'layer')
  if (experts !== null) return routedMlp(builder, experts, attended, hidden, expertBuilder)
  const ended = hasMlp ? builder.mlp(attended, hidden) : attended
  if (!spec.family.variedLayers || pair === null) return ended
  const states = finishLayer(builder, ended, predicted, row.inputs[0])
  return rowAfter(graph, spec, layer, { ...row, states }, pair).output
}

/** Lists the dimensions of a part of a layer's cache: keys and values, or a state's inputs and state. */
export function cacheDims<Capacity extends Dimension>(
  spec: DecoderSpec,
  layer: number,
  { recurrent }: CachedPart,
  capacity: Capacity
): [keys: (number | Capacity)[], values: (number | Capacity)[]] {
  if (recurrent !== null) return [[recurrent.kernel - 1, recurrent.channels], stateDims(recurrent)]
  const { kvHeadCount, headSize, valueSize } = specOfLayer(spec, layer)
  return [
    [kvHeadCount, capacity, headSize],
    [kvHeadCount, capacity, valueSize]
  ]
}

/** Cached keys and values, or a state's inputs and state. */
type PastPart = Readonly<Record<'keys' | 'values', string>>
type NewPart = readonly [keys: string, values: string]

/** Builds a layer's attention, its recurrent state, or both. Returns rows after the residual, and cached tensors. */
function attentionHalf(
  layer: LayerBuilder,
  index: number,
  hidden: string,
  inputs: { positions: string; mask: string; past: readonly PastPart[]; earlier: CarriedRow['pairs'][number] | null }
): { attended: string; newParts: NewPart[] } {
  const { attends, recurrent } = elementAt(layer.spec.layers, index, 'layer')
  const { positions, mask, past, earlier } = inputs
  const attention = attends
    ? decodeAttention(layer, hidden, { positions, mask, ...elementAt(past, 0, 'part') }, earlier)
    : null
  const ofAttention = attention === null ? [] : [[attention.newKeys, attention.newValues] as const]
  const residual = attention?.attended ?? hidden
  if (recurrent === null) return { attended: residual, newParts: ofAttention }
  const { keys, values } = elementAt(past, ofAttention.length, 'part')
  const { output, input, state } = recurrentLayer(layer, recurrent).step(hidden, keys, values)
  const attended = layer.graph.node('recurrent/residual', 'Add', [residual, output])
  return { attended, newParts: [...ofAttention, [input, state]] }
}

/** Builds attention: rows after the residual, and new keys and values [rows, kvHeads x headSize or valueSize]. */
function decodeAttention(
  layer: LayerBuilder,
  hidden: string,
  { positions, mask, keys, values }: Record<'positions' | 'mask' | 'keys' | 'values', string>,
  earlier: CarriedRow['pairs'][number] | null
): { attended: string; newKeys: string; newValues: string } {
  const { graph, spec } = layer
  const { headCount, kvHeadCount, headSize, valueSize } = spec
  const normed = layer.norm('attention/before', hidden, 'beforeAttention')
  const projected = (): [q: string, k: string, v: string] => {
    const [q, k, v] = layer.projectQkv(normed)
    return [q, layer.finishK(k, positions), v]
  }
  const [qRows, k, vRows] =
    earlier === null ? projected() : [layer.project('attention/q_proj', normed, 'qkv'), ...earlier]
  // [rows, kvHeads, group, headSize]: the query heads of one kv head are rows of one product.
  const q = graph.reshape('attention/q', layer.scaleQueries('attention', layer.finishQ(qRows, positions)), [
    -1,
    kvHeadCount,
    headCount / kvHeadCount,
    headSize
  ])
  const newKeys = graph.reshape('attention/k', k, [-1, kvHeadCount, headSize, 1])
  const newValues = graph.reshape('attention/v', vRows, [-1, kvHeadCount, 1, valueSize])

  const columns = graph.node('attention/keys/columns', 'Transpose', [keys], { perm: { ints: [0, 1, 3, 2] } })
  const scores = graph.node(
    'attention/scores',
    'Concat',
    [
      graph.node('attention/scores/past', 'MatMul', [q, columns]),
      graph.node('attention/scores/new', 'MatMul', [q, newKeys])
    ],
    { axis: { int: -1 } }
  )
  const capped = softCap(graph, 'attention/scores', scores, spec.attentionSoftCap)
  const masked = graph.node('attention/masked', 'Add', [capped, mask])
  const weights = graph.node('attention/weights', 'Softmax', [masked], { axis: { int: -1 } })
  const pastWeights = slice(graph, 'attention/weights/past', weights, 0, -1)
  const newWeights = slice(graph, 'attention/weights/new', weights, -1, Number.MAX_SAFE_INTEGER)
  const mixed = graph.node('attention/mixed', 'Add', [
    graph.node('attention/mixed/past', 'MatMul', [pastWeights, values]),
    graph.node('attention/mixed/new', 'Mul', [newWeights, newValues])
  ])
  const mixedRows = graph.reshape('attention/mixed/rows', mixed, [-1, headCount * valueSize])
  return {
    attended: layer.attentionOutput(layer.applyGates(mixedRows, qRows), hidden),
    newKeys: graph.reshape('newKeys/rows', k, [-1, kvHeadCount * headSize]),
    newValues: vRows
  }
}

/** Takes elements `start` to `end - 1` of the last axis; negative numbers count from its end. */
function slice(graph: OnnxGraph, path: string, value: string, start: number, end: number): string {
  const constant = (name: string, number: number): string =>
    graph.constant(`${path}/${name}`, BigInt64Array.of(BigInt(number)))
  return graph.node(path, 'Slice', [value, constant('start', start), constant('end', end), constant('axis', -1)])
}
