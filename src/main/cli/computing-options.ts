import { Option } from 'commander'
import { GenerationDevice, Precision } from '../../contract/model/device'
import { HeldWeights } from '../../contract/model/sampling'
import { optionGroup } from './option-group'

/** Where and how answers are computed. */
export const computingOptions = optionGroup('Where and how it is computed:')
  .special(
    { device: GenerationDevice.optional() },
    new Option('--device <name>', 'default: cpu').choices(GenerationDevice.options)
  )
  .special(
    { precision: Precision.optional() },
    new Option(
      '--precision <type>',
      'of the large products (default: fp16 on webgpu where the model allows it, else fp32)'
    ).choices(Precision.options)
  )
  .special(
    { weights: HeldWeights.optional() },
    new Option(
      '--weights <kind>',
      'how weights are held (default: as they are multiplied where that fits, else int8; int4 is inexact)'
    ).choices(HeldWeights.options)
  )
