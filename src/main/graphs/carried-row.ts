import { elementAt } from '../../contract/model/look-up'
import type { DecoderSpec } from '../family/decoder-spec'
import { rowWidths } from '../family/layer-shape'
import type { LayerBuilder } from './layer-builder'
import { rmsNormBy } from './norms'
import { OnnxGraph } from './onnx-model'
import { correctStreams } from './streams'

// Rows that carry more than one hidden state from layer to layer, as in Gemma 3n and Gemma 4. A row is the vector of a
// token. Other models' rows pass these functions unchanged.

/** Parts of a row between layers (see `CarriedColumns`), as values of a graph. */
export interface CarriedRow {
  /** All hidden states, [..., finalRowSize]. */
  readonly states: string
  /** Inputs of the next layer and of all later layers; empty in models without such inputs. */
  readonly inputs: readonly string[]
  readonly pairs: readonly (readonly [keys: string, values: string])[]
}

/** Splits rows, [..., rowSize], into their parts. */
export function splitRow(graph: OnnxGraph, spec: DecoderSpec, row: string): CarriedRow {
  const widths = rowWidths(spec)
  if (widths.length === 1) return { states: row, inputs: [], pairs: [] }
  const sizes = graph.constant('row/sizes', BigInt64Array.from(widths, BigInt))
  const [states = row, ...others] = graph.nodeWithOutputs('row', 'Split', [row, sizes], widths.length, {
    axis: { int: -1 }
  })
  const pairCount = spec.carried.keyValueSizes.length
  const inputs = others.slice(0, others.length - 2 * pairCount)
  const pairs = others.slice(inputs.length)
  return {
    states,
    inputs,
    pairs: spec.carried.keyValueSizes.map((_, i) => [
      elementAt(pairs, 2 * i, 'keys'),
      elementAt(pairs, 2 * i + 1, 'values')
    ])
  }
}

/**
 * Joins the parts of a row after a layer. The input of the layer moves to the end of the inputs, so that the next layer
 * finds its own first. Only hidden states are left after the last layer.
 * @param pair the layer's keys and values, which replace a carried pair if later layers read them
 */
export function rowAfter(
  graph: OnnxGraph,
  { layers, layerCount, finalRowSize, rowSize }: DecoderSpec,
  layer: number,
  { states, inputs, pairs }: CarriedRow,
  pair: readonly [keys: string, values: string]
): { output: string; width: number } {
  const { carriedPair } = elementAt(layers, layer, 'layer')
  if (layer === layerCount - 1 || rowSize === finalRowSize) return { output: states, width: finalRowSize }
  const carried = pairs.map((earlier, i) => (i === carriedPair ? pair : earlier))
  const parts = [states, ...inputs.slice(1), ...inputs.slice(0, 1), ...carried.flat()]
  return { output: graph.node('row/joined', 'Concat', parts, { axis: { int: -1 } }), width: rowSize }
}

/**
 * Ends a layer: corrects further hidden states, adds its input and multiplies rows by its scale, if it has them.
 *
 * @param rows after the MLP, [rows, hidden]
 * @param predicted hidden states before attention, [rows, finalRowSize]
 * @param input [rows, inputSize]
 * @returns [rows, finalRowSize]
 */
export function finishLayer(layer: LayerBuilder, rows: string, predicted: string, input: string | undefined): string {
  const { graph, spec } = layer
  if (spec.streams !== null)
    return correctStreams(layer, rows, predicted, (state) =>
      input === undefined ? null : projectInput(layer, state, input)
    )
  const added =
    input === undefined ? rows : graph.node('layerInput/residual', 'Add', [rows, projectInput(layer, rows, input)])
  return spec.family.layerScale ? graph.node('layerScale/scaled', 'Mul', [added, layer.weight('layerScale')]) : added
}

/** Computes the rows that a layer's input adds to the residual. */
function projectInput(layer: LayerBuilder, rows: string, input: string): string {
  const { graph, spec } = layer
  const gate = layer.activation(layer.project('layerInput/gate', rows, 'layerInputGate'), 'layerInput')
  const gated = graph.node('layerInput/gated', 'Mul', [gate, input])
  const projected = layer.project('layerInput/projection', gated, 'layerInputProjection')
  const weight = layer.weight('layerInputNorm')
  return rmsNormBy(graph, 'layerInput/after', projected, weight, spec.normEpsilon)
}

export const LAYER_INPUTS = {
  /** Scaled embeddings, [rows, hidden]. */
  embedded: 'embedded',
  /** Stored inputs of the tokens in all layers, [rows, layers x inputSize]. */
  stored: 'stored',
  /** [layers x inputSize, hidden] */
  projection: 'projection',
  /** [inputSize] */
  norm: 'norm',
  /** Inputs of all layers, [rows, layers x inputSize]. */
  out: 'inputs'
} as const

/**
 * Builds the graph that computes the inputs of all layers from tokens. With embeddings e and stored inputs s, they are
 * (norm(W e / sqrt(hidden)) + s sqrt(inputSize)) / sqrt(2).
 */
export function layerInputsGraph({
  hiddenSize,
  layerCount,
  carried: { inputSize },
  normEpsilon
}: DecoderSpec): Uint8Array {
  const graph = new OnnxGraph('layerInputs')
  const width = layerCount * inputSize
  const { embedded, stored, projection, norm, out } = LAYER_INPUTS
  const embeddedRows = graph.input(embedded, 'float32', ['rows', hiddenSize])
  const storedRows = graph.input(stored, 'float32', ['rows', width])
  const weight = graph.input(projection, 'float32', [width, hiddenSize])
  const gain = graph.input(norm, 'float32', [inputSize])
  const scale = (path: string, value: string, factor: number): string =>
    graph.node(path, 'Mul', [value, graph.constant(`${path}/factor`, factor)])
  const products = graph.node('projected', 'Gemm', [embeddedRows, weight], { transB: { int: 1 } })
  const byLayer = graph.reshape('layers', scale('projected/scaled', products, hiddenSize ** -0.5), [
    -1,
    layerCount,
    inputSize
  ])
  const normed = graph.reshape('joined', rmsNormBy(graph, 'layers', byLayer, gain, normEpsilon), [-1, width])
  const sum = graph.node('sum', 'Add', [normed, scale('stored/scaled', storedRows, Math.sqrt(inputSize))])
  graph.output(scale('halved', sum, Math.SQRT1_2), out, ['rows', width])
  return graph.encode()
}
