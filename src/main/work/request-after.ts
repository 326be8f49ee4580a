import { DEVICE_LABELS, hasHalf } from '../../contract/model/device'
import type { WorkbenchError } from '../../contract/model/problem'
import type { CrcSweepRequest } from '../crc/sweep/prepare-sweep'

/**
 * Returns the request that takes the place of one that failed on a GPU. Results of two precisions or devices are never
 * mixed in a sweep, so the new request begins again.
 *
 * - Numbers that overflowed in an automatic float16 are computed in float32.
 * - On an automatically chosen GPU, an overflow in float32 or the death of the engine leads to the CPU.
 *
 * @returns null if the failure would repeat, or the user chose the device and precision
 */
export function requestAfter({ problem }: WorkbenchError, request: CrcSweepRequest): CrcSweepRequest | null {
  const { device: chosen, precision } = request
  if (chosen === undefined || chosen.device === 'cpu') return null
  const { device, isAutomatic = false } = chosen
  const label = DEVICE_LABELS[device]
  if (problem.code === 'overflow' && precision === undefined && hasHalf(device)) {
    const notice = `Numbers overflowed in fp16 on ${label}. The sweep begins again in fp32.`
    return { ...request, precision: 'fp32', device: { ...chosen, notice } }
  }
  if (isAutomatic && (problem.code === 'overflow' || problem.code === 'engine-lost')) {
    const notice = `${label} failed, and the sweep begins again on the CPU: ${problem.message}`
    return { ...request, precision: undefined, device: { device: 'cpu', notice } }
  }
  return null
}
