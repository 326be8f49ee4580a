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
 * A GPU with too little memory for the comparison is used with a notice, because a sweep may need less. If the GPU was
 * wrong in fp16, it is not used.
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
  const { reason, isCompared } = await compare(devices, { base, post, device, precision }, signal, isAutomatic)
  if (reason === null) return request
  if (!isCompared) {
    return { ...request, device: { ...chosen, notice: `${label} was not compared with the CPU: ${reason}` } }
  }
  if (precision === undefined) {
    const inFp32 = { base, post, device, precision: 'fp32' } as const
    if ((await compare(devices, inFp32, signal, isAutomatic)).reason === null) {
      const notice = `${label} computes this pair in fp32: ${reason}`
      return { ...request, precision: 'fp32', device: { ...chosen, notice } }
    }
  }
  if (!isAutomatic) throw unsupportedError(`${label} computes this pair wrongly: ${reason}`, 'Use --device cpu.')
  const notice = `The CPU computes this pair, not ${label}: ${reason}`
  return { ...request, precision: undefined, device: { device: 'cpu', notice } }
}

/** Result of a comparison with the CPU. */
interface Comparison {
  /** Why the device is wrong, failed or could not be compared; null if it computes correctly. */
  readonly reason: string | null
  /** False if the memory of the device was too small for the comparison. */
  readonly isCompared: boolean
}

/** Compares a device with the CPU on a pair. Results are stored for later sweeps. */
async function compare(
  devices: Devices,
  request: CheckDeviceRequest,
  signal: AbortSignal,
  isAutomatic: boolean
): Promise<Comparison> {
  const key = await keyOf(devices, request)
  const stored = (await checks.read())[key]
  if (stored !== undefined) return { reason: stored, isCompared: true }
  try {
    const reason = whyWrong(await devices.check(request, signal))
    // If the result cannot be stored, the next sweep checks again.
    await checks
      .change((stored) => Object.fromEntries(Object.entries({ ...stored, [key]: reason }).slice(-MAX_CHECKS)))
      .catch(() => undefined)
    return { reason, isCompared: true }
  } catch (error) {
    throwIfCancelled(signal, 'The check of a device')
    if (!(error instanceof WorkbenchError)) throw error
    const { code, message } = error.problem
    if (code === 'device-memory') return { reason: message, isCompared: false }
    if (!isAutomatic) throw error
    return { reason: message, isCompared: true }
  }
}

/** Identifies a check by everything that may change its result. */
async function keyOf(devices: Devices, { base, post, device, precision }: CheckDeviceRequest): Promise<string> {
  const pair = await openPair(base, post)
  const models = [pair.base.checkpoint.fingerprint, pair.post.checkpoint.fingerprint]
  return JSON.stringify([device, precision ?? 'automatic', ...models, await devices.drivers()])
}
