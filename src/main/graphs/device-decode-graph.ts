import type { Precision } from '../../contract/model/device'
import { layerFile, residentLayer } from './decode-graph'
import type { DecoderSpec } from '../family/decoder-spec'
import { ROTARY_INPUTS, rotaryInputs, softCap, type Products } from './layer-builder'
import { OnnxGraph } from './onnx-model'

/**
 * Input names of a device's decode graph, which computes a new token for each slot. A slot is a row of the cache, which
 * an answer in progress occupies. Results of free slots are ignored.
 */
export const DEVICE_DECODE_INPUTS = {
  /** States of all models' rows in a step, [states, hidden]. The block reads and replaces the rows of its model. */
  states: 'states',
  /** Row of `states` for each slot, [slots, 1]. */
  stateRows: 'stateRows',
  /** Position of each slot's new token, [slots, 1]. */
  positions: 'positions',
  ...ROTARY_INPUTS,
  /** Additive mask over the cache, including the new token, [slots, 1, 1, capacity]. */
  mask: 'mask',
  /** (slot, head, position) of each new key and value, [slots, kvHeads, 3]. */
  cacheIndices: 'cacheIndices',
  /** Rotated keys, [slots, kvHeads, capacity, headSize]; values have the same shape. */
  keys: 'keys',
  values: 'values'
} as const

/** Outputs that reuse the memory of their inputs, so that only new data is copied. */
export const DEVICE_DECODE_OUTPUTS = { states: 'statesOut', keys: 'keysOut', values: 'valuesOut' } as const

export function cacheType(precision: Precision): 'float32' | 'float16' {
  return precision === 'fp16' ? 'float16' : 'float32'
}

/**
 * Builds one layer for one new token of each slot, for devices with their own memory. New keys and values are written
 * to the cache first, so that attention reads one tensor, as MatMul, Softmax, MatMul (see `blockGraph`).
 */
export function deviceDecodeGraph(spec: DecoderSpec, products: Products): Uint8Array {
  const graph = new OnnxGraph('deviceDecode')
  const { headCount, kvHeadCount, headSize, hiddenSize } = spec
  const layer = residentLayer(graph, { spec, layer: 0 }, products, layerFile(0), rotaryInputs(graph, spec))
  const type = cacheType(products.precision)
  const cacheDims = ['slots', kvHeadCount, 'capacity', headSize]

  const states = graph.input(DEVICE_DECODE_INPUTS.states, 'float32', ['states', hiddenSize])
  const stateRows = graph.input(DEVICE_DECODE_INPUTS.stateRows, 'int64', ['slots', 1])
  const positions = graph.input(DEVICE_DECODE_INPUTS.positions, 'int64', ['slots', 1])
  const mask = graph.input(DEVICE_DECODE_INPUTS.mask, 'float32', ['slots', 1, 1, 'capacity'])
  const cacheIndices = graph.input(DEVICE_DECODE_INPUTS.cacheIndices, 'int64', ['slots', kvHeadCount, 3])
  const pastKeys = graph.input(DEVICE_DECODE_INPUTS.keys, type, cacheDims)
  const pastValues = graph.input(DEVICE_DECODE_INPUTS.values, type, cacheDims)

  const hidden = graph.reshape('rows', graph.node('rows/gathered', 'Gather', [states, stateRows]), [-1, hiddenSize])
  const normed = layer.norm('attention/before', hidden, 'beforeAttention')
  const [qRows, kRows, vRows] = layer.projectQkv(normed)
  // Cast to float32 before use: sums over thousands of positions would lose more in float16 than storing
  // does.
  const writeToCache = (name: 'keys' | 'values', cache: string, rows: string): string => {
    const heads = graph.reshape(`attention/${name}/heads`, rows, [-1, kvHeadCount, headSize])
    const half = type === 'float16'
    const updates = half ? graph.cast(`attention/${name}/half`, heads, type) : heads
    const output = DEVICE_DECODE_OUTPUTS[name]
    const updated = graph.node(output, 'ScatterND', [cache, cacheIndices, updates])
    graph.output(updated, output, cacheDims, type)
    return half ? graph.cast(`attention/${name}/single`, updated, 'float32') : updated
  }
  const keys = writeToCache('keys', pastKeys, layer.finishK(kRows, positions))
  const values = writeToCache('values', pastValues, vRows)

  // [slots, kvHeads, headSize, group]: the query heads of one kv head are columns of one product.
  const q = graph.reshape('attention/q', layer.scaleQueries('attention', layer.finishQ(qRows, positions)), [
    -1,
    kvHeadCount,
    headCount / kvHeadCount,
    headSize
  ])
  const byPosition = graph.node('attention/scores/positions', 'MatMul', [
    keys,
    swapLast(graph, 'attention/q/columns', q)
  ])
  const scores = swapLast(graph, 'attention/scores', byPosition)
  const capped = softCap(graph, 'attention/scores', scores, spec.attentionSoftCap)
  const masked = graph.node('attention/masked', 'Add', [capped, mask])
  const weights = graph.node('attention/weights', 'Softmax', [masked], { axis: { int: -1 } })
  const mixed = graph.node('attention/mixed', 'MatMul', [weights, values])
  const mixedRows = graph.reshape('attention/mixed/rows', mixed, [-1, headCount * headSize])
  const rows = layer.mlp(layer.attentionOutput(layer.applyGates(mixedRows, qRows), hidden), hidden)
  const replaced = graph.node(DEVICE_DECODE_OUTPUTS.states, 'ScatterND', [states, stateRows, rows])
  graph.output(replaced, DEVICE_DECODE_OUTPUTS.states, ['states', hiddenSize])
  return graph.encode()
}

/** Transposes the last two of four axes. */
function swapLast(graph: OnnxGraph, path: string, value: string): string {
  return graph.node(path, 'Transpose', [value], { perm: { ints: [0, 1, 3, 2] } })
}
