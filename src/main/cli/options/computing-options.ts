import { DeviceChoice, GenerationDevice, Precision } from '../../../contract/model/device'
import { WeightStorage } from '../../../contract/model/sampling'
import { optionGroup } from './option-group'
import { choice } from './option-kinds'

const formatOptions = optionGroup().options({
  precision: choice(
    Precision,
    '<type>',
    'of large matrix products (default: fp16 on webgpu if the model allows it, else fp32)'
  ),
  weights: choice(
    WeightStorage,
    '<kind>',
    'storage of weights (default: as computed if that fits, else int8; int4 is inexact)'
  )
})

export const computingOptions = optionGroup('Device and number formats:')
  .options({ device: choice(GenerationDevice, '<name>', 'default: cpu') })
  .and(formatOptions)
  .shared()

/** The same options, with devices that compute single tokens only. */
export const samplingDevice = optionGroup('Device and number formats:')
  .options({
    device: choice(DeviceChoice, '<name>', 'default: cpu; for --next the fastest that works, see "slr doctor"')
  })
  .and(formatOptions)
  .shared()
