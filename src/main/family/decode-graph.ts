import type { HeldWeights } from '../../contract/engine'
import { weightType } from './block-graph'
import type { DecoderSpec } from './decoder-spec'
import {
  LayerBuilder,
  QUANTISED_BLOCK,
  quantisedBits,
  ROTARY_INPUTS,
  scalesName,
  softCap,
  type Products
} from './layer-builder'
import { OnnxGraph } from './onnx-model'
import { layerTensors, type Role } from './tensors'

/** Names of a decode graph's inputs. Rows are sequences being generated, one new token each. */
export const DECODE_INPUTS = {
  /** [rows, hidden] */
  hidden: 'hidden',
  /** Position of each row's new token, [rows, 1]. */
  positions: 'positions',
  ...ROTARY_INPUTS,
  /** Additive, over the cache's places and then the new token, [rows, 1, 1, capacity + 1]. */
  mask: 'mask',
  /** Rotated keys of earlier tokens, head dims first so that scores need no transpose: [rows, kvHeads, headSize, capacity]. */
  keys: 'keys',
  /** [rows, kvHeads, capacity, headSize] */
  values: 'values'
} as const

export const DECODE_OUTPUTS = {
  /** [rows, hidden] */
  hidden: 'hiddenOut',
  /** Key and value of the new token, [rows, kvHeads x headSize]. The caller puts them into the cache. */
  newKeys: 'newKeys',
  newValues: 'newValues'
} as const

/** The file name under which a decode graph's weights are given to the session. */
export const WEIGHTS_FILE = 'weights'

/** Where each weight lies in the bytes given as `WEIGHTS_FILE`, in order: float32, or quantised blocks and their scales. */
export type WeightLayout = readonly {
  readonly role: Role
  readonly byteLength: number
  readonly scaleBytes: number
}[]

/** How one layer's weights are given to a decode graph. */
export function weightLayout(spec: DecoderSpec, weights: HeldWeights): WeightLayout {
  const bits = quantisedBits(weights)
  return layerTensors(spec, 0).map(({ role, shape }) => {
    const [rows = 1, columns] = shape
    if (columns === undefined || bits === null) {
      return { role, byteLength: rows * (columns ?? 1) * Float32Array.BYTES_PER_ELEMENT, scaleBytes: 0 }
    }
    const blocks = rows * Math.ceil(columns / QUANTISED_BLOCK)
    return {
      role,
      byteLength: (blocks * QUANTISED_BLOCK * bits) / 8,
      scaleBytes: blocks * Float32Array.BYTES_PER_ELEMENT
    }
  })
}

/**
 * Declares one layer's weights as constants of the graph that a session is given as `WEIGHTS_FILE`.
 *
 * @returns a builder of that layer
 */
export function residentLayer(graph: OnnxGraph, spec: DecoderSpec, products: Products): LayerBuilder {
  const shapes = new Map(layerTensors(spec, 0).map(({ role, shape }) => [role, shape]))
  const bits = quantisedBits(products.weights)
  // The session folds the cast of a constant when it is created.
  const declareFloats = (
    name: string,
    type: 'float32' | 'float16',
    shape: readonly number[],
    at: { file: string; offset: number; byteLength: number }
  ): void => {
    if (type === 'float32') graph.externalConstant(name, type, shape, at)
    else graph.cast(name, graph.externalConstant(`${name}/stored`, 'float32', shape, at), type)
  }
  let offset = 0
  for (const { role, byteLength, scaleBytes } of weightLayout(spec, products.weights)) {
    const shape = shapes.get(role) ?? []
    const [rows = 1, columns = 1] = shape
    const at = { file: WEIGHTS_FILE, offset, byteLength }
    if (bits === null) declareFloats(role, weightType(role, products.precision), shape, at)
    else if (scaleBytes === 0) graph.externalConstant(role, 'float32', shape, at)
    else {
      const blocks = Math.ceil(columns / QUANTISED_BLOCK)
      graph.externalConstant(role, 'uint8', [rows, blocks, (QUANTISED_BLOCK * bits) / 8], at)
      const scales = { file: WEIGHTS_FILE, offset: offset + byteLength, byteLength: scaleBytes }
      const scaleType = products.precision === 'fp16' ? 'float16' : 'float32'
      declareFloats(scalesName(role), scaleType, [rows * blocks], scales)
    }
    offset += byteLength + scaleBytes
  }
  return new LayerBuilder(graph, spec, new Set(shapes.keys()), products)
}

/**
 * One decoder layer for one new token of each row, its weights constants of the graph: a step's few rows are too little
 * work to pack them again in every run. Past keys and values are read where they lie and never copied: the graph
 * returns only the new ones.
 */
export function decodeGraph(spec: DecoderSpec, held: HeldWeights): Uint8Array {
  const graph = new OnnxGraph('decode')
  const { headCount, kvHeadCount, headSize } = spec
  const layer = residentLayer(graph, spec, { precision: 'fp32', weights: held })

  const hidden = graph.input(DECODE_INPUTS.hidden, 'float32', ['rows', spec.hiddenSize])
  const positions = graph.input(DECODE_INPUTS.positions, 'int64', ['rows', 1])
  layer.rotaryInputs()
  const mask = graph.input(DECODE_INPUTS.mask, 'float32', ['rows', 1, 1, 'capacityAndNew'])
  const pastKeys = graph.input(DECODE_INPUTS.keys, 'float32', ['rows', kvHeadCount, headSize, 'capacity'])
  const pastValues = graph.input(DECODE_INPUTS.values, 'float32', ['rows', kvHeadCount, 'capacity', headSize])

  const normed = layer.norm('attention/before', hidden, 'normBeforeAttention')
  const [qRows, kRows, vRows] =
    spec.family.projections === 'fused'
      ? layer.fusedProjections('attention', normed)
      : [layer.q('attention', normed), ...layer.kv('attention', normed)]
  // [rows, kvHeads, group, headSize]: the query heads of one kv head are rows of one product.
  const q = graph.reshape('attention/q', layer.finishQ('attention', qRows, positions), [
    -1,
    kvHeadCount,
    headCount / kvHeadCount,
    headSize
  ])
  const k = layer.finishK('attention', kRows, positions)
  const newKeys = graph.reshape('attention/k', k, [-1, kvHeadCount, headSize, 1])
  const newValues = graph.reshape('attention/v', vRows, [-1, kvHeadCount, 1, headSize])

  const scores = graph.node(
    'attention/scores',
    'Concat',
    [
      graph.node('attention/scores/past', 'MatMul', [q, pastKeys]),
      graph.node('attention/scores/new', 'MatMul', [q, newKeys])
    ],
    { axis: { int: -1 } }
  )
  const capped = softCap(graph, 'attention/scores', scores, spec.attentionSoftCap)
  const masked = graph.node('attention/masked', 'Add', [capped, mask])
  const weights = graph.node('attention/weights', 'Softmax', [masked], { axis: { int: -1 } })
  const ofPast = slice(graph, 'attention/weights/past', weights, 0, -1)
  const ofNew = slice(graph, 'attention/weights/new', weights, -1, Number.MAX_SAFE_INTEGER)
  const mixed = graph.node('attention/mixed', 'Add', [
    graph.node('attention/mixed/past', 'MatMul', [ofPast, pastValues]),
    graph.node('attention/mixed/new', 'Mul', [ofNew, newValues])
  ])
  const mixedRows = graph.reshape('attention/mixed/rows', mixed, [-1, headCount * headSize])
  const rows = layer.attentionOutput('attention', mixedRows, hidden)
  graph.output(layer.mlp(rows), DECODE_OUTPUTS.hidden, ['rows', spec.hiddenSize])
  const kvDims = ['rows', kvHeadCount * headSize]
  graph.output(graph.reshape('newKeys/rows', k, [-1, kvHeadCount * headSize]), DECODE_OUTPUTS.newKeys, kvDims)
  graph.output(vRows, DECODE_OUTPUTS.newValues, kvDims)
  return graph.encode()
}

/** Elements start .. end - 1 of the last axis; negative numbers count from its end. */
function slice(graph: OnnxGraph, path: string, value: string, start: number, end: number): string {
  const constant = (name: string, number: number): string =>
    graph.constant(`${path}/${name}`, BigInt64Array.of(BigInt(number)))
  return graph.node(path, 'Slice', [
    value,
    constant('start', start),
    constant('end', end),
    constant('axis', -1)
  ])
}
