import { type Command, Option } from 'commander'
import { z } from 'zod'
import { GenerationDevice, Precision } from '../../contract/model/device'
import { HeldWeights } from '../../contract/model/sampling'

/** Where and how answers are computed. */
export const ComputingOptions = z.strictObject({
  device: GenerationDevice.optional(),
  precision: Precision.optional(),
  weights: HeldWeights.optional()
})

export function withComputingOptions(command: Command): Command {
  return command
    .optionsGroup('Where and how it is computed:')
    .addOption(new Option('--device <name>', 'default: cpu').choices(GenerationDevice.options))
    .addOption(
      new Option(
        '--precision <type>',
        'of the large products (default: fp16 on webgpu where the model allows it, else fp32)'
      ).choices(Precision.options)
    )
    .addOption(
      new Option(
        '--weights <kind>',
        'how weights are held (default: as they are multiplied where that fits, else int8; int4 is inexact)'
      ).choices(HeldWeights.options)
    )
}
