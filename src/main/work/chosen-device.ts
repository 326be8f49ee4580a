import {
  type ChosenDevice,
  type DeviceChoice,
  type DeviceName,
  hasHalf,
  type Precision
} from '../../contract/model/device'
import { WorkbenchError } from '../../contract/model/problem'
import type { Devices } from './devices'

/** Chooses the device before anything of the pair is loaded. @param base folder of a model of the pair */
export async function chosenDevice(
  { device = 'auto', precision }: { device?: DeviceChoice | undefined; precision?: Precision | undefined },
  base: string,
  devices: Devices
): Promise<ChosenDevice> {
  if (device !== 'auto') requireHalf(device, precision)
  const chosen = await devices.choose(device, base)
  requireHalf(chosen.device, precision)
  return device === 'auto' ? { ...chosen, isAutomatic: true } : chosen
}

/** Half precision was asked for on a device without it. */
export class HalfUnavailable extends WorkbenchError {
  constructor(readonly device: DeviceName) {
    super(
      'unsupported',
      `Precision fp16 needs a device that has it, and ${device} computes in fp32 only.`,
      'Leave the precision out, or name a device, such as webgpu.'
    )
  }
}

/** @throws HalfUnavailable for fp16 on a device that computes in fp32 only */
export function requireHalf(device: DeviceName, precision: Precision | undefined): void {
  if (precision === 'fp16' && !hasHalf(device)) throw new HalfUnavailable(device)
}
