import type { Device } from '../main/engine/device'
import { floatTensor, runSession } from '../main/engine/device'
import { OnnxGraph } from '../main/family/onnx-model'

/** A plain large product through onnxruntime, as a layer's down projection is shaped: long sums, a small result. */
const ROWS = 1024
const INNER = 4096
const COLUMNS = 1024
/** Of one run. */
export const PEAK_FLOPS = 2 * ROWS * INNER * COLUMNS

/** The product's name in a profile. */
export const PEAK_NODE = 'peak/Gemm'

/** The machine's limit for projections: one Gemm with constant (hence prepacked) weights and the engine's session options. */
export interface GemmPeak {
  /** Runs the product once; its speed in GFLOP/s. */
  measure(): Promise<number>
  close(): Promise<void>
}

export async function openGemmPeak(device: Device): Promise<GemmPeak> {
  const graph = new OnnxGraph('peak')
  const rows = graph.input('rows', 'float32', [ROWS, INNER])
  const weights = graph.constant('weights', waves(INNER * COLUMNS), [COLUMNS, INNER])
  const product = graph.node(PEAK_NODE, 'Gemm', [rows, weights], { transB: { int: 1 } })
  graph.output(product, 'product', [ROWS, COLUMNS])
  const session = await device.createSession(graph.encode())
  const input = floatTensor(waves(ROWS * INNER), [ROWS, INNER])
  await runSession(session, { rows: input })
  return {
    measure: async () => {
      const startedMs = performance.now()
      await runSession(session, { rows: input })
      return PEAK_FLOPS / (performance.now() - startedMs) / 1e6
    },
    close: () => session.release()
  }
}

/** Ordinary values in [-1, 1]; products do not get faster or slower by them. */
function waves(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i))
}
