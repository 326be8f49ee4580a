import type { Device } from '../main/engine/device/device'
import { openTimedProduct, productFlops, type TimedProduct } from '../main/engine/device/timed-product'

/** A plain large product through onnxruntime, as a layer's down projection is shaped: long sums, a small result. */
const PEAK_SHAPE = { rows: 1024, inner: 4096, columns: 1024 }

/** Floating-point operations of one run. */
export const PEAK_FLOPS = productFlops(PEAK_SHAPE)

/** The machine's limit for projections. */
export function openGemmPeak(device: Device): Promise<TimedProduct> {
  return openTimedProduct(device, PEAK_SHAPE)
}
