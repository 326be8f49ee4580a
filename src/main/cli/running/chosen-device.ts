import {
  type ChosenDevice,
  type DeviceChoice,
  type DeviceName,
  hasHalf,
  type Precision
} from '../../../contract/model/device'
import { WorkbenchError } from '../../../contract/model/problem'
import { triedDevices } from '../../jobs/devices'

/**
 * The device for a command that works on a pair, before anything of it is loaded.
 *
 * @throws WorkbenchError as `Devices.choose` and {@link requireHalf}
 */
export async function chosenDevice(
  { device = 'auto', precision }: { device?: DeviceChoice | undefined; precision?: Precision | undefined },
  post: string,
  signal: AbortSignal
): Promise<ChosenDevice> {
  if (device !== 'auto') requireHalf(device, precision)
  const chosen = await triedDevices(signal).choose(device, post)
  requireHalf(chosen.device, precision)
  return chosen
}

/** @throws WorkbenchError `unsupported` for float16 where it gains nothing */
export function requireHalf(device: DeviceName, precision: Precision | undefined): void {
  if (precision !== 'fp16' || hasHalf(device)) return
  throw new WorkbenchError(
    'unsupported',
    `The device ${device} computes in fp32 only.`,
    'Leave --precision out, or compute on a device that has fp16, such as --device webgpu.'
  )
}
