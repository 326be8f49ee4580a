import {
  type ChosenDevice,
  type DeviceChoice,
  type DeviceName,
  hasHalf,
  type Precision
} from '../../../contract/model/device'
import { triedDevices } from '../../jobs/devices'
import { UsageError } from '../printing/output'

/**
 * The device for a command that works on a pair, before anything of it is loaded.
 *
 * @throws WorkbenchError as `Devices.choose`; UsageError as {@link requireHalf}
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

/** @throws UsageError for `--precision fp16` on a device that computes in fp32 only */
export function requireHalf(device: DeviceName, precision: Precision | undefined): void {
  if (precision !== 'fp16' || hasHalf(device)) return
  throw new UsageError(
    `--precision fp16 needs a device that has it, and ${device} computes in fp32 only: leave --precision out, or name a device, such as --device webgpu`,
    'slr devices --help'
  )
}
