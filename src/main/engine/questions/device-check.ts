import type { DeviceCheck, DeviceName } from '../../../contract/model/device'
import type { CheckDeviceRequest } from '../../../contract/procedures/engine'
import { openDevice } from '../device/device'
import { probe } from './probe'
import { openTimedProduct } from '../device/timed-product'

/** Tokens of the test prompt, enough for every kernel that a real prompt takes: attention's change at 32 positions. */
const PROMPT_LENGTH = 64

/** The shape of the timed product: as large as a layer's, and small enough for a software adapter. */
const PRODUCT = { rows: 512, inner: 1024, columns: 1024 }
const PRODUCT_RUNS = 3

/**
 * Checks whether a device computes the same as the CPU, and measures its speed. The existence of an adapter proves
 * neither. An adapter may be software, and some drivers return wrong numbers without an error.
 *
 * @param request a small pair whose logits both devices compute, in float32
 * @throws WorkbenchError `unsupported` when this machine has no such device
 */
export async function checkDevice(request: CheckDeviceRequest, signal?: AbortSignal): Promise<DeviceCheck> {
  const { device, base, post } = request
  const model = { kind: 'post' as const }
  const prompts = [Array.from({ length: PROMPT_LENGTH }, (_, i) => i + 1)]
  const logitsOn = async (name: DeviceName): Promise<number[]> => {
    const [logits = []] = await probe({ base, post, device: name, precision: 'fp32', model, prompts }, signal)
    return logits
  }
  const computed = await logitsOn(device)
  const expected = device === 'cpu' ? computed : await logitsOn('cpu')
  return {
    largestDifference: computed.reduce(
      // A NaN anywhere makes the result NaN.
      (largest, value, i) => Math.max(largest, Math.abs(value - (expected[i] ?? NaN))),
      0
    ),
    gigaflops: await productSpeed(device)
  }
}

/** Measures the best of a few runs of one product, in GFLOP/s. */
async function productSpeed(name: DeviceName): Promise<number> {
  const device = await openDevice(name)
  try {
    const product = await openTimedProduct(device, PRODUCT)
    let best = 0
    for (let run = 0; run < PRODUCT_RUNS; run++) best = Math.max(best, await product.measure())
    await product.close()
    return best
  } finally {
    await device.close()
  }
}
