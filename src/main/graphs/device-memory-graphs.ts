import { OnnxGraph } from './onnx-model'

/* Small graphs that create and change tensors in a device's memory. From Node, only graphs can do so. */

type FloatType = 'float32' | 'float16'

/** Builds zeros: input `shape`, [rank], output `zeros`. */
export function zerosGraph(rank: number, type: FloatType): Uint8Array {
  const graph = new OnnxGraph('zeros')
  const zero = graph.constant('zero', 0)
  const shape = graph.input('shape', 'int64', [rank])
  const value = type === 'float32' ? zero : graph.cast('half', zero, type)
  graph.output(graph.node('zeros', 'Expand', [value, shape]), 'zeros', sizes(rank), type)
  return graph.encode()
}

/** Gathers rows of a tensor: inputs `from` and `rows`, output `taken`. */
export function takeRowsGraph(rank: number, type: FloatType): Uint8Array {
  const graph = new OnnxGraph('takeRows')
  const from = graph.input('from', type, sizes(rank))
  const rows = graph.input('rows', 'int64', ['rows'])
  graph.output(graph.node('taken', 'Gather', [from, rows]), 'taken', ['rows', ...sizes(rank).slice(1)], type)
  return graph.encode()
}

/** Extends a cache: inputs `cache` and `more`, both [slots, kvHeads, positions, headSize], output `extended`. */
export function extendGraph(type: FloatType): Uint8Array {
  const graph = new OnnxGraph('extend')
  const cache = graph.input('cache', type, ['slots', 'heads', 'positions', 'size'])
  const more = graph.input('more', type, ['slots', 'heads', 'morePositions', 'size'])
  const extended = graph.node('extended', 'Concat', [cache, more], { axis: { int: 2 } })
  graph.output(extended, 'extended', ['slots', 'heads', 'allPositions', 'size'], type)
  return graph.encode()
}

/**
 * Writes rows of packed keys or values to a cache: inputs `packed`, [1, packed rows, kvHeads x headSize], and `rows`.
 * Input `cache` is [slots, kvHeads, capacity, headSize]. Input `indices`, [rows, kvHeads, 3], has the target of each
 * row as (slot, head, position). The output `filled` may reuse the cache's memory.
 */
export function fillGraph(kvHeadCount: number, headSize: number, type: FloatType): Uint8Array {
  const graph = new OnnxGraph('fill')
  const dims = ['slots', kvHeadCount, 'capacity', headSize]
  const cache = graph.input('cache', type, dims)
  const packed = graph.input('packed', 'float32', [1, 'packedRows', kvHeadCount * headSize])
  const rows = graph.input('rows', 'int64', ['rows'])
  const indices = graph.input('indices', 'int64', ['rows', kvHeadCount, 3])
  const gathered = graph.node('gathered', 'Gather', [packed, rows], { axis: { int: 1 } })
  const heads = graph.reshape('heads', gathered, [-1, kvHeadCount, headSize])
  const updates = type === 'float32' ? heads : graph.cast('half', heads, type)
  graph.output(graph.node('filled', 'ScatterND', [cache, indices, updates]), 'filled', dims, type)
  return graph.encode()
}

function sizes(rank: number): string[] {
  return Array.from({ length: rank }, (_, i) => `size${i}`)
}
