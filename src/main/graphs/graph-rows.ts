import type { OnnxGraph } from './onnx-model'

/** Gathers rows along `axis`, by default of [nodes, rows, width]. @param path name of the node in the graph */
export function gatherRows(graph: OnnxGraph, path: string, value: string, rows: Int32Array, axis: 1 | 2 = 1): string {
  const index = graph.constant(`${path}/index`, BigInt64Array.from(rows, BigInt))
  return graph.node(path, 'Gather', [value, index], { axis: { int: axis } })
}

/** Concatenates values of [nodes, rows, width] along their rows. */
export function concatRows(graph: OnnxGraph, path: string, values: readonly string[]): string {
  const [first = ''] = values
  return values.length === 1 ? first : graph.node(path, 'Concat', values, { axis: { int: 1 } })
}

/** Appends a row of zeros to [nodes, rows, width]. */
export function withZeroRow(graph: OnnxGraph, path: string, value: string): string {
  const pads = graph.constant(`${path}/pads`, BigInt64Array.from([0n, 0n, 0n, 0n, 1n, 0n]))
  return graph.node(`${path}/padded`, 'Pad', [value, pads])
}

export function silu(graph: OnnxGraph, path: string, value: string): string {
  const gate = graph.node(`${path}/sigmoid`, 'Sigmoid', [value])
  return graph.node(`${path}/silu`, 'Mul', [value, gate])
}
