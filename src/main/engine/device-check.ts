import type { DeviceCheck, DeviceName } from '../../contract/device'
import type { CheckDeviceRequest } from '../../contract/engine'
import { OnnxGraph } from '../family/onnx-model'
import { floatTensor, openDevice, runSession } from './device'
import { probe } from './probe'
import { postStrengths } from '../../contract/strengths'

/** Long enough for every kernel that a real prompt takes: attention kernels change at 32 positions. */
const PROMPT_LENGTH = 64

const ROWS = 512
const SIZE = 1024
const PRODUCT_RUNS = 3

/**
 * Whether a device computes what the CPU computes, and how fast. That an adapter exists says neither: it may be
 * software, and drivers have been seen to return wrong numbers without any error.
 *
 * @param request a small pair to compute logits of; the same on both devices, in float32
 * @throws WorkbenchError `unsupported` when this machine has no such device
 */
export async function checkDevice(request: CheckDeviceRequest, signal?: AbortSignal): Promise<DeviceCheck> {
  const { device, base, post, layerCount } = request
  const model = { kind: 'recipe' as const, layers: postStrengths(layerCount) }
  const prompts = [Array.from({ length: PROMPT_LENGTH }, (_, i) => i + 1)]
  const logitsOn = async (name: DeviceName): Promise<number[]> => {
    const [logits = []] = await probe({ base, post, device: name, precision: 'fp32', model, prompts }, signal)
    return logits
  }
  const found = await logitsOn(device)
  const expected = device === 'cpu' ? found : await logitsOn('cpu')
  return {
    largestDifference: found.reduce(
      // A NaN anywhere must win.
      (largest, value, i) => Math.max(largest, Math.abs(value - (expected[i] ?? NaN))),
      0
    ),
    gigaflops: await productSpeed(device)
  }
}

/** The best of a few runs of one product, in GFLOP/s. */
async function productSpeed(name: DeviceName): Promise<number> {
  const device = await openDevice(name)
  try {
    const graph = new OnnxGraph('speed')
    const rows = graph.input('rows', 'float32', [ROWS, SIZE])
    const weights = graph.input('weights', 'float32', [SIZE, SIZE])
    const product = graph.node('product', 'Gemm', [rows, weights], { transB: { int: 1 } })
    graph.output(product, 'result', [ROWS, SIZE])
    const session = await device.createSession(graph.encode())
    const resident = await device.resident(waves(SIZE * SIZE), [SIZE, SIZE])
    const feeds = { rows: floatTensor(waves(ROWS * SIZE), [ROWS, SIZE]), weights: resident }
    // The first run compiles.
    await runSession(session, feeds)
    let seconds = Infinity
    for (let run = 0; run < PRODUCT_RUNS; run++) {
      const startedMs = performance.now()
      await runSession(session, feeds)
      seconds = Math.min(seconds, (performance.now() - startedMs) / 1000)
    }
    resident.dispose()
    await session.release()
    return (2 * ROWS * SIZE * SIZE) / seconds / 1e9
  } finally {
    await device.close()
  }
}

/** Ordinary values in [-1, 1]. */
function waves(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i))
}
