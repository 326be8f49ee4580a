import { elementAt } from '../../contract/model/look-up'
import type { DecoderSpec } from '../family/decoder-spec'
import type { LayerParts } from './layer-parts'
import { rmsNormBy } from './norms'
import { OnnxGraph } from './onnx-model'

// Layers of models whose rows have several hidden states, called streams (see `Streams`). A layer computes the first
// state, and predicts the others before and corrects them after.

/** Smallest mean square of a projected state, before it is scaled to the first state's size. */
const MIN_MEAN_SQUARE = 1e-5

/**
 * Begins a layer on rows with several hidden states s: predicts each as s + C s, a mixture of all. The coefficients C
 * are computed from the first state.
 * @param states [...leading, streams x hidden]; returned unchanged if rows have one hidden state
 */
export function predictStreams(layer: LayerParts, states: string, leading: readonly number[]): string {
  const { graph, spec } = layer
  if (spec.streams === null) return states
  const { count } = spec.streams
  const rows = graph.reshape('streams/rows', states, [-1, spec.finalRowSize])
  const byStream = graph.reshape('streams/states', rows, [-1, count, spec.hiddenSize])
  const products = product(
    layer,
    'streams/prediction',
    modality(layer, 'streams/before', firstStream(layer, 'streams/entry', rows)),
    'streamPrediction'
  )
  const coefficients = graph.reshape('streams/coefficients', products, [-1, count, count])
  const mixed = graph.node('streams/mixed', 'MatMul', [coefficients, byStream])
  const predicted = graph.node('streams/predicted', 'Add', [byStream, mixed])
  return graph.reshape('streams/predicted/rows', predicted, [...leading, spec.finalRowSize])
}

/** Gives the first hidden state of rows, [..., hidden]. */
export function firstStream(layer: LayerParts, path: string, states: string): string {
  const { hiddenSize, streams, finalRowSize } = layer.spec
  if (streams === null) return states
  return elementAt(layer.splitColumns(path, states, [hiddenSize, finalRowSize - hiddenSize]), 0, 'state')
}

/**
 * Ends a layer on rows with several hidden states. Each moves by a share of the layer's change to the first. The others
 * also get the layer's input.
 * @param activated first state after the MLP, [rows, hidden].
 * @param predicted states before the layer, [rows, streams x hidden].
 * @param inputOf computes what the layer's input adds, [rows, hidden]; null without an input.
 * @returns states after the layer, [rows, streams x hidden]
 */
export function correctStreams(
  layer: LayerParts,
  activated: string,
  predicted: string,
  inputOf: (state: string) => string | null
): string {
  const { graph, spec } = layer
  const { streams, hiddenSize, finalRowSize } = spec
  if (streams === null) throw new Error('a row has one hidden state')
  const { count, isScaled } = streams
  const first = firstStream(layer, 'streams/first', predicted)
  const change = graph.node('streams/change', 'Sub', [activated, first])
  const products = product(layer, 'streams/correction', modality(layer, 'streams/after', activated), 'streamCorrection')
  const shares = graph.node('streams/shares', 'Add', [products, graph.constant('streams/one', 1)])
  const changes = graph.node('streams/changes', 'Mul', [
    graph.reshape('streams/change/rows', change, [-1, 1, hiddenSize]),
    graph.reshape('streams/shares/rows', shares, [-1, count, 1])
  ])
  const byStream = graph.reshape('streams/corrected/states', predicted, [-1, count, hiddenSize])
  const corrected = graph.reshape(
    'streams/corrected/rows',
    graph.node('streams/corrected', 'Add', [byStream, changes]),
    [-1, finalRowSize]
  )
  const [active = corrected, others = corrected] = layer.splitColumns('streams/parts', corrected, [
    hiddenSize,
    finalRowSize - hiddenSize
  ])
  const input = inputOf(isScaled ? graph.node('streams/scaled', 'Mul', [active, layer.weight('streamScale')]) : active)
  if (input === null) return corrected
  const added = graph.node('streams/added', 'Add', [
    graph.reshape('streams/others', others, [-1, count - 1, hiddenSize]),
    graph.reshape('streams/input', input, [-1, 1, hiddenSize])
  ])
  const moved = graph.reshape('streams/added/rows', added, [-1, finalRowSize - hiddenSize])
  return graph.node('streams/joined', 'Concat', [active, moved], { axis: { int: -1 } })
}

/**
 * Adds the low-rank path beside attention: (attended + n + norm(R L n)) / sqrt(2). Here n is the result of the norm
 * before attention, and L and R are the path's projections. Models without streams have no such path.
 */
export function besideAttention(layer: LayerParts, attended: string, residual: string): string {
  const { graph, spec } = layer
  if (spec.streams === null) return attended
  const normed = layer.norm('attention/laurel/before', residual, 'beforeAttention')
  const inner = layer.project('attention/laurel/down', normed, 'laurelDown')
  const outer = layer.project('attention/laurel/up', inner, 'laurelUp')
  const added = rmsNormBy(graph, 'attention/laurel/after', outer, layer.weight('laurelNorm'), spec.normEpsilon)
  const beside = graph.node('attention/laurel/output', 'Add', [normed, added])
  const sum = graph.node('attention/laurel/sum', 'Add', [attended, beside])
  return graph.node('attention/laurel/halved', 'Mul', [sum, graph.constant('attention/laurel/factor', Math.SQRT1_2)])
}

/** Makes gates zero below `cutoff` deviations above a row's mean, and subtracts that limit from the others. */
export function sparseGates(graph: OnnxGraph, gates: string, cutoff: number | null): string {
  if (cutoff === null) return gates
  const mean = rowMean(graph, 'mlp/gates/mean', gates)
  const centred = graph.node('mlp/gates/centred', 'Sub', [gates, mean])
  const squares = graph.node('mlp/gates/squares', 'Mul', [centred, centred])
  const deviation = graph.node('mlp/gates/deviation', 'Sqrt', [rowMean(graph, 'mlp/gates/variance', squares)])
  const limit = graph.node('mlp/gates/limit', 'Mul', [deviation, graph.constant('mlp/gates/cutoff', cutoff)])
  return graph.node('mlp/gates/sparse', 'Relu', [graph.node('mlp/gates/above', 'Sub', [centred, limit])])
}

/** Computes a row's features for mixing its streams ("modality"), tanh(R norm(x) / hidden), [rows, streams]. */
function modality(layer: LayerParts, path: string, rows: string): string {
  const { graph, spec } = layer
  const normed = rmsNormBy(graph, `${path}/router`, rows, layer.weight('streamRouterNorm'), spec.normEpsilon)
  const factor = graph.constant(`${path}/router/factor`, 1 / spec.hiddenSize)
  const scaled = graph.node(`${path}/router/scaled`, 'Mul', [normed, factor])
  return graph.node(`${path}/modality`, 'Tanh', [product(layer, `${path}/router`, scaled, 'streamRouter')])
}

/** Multiplies rows by a small matrix, which is float32 in every storage. */
function product(
  layer: LayerParts,
  path: string,
  rows: string,
  role: 'streamRouter' | 'streamPrediction' | 'streamCorrection'
): string {
  return layer.graph.node(`${path}/Gemm`, 'Gemm', [rows, layer.weight(role)], { transB: { int: 1 } })
}

function rowMean(graph: OnnxGraph, path: string, rows: string): string {
  const axes = graph.constant(`${path}/axes`, BigInt64Array.of(-1n))
  return graph.node(path, 'ReduceMean', [rows, axes], { keepdims: { int: 1 } })
}

/** Projects a state and scales it to the root mean square of `first`. */
function projectToSize(graph: OnnxGraph, path: string, state: string, projection: string, first: string): string {
  const meanSquare = (name: string, value: string): string =>
    rowMean(graph, `${path}/${name}`, graph.node(`${path}/${name}/squares`, 'Mul', [value, value]))
  const projected = graph.node(`${path}/Gemm`, 'Gemm', [state, projection], { transB: { int: 1 } })
  const limited = graph.node(`${path}/limited`, 'Max', [
    meanSquare('size', projected),
    graph.constant(`${path}/smallest`, MIN_MEAN_SQUARE)
  ])
  const ratio = graph.node(`${path}/ratio`, 'Div', [meanSquare('first', first), limited])
  return graph.node(`${path}/sized`, 'Mul', [projected, graph.node(`${path}/factor`, 'Sqrt', [ratio])])
}

export const STREAM_INPUTS = {
  /** Scaled embeddings, [rows, hidden]. */
  embedded: 'embedded',
  /** Projection to a further state, [hidden, hidden]. */
  projection: (stream: number): string => `projection${stream}`,
  /** [rows, streams x hidden] */
  out: 'states'
} as const

/** Builds the graph that widens embeddings to all hidden states of a row. */
export function streamsGraph({ hiddenSize, finalRowSize }: DecoderSpec): Uint8Array {
  const graph = new OnnxGraph('streams')
  const embedded = graph.input(STREAM_INPUTS.embedded, 'float32', ['rows', hiddenSize])
  const others = Array.from({ length: finalRowSize / hiddenSize - 1 }, (_, i) => {
    const projection = graph.input(STREAM_INPUTS.projection(i), 'float32', [hiddenSize, hiddenSize])
    return projectToSize(graph, `stream${i}`, embedded, projection, embedded)
  })
  const states = graph.node('joined', 'Concat', [embedded, ...others], { axis: { int: -1 } })
  graph.output(states, STREAM_INPUTS.out, ['rows', finalRowSize])
  return graph.encode()
}

/**
 * Joins the hidden states of a row to their mean after projections of all but the first, [rows, hidden].
 *
 * @param projections [hidden, hidden] for each state after the first
 */
export function joinStreams(
  graph: OnnxGraph,
  { hiddenSize }: DecoderSpec,
  states: string,
  projections: readonly string[]
): string {
  const count = projections.length + 1
  const sizes = graph.constant('final/streams/sizes', new BigInt64Array(count).fill(BigInt(hiddenSize)))
  const [first = states, ...others] = graph.nodeWithOutputs('final/streams', 'Split', [states, sizes], count, {
    axis: { int: -1 }
  })
  const sized = others.map((state, i) =>
    projectToSize(graph, `final/stream${i}`, state, elementAt(projections, i, 'projection'), first)
  )
  const sum = sized.reduce((total, state, i) => graph.node(`final/streams/sum${i}`, 'Add', [total, state]), first)
  return graph.node('final/streams/mean', 'Mul', [sum, graph.constant('final/streams/share', 1 / count)])
}
