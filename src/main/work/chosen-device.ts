import {
  type ChosenDevice,
  type DeviceChoice,
  type DeviceName,
  hasFp16,
  type Precision
} from '../../contract/model/device'
import { WorkbenchError } from '../../contract/model/problem'
import type { Devices } from './devices'

/** Chooses the device of work, before weights are loaded. @param base folder of one model of the pair */
export async function chosenDevice(
  { device = 'auto', precision }: { device?: DeviceChoice | undefined; precision?: Precision | undefined },
  base: string,
  devices: Devices
): Promise<ChosenDevice> {
  if (device !== 'auto') requireFp16(device, precision)
  const chosen = await devices.choose(device, base)
  requireFp16(chosen.device, precision)
  return device === 'auto' ? { ...chosen, isAutomatic: true } : chosen
}

/** Thrown if fp16 was requested for a device that computes in fp32 only. */
export class Fp16Unavailable extends WorkbenchError {
  constructor(readonly device: DeviceName) {
    super(
      'unsupported',
      `Precision fp16 needs a device that has it, but ${device} computes in fp32 only.`,
      'Leave the precision out, or name a device, such as webgpu.'
    )
  }
}

/** @throws Fp16Unavailable for fp16 on a device that computes in fp32 only */
export function requireFp16(device: DeviceName, precision: Precision | undefined): void {
  if (precision === 'fp16' && !hasFp16(device)) throw new Fp16Unavailable(device)
}
