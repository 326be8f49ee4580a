import { z } from 'zod'
import { DEVICE_LABELS } from '../../contract/model/device'
import { unsupportedError, WorkbenchError } from '../../contract/model/problem'
import type { CheckDeviceRequest } from '../../contract/procedures/engine'
import { throwIfCancelled } from '../base/files/cancelling'
import { UserFile } from '../base/files/user-file'
import { openPair } from '../checkpoint/pair'
import type { CrcSweepRequest } from '../crc/sweep/prepare-sweep'
import { type Devices, whyWrong } from './devices'

/** Results of device checks by `keyOf`, the newest last: why a device is wrong for a pair, or null if it is correct. */
const checks = new UserFile('checked-devices', z.record(z.string(), z.string().nullable()), {})

const MAX_CHECKS = 200

/**
 * Compares layers of the pair on the request's GPU with the CPU, before its first sweep. If the GPU computes them
 * wrongly or fails, the request falls back from automatic fp16 to fp32, and from an automatic GPU to the CPU.
 *
 * @returns the request with the device and precision to use
 * @throws WorkbenchError if the user named the GPU and it computes wrongly
 */
export async function checkedRequest(
  request: CrcSweepRequest,
  devices: Devices,
  signal: AbortSignal
): Promise<CrcSweepRequest> {
  const { base, post, device: chosen, precision } = request
  if (chosen === undefined || chosen.device === 'cpu') return request
  const { device, isAutomatic = false } = chosen
  const label = DEVICE_LABELS[device]
  const reason = await whyUnusable(devices, { base, post, device, precision }, signal, isAutomatic)
  if (reason === null) return request
  if (precision === undefined) {
    const inFp32 = { base, post, device, precision: 'fp32' } as const
    if ((await whyUnusable(devices, inFp32, signal, isAutomatic)) === null) {
      const notice = `${label} computes this pair in fp32: ${reason}`
      return { ...request, precision: 'fp32', device: { ...chosen, notice } }
    }
  }
  if (!isAutomatic) throw unsupportedError(`${label} computes this pair wrongly: ${reason}`, 'Use --device cpu.')
  const notice = `The CPU computes this pair, not ${label}: ${reason}`
  return { ...request, precision: undefined, device: { device: 'cpu', notice } }
}

/** Returns why a pair cannot be computed on a device; null if it can. Results are stored for later sweeps. */
async function whyUnusable(
  devices: Devices,
  request: CheckDeviceRequest,
  signal: AbortSignal,
  isAutomatic: boolean
): Promise<string | null> {
  const key = await keyOf(devices, request)
  const stored = (await checks.read())[key]
  if (stored !== undefined) return stored
  try {
    const reason = whyWrong(await devices.check(request, signal))
    // If the result cannot be stored, the next sweep checks again.
    await checks
      .change((stored) => Object.fromEntries(Object.entries({ ...stored, [key]: reason }).slice(-MAX_CHECKS)))
      .catch(() => undefined)
    return reason
  } catch (error) {
    throwIfCancelled(signal, 'The check of a device')
    if (!(error instanceof WorkbenchError)) throw error
    // Too little memory for the check does not mean wrong results.
    if (error.problem.code === 'device-memory') return null
    if (!isAutomatic) throw error
    return error.problem.message
  }
}

/** Identifies a check by everything that may change its result. */
async function keyOf(devices: Devices, { base, post, device, precision }: CheckDeviceRequest): Promise<string> {
  const pair = await openPair(base, post)
  const models = [pair.base.checkpoint.fingerprint, pair.post.checkpoint.fingerprint]
  return JSON.stringify([device, precision ?? 'automatic', ...models, await devices.drivers()])
}
