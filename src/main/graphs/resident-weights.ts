import type { WeightStorage } from '../../contract/model/sampling'
import { alwaysFloat32, weightType } from './block-graph'
import { QUANTISED_BLOCK, quantisedBits, scalesName, type Products } from './layer-builder'
import type { OnnxGraph } from './onnx-model'

// Weights that stay in memory during generation ("resident"). A session gets the weights of a layer as one array of
// bytes, and graphs refer to tensors by their position in it.

/** Position of a tensor in these bytes: float32 values, or quantised blocks followed by their scales. */
export interface ResidentTensor {
  readonly name: string
  /** [size], or [rows, columns]. */
  readonly shape: readonly number[]
  /** Roles of the stored tensors whose rows or elements are concatenated. */
  readonly parts: readonly string[]
  readonly offset: number
  readonly byteLength: number
  /** Bytes of the scales; 0 for floats. */
  readonly scaleBytes: number
}

/** Lays out tensors for a session. Matrices of products may be quantised; vectors and float32 tensors never are. */
export function residentLayout(
  tensors: readonly Pick<ResidentTensor, 'name' | 'shape' | 'parts'>[],
  weights: WeightStorage
): ResidentTensor[] {
  const bits = quantisedBits(weights)
  let offset = 0
  return tensors.map(({ name, shape, parts }) => {
    const [rows = 1, ...inner] = shape
    const columns = inner.length === 0 ? undefined : inner.reduce((product, size) => product * size, 1)
    const quantised = columns !== undefined && bits !== null && !alwaysFloat32(name)
    const blocks = rows * Math.ceil((columns ?? 1) / QUANTISED_BLOCK)
    const byteLength = quantised
      ? (blocks * QUANTISED_BLOCK * bits) / 8
      : rows * (columns ?? 1) * Float32Array.BYTES_PER_ELEMENT
    const scaleBytes = quantised ? blocks * Float32Array.BYTES_PER_ELEMENT : 0
    const tensor = { name, shape, parts, offset, byteLength, scaleBytes }
    offset += byteLength + scaleBytes
    return tensor
  })
}

/** Counts the bytes of a layout, as given to a session. */
export function layoutBytes(layout: readonly ResidentTensor[]): number {
  return layout.reduce((sum, { byteLength, scaleBytes }) => sum + byteLength + scaleBytes, 0)
}

/** Counts the bytes of weights that a session keeps. float16 weights are passed to it in float32. */
export function sessionBytes(layout: readonly ResidentTensor[], weights: WeightStorage): number {
  return layout.reduce((sum, { name, byteLength, scaleBytes }) => {
    const halved = weights === 'fp16' && weightType(name, 'fp16') === 'float16'
    return sum + (halved ? byteLength / 2 : byteLength) + scaleBytes
  }, 0)
}

/** Declares tensors as constants, which the session gets as `file`. @returns names in the graph by tensor name */
export function residentConstants(
  graph: OnnxGraph,
  file: string,
  layout: readonly ResidentTensor[],
  products: Products
): Map<string, string> {
  const bits = quantisedBits(products.weights)
  // The session folds the cast of a constant when it is created.
  const declareFloats = (
    name: string,
    type: 'float32' | 'float16',
    shape: readonly number[],
    at: { file: string; offset: number; byteLength: number }
  ): string =>
    type === 'float32'
      ? graph.externalConstant(name, type, shape, at)
      : graph.cast(name, graph.externalConstant(`${name}/stored`, 'float32', shape, at), type)
  return new Map(
    layout.map(({ name, shape, offset, byteLength, scaleBytes }) => {
      const at = { file, offset, byteLength }
      if (bits === null) return [name, declareFloats(name, weightType(name, products.precision), shape, at)]
      if (scaleBytes === 0) return [name, graph.externalConstant(name, 'float32', shape, at)]
      const [rows = 1, columns = 1] = shape
      const blocks = Math.ceil(columns / QUANTISED_BLOCK)
      const scales = { file, offset: offset + byteLength, byteLength: scaleBytes }
      const scaleType = products.precision === 'fp16' ? 'float16' : 'float32'
      declareFloats(scalesName(name), scaleType, [rows * blocks], scales)
      const bytes = (QUANTISED_BLOCK * bits) / 8
      return [name, graph.externalConstant(name, 'uint8', [rows, blocks, bytes], at)]
    })
  )
}
