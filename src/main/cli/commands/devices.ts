import { DEVICE_LABELS, type DeviceReport } from '../../../contract/model/device'
import { fastestDevice, triedDevices } from '../../work/devices'
import { count, printJson, printShown, remark, table } from '../printing/output'
import { optionGroup } from '../options/option-group'
import { subcommand } from '../options/subcommand'

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

function row({ device, works, reason, check }: DeviceReport): string[] {
  return [
    device,
    works ? 'works' : 'does not work',
    check === null || device === 'cpu' ? '' : check.largestDifference.toExponential(0),
    check === null ? '' : count(check.gigaflops),
    reason ?? DEVICE_LABELS[device]
  ]
}
