import { OnnxGraph } from '../../graphs/onnx-model'
import { floatTensor, runSession, type Device } from './device'

/** A product [rows, inner] x [inner, columns]. */
export interface ProductShape {
  readonly rows: number
  readonly inner: number
  readonly columns: number
}

/** A single Gemm to be timed, with constant (hence prepacked) weights and the engine's session options. */
export interface TimedProduct {
  /** Runs the product once and returns its speed in GFLOP/s. */
  measure(): Promise<number>
  close(): Promise<void>
}

export const PRODUCT_NODE = 'product/Gemm'

export function productFlops({ rows, inner, columns }: ProductShape): number {
  return 2 * rows * inner * columns
}

export async function openTimedProduct(device: Device, shape: ProductShape): Promise<TimedProduct> {
  const { rows, inner, columns } = shape
  const graph = new OnnxGraph('product')
  const left = graph.input('rows', 'float32', [rows, inner])
  const weights = graph.constant('weights', sineValues(inner * columns), [columns, inner])
  const product = graph.node(PRODUCT_NODE, 'Gemm', [left, weights], { transB: { int: 1 } })
  graph.output(product, 'product', [rows, columns])
  const session = await device.createSession(graph.encode())
  const feeds = { rows: floatTensor(sineValues(rows * inner), [rows, inner]) }
  await runSession(session, feeds)
  return {
    measure: async () => {
      const startedMs = performance.now()
      await runSession(session, feeds)
      return productFlops(shape) / (performance.now() - startedMs) / 1e6
    },
    close: () => session.release()
  }
}

/** Creates values in [-1, 1], which do not affect the speed of products. */
function sineValues(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i))
}
