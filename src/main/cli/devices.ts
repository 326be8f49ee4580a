import {
  type ChosenDevice,
  DEVICE_LABELS,
  type DeviceChoice,
  type DeviceName,
  type DeviceReport,
  hasHalf,
  type Precision
} from '../../contract/model/device'
import { WorkbenchError } from '../../contract/model/problem'
import { throwIfCancelled } from '../base/files/cancelling'
import { createEngineHost } from '../engine/host'
import { Devices, fastestDevice } from '../jobs/devices'
import {} from './options'
import { count, printJson, printShown, remark, table } from './output'
import { optionGroup } from './option-group'
import { subcommand } from './subcommand'

/** `slr devices`: what this machine can compute on, tried out. */
export const devicesCommand = subcommand(optionGroup(), {
  async run(options, _command, signal) {
    if (!options.quiet) remark('Trying each device on a small model ...')
    const devices = await triedDevices(signal).reports()
    const automatic = fastestDevice(devices).device
    await (options.json
      ? printJson({ devices, automatic })
      : printShown(
          [
            table([['device', '', 'off by', 'GFLOP/s', ''], ...devices.map(row)], 'llrrl'),
            `Chosen by itself for models of more than a few million parameters: ${automatic}.`
          ].join('\n')
        ))
  }
})

/** Devices whose trial ends when the command is stopped: the engine that tries one is ended, and no other begins. */
export function triedDevices(signal: AbortSignal): Devices {
  return new Devices(() => {
    throwIfCancelled(signal, 'The trial of devices')
    const host = createEngineHost()
    signal.addEventListener('abort', () => void host.close(), { once: true })
    return host
  })
}

function row({ device, works, reason, check }: DeviceReport): string[] {
  return [
    device,
    works ? 'works' : 'does not work',
    check === null || device === 'cpu' ? '' : check.largestDifference.toExponential(0),
    check === null ? '' : count(check.gigaflops),
    reason ?? DEVICE_LABELS[device]
  ]
}

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
