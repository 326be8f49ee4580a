import type { Precision } from '../../contract/model/device'
import { layerFile, residentLayer } from './decode-graph'
import type { DecoderSpec } from '../family/decoder-spec'
import { ROTARY_INPUTS, rotaryInputs, softCap, type Products } from './layer-builder'
import { OnnxGraph } from './onnx-model'

/** Names of a device decode graph's inputs. Slots are the places of a cache; a slot may be free and compute nothing of use. */
export const DEVICE_DECODE_INPUTS = {
  /** Of all rows of a step, [states, hidden]; this block's are read and replaced. */
  states: 'states',
  /** For each slot its row of `states`, [slots, 1]. */
  stateRows: 'stateRows',
  /** Position of each slot's new token, [slots, 1]. */
  positions: 'positions',
  ...ROTARY_INPUTS,
  /** Additive, over the cache's places, the new token's among them, [slots, 1, 1, capacity]. */
  mask: 'mask',
  /** (slot, head, place) of each new key and value, [slots, kvHeads, 3]. */
  places: 'places',
  /** Rotated keys, [slots, kvHeads, capacity, headSize], and values alike. */
  keys: 'keys',
  values: 'values'
} as const

/** Each takes the memory of its input when that is given for it: nothing is copied but what is new. */
export const DEVICE_DECODE_OUTPUTS = { states: 'statesOut', keys: 'keysOut', values: 'valuesOut' } as const

/** What keys and values are held in on a device that computes in this precision. */
export function cacheType(precision: Precision): 'float32' | 'float16' {
  return precision === 'fp16' ? 'float16' : 'float32'
}

/**
 * One decoder layer for one new token of each slot, for devices with memory of their own: hidden states and the cache
 * come in and go out as tensors that stay there. The new keys and values are put into the cache first, so that attention
 * reads one tensor; keys lie as they were made, and it is the few queries and scores that get transposed.
 *
 * Attention is written as MatMul, Softmax, MatMul for the reasons given at `blockGraph`.
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
  const places = graph.input(DEVICE_DECODE_INPUTS.places, 'int64', ['slots', kvHeadCount, 3])
  const pastKeys = graph.input(DEVICE_DECODE_INPUTS.keys, type, cacheDims)
  const pastValues = graph.input(DEVICE_DECODE_INPUTS.values, type, cacheDims)

  const hidden = graph.reshape('rows', graph.node('rows/gathered', 'Gather', [states, stateRows]), [
    -1,
    hiddenSize
  ])
  const normed = layer.norm('attention/before', hidden, 'beforeAttention')
  const [qRows, kRows, vRows] = layer.joinedProjections('attention', normed)
  // Cast to float32 again before it is used: sums over thousands of places would lose more in float16 than storing does.
  const put = (name: 'keys' | 'values', cache: string, rows: string): string => {
    const heads = graph.reshape(`attention/${name}/heads`, rows, [-1, kvHeadCount, headSize])
    const half = type === 'float16'
    const updates = half ? graph.cast(`attention/${name}/half`, heads, type) : heads
    const output = DEVICE_DECODE_OUTPUTS[name]
    const updated = graph.node(output, 'ScatterND', [cache, places, updates])
    graph.output(updated, output, cacheDims, type)
    return half ? graph.cast(`attention/${name}/single`, updated, 'float32') : updated
  }
  const keys = put('keys', pastKeys, layer.finishK('attention', kRows, positions))
  const values = put('values', pastValues, vRows)

  // [slots, kvHeads, headSize, group]: the query heads of one kv head are columns of one product.
  const q = graph.reshape(
    'attention/q',
    layer.scaled('attention', layer.finishQ('attention', qRows, positions)),
    [-1, kvHeadCount, headCount / kvHeadCount, headSize]
  )
  const swapLast = (path: string, value: string): string =>
    graph.node(path, 'Transpose', [value], { perm: { ints: [0, 1, 3, 2] } })
  const byPlace = graph.node('attention/scores/places', 'MatMul', [keys, swapLast('attention/q/columns', q)])
  const scores = swapLast('attention/scores', byPlace)
  const capped = softCap(graph, 'attention/scores', scores, spec.attentionSoftCap)
  const masked = graph.node('attention/masked', 'Add', [capped, mask])
  const weights = graph.node('attention/weights', 'Softmax', [masked], { axis: { int: -1 } })
  const mixed = graph.node('attention/mixed', 'MatMul', [weights, values])
  const mixedRows = graph.reshape('attention/mixed/rows', mixed, [-1, headCount * headSize])
  const rows = layer.mlp(layer.attentionOutput('attention', mixedRows, hidden), hidden)
  const replaced = graph.node(DEVICE_DECODE_OUTPUTS.states, 'ScatterND', [states, stateRows, rows])
  graph.output(replaced, DEVICE_DECODE_OUTPUTS.states, ['states', hiddenSize])
  return graph.encode()
}
