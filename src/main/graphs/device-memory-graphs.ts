import { OnnxGraph } from './onnx-model'

/** Small graphs that make and change tensors in a device's memory, where outputs stay. */

type FloatType = 'float32' | 'float16'

/** Zeros: input `shape`, [rank], output `zeros`. */
export function zerosGraph(rank: number, type: FloatType): Uint8Array {
  const graph = new OnnxGraph('zeros')
  const zero = graph.constant('zero', 0)
  const shape = graph.input('shape', 'int64', [rank])
  const value = type === 'float32' ? zero : graph.cast('half', zero, type)
  graph.output(graph.node('zeros', 'Expand', [value, shape]), 'zeros', sizes(rank), type)
  return graph.encode()
}

/** Some rows of a tensor in some order: inputs `from` and `rows`, output `taken`. */
export function takeRowsGraph(rank: number, type: FloatType): Uint8Array {
  const graph = new OnnxGraph('takeRows')
  const from = graph.input('from', type, sizes(rank))
  const rows = graph.input('rows', 'int64', ['rows'])
  graph.output(graph.node('taken', 'Gather', [from, rows]), 'taken', ['rows', ...sizes(rank).slice(1)], type)
  return graph.encode()
}

/** A cache with more places: inputs `cache` and `more`, both [slots, kvHeads, places, headSize], output `extended`. */
export function extendGraph(type: FloatType): Uint8Array {
  const graph = new OnnxGraph('extend')
  const cache = graph.input('cache', type, ['slots', 'heads', 'places', 'size'])
  const more = graph.input('more', type, ['slots', 'heads', 'morePlaces', 'size'])
  const extended = graph.node('extended', 'Concat', [cache, more], { axis: { int: 2 } })
  graph.output(extended, 'extended', ['slots', 'heads', 'allPlaces', 'size'], type)
  return graph.encode()
}

/**
 * Puts rows of a packed prompt into a cache: inputs `cache` [slots, kvHeads, capacity, headSize], `packed` [1, packed
 * rows, kvHeads x headSize] in float32, `rows` of it, and for each of them and each head its (slot, head, place) in `places`,
 * [rows, kvHeads, 3]; output `filled`, which takes the cache's memory when that is given for it.
 */
export function fillGraph(kvHeadCount: number, headSize: number, type: FloatType): Uint8Array {
  const graph = new OnnxGraph('fill')
  const dims = ['slots', kvHeadCount, 'capacity', headSize]
  const cache = graph.input('cache', type, dims)
  const packed = graph.input('packed', 'float32', [1, 'packedRows', kvHeadCount * headSize])
  const rows = graph.input('rows', 'int64', ['rows'])
  const places = graph.input('places', 'int64', ['rows', kvHeadCount, 3])
  const gathered = graph.node('gathered', 'Gather', [packed, rows], { axis: { int: 1 } })
  const heads = graph.reshape('heads', gathered, [-1, kvHeadCount, headSize])
  const updates = type === 'float32' ? heads : graph.cast('half', heads, type)
  graph.output(graph.node('filled', 'ScatterND', [cache, places, updates]), 'filled', dims, type)
  return graph.encode()
}

function sizes(rank: number): string[] {
  return Array.from({ length: rank }, (_, i) => `size${i}`)
}
