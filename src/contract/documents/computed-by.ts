import { z } from 'zod'
import { PairReferences } from '../model/checkpoint'
import { DeviceName, Precision } from '../model/device'

/** How long the engine computed a result, on what, and of which pair. */
export const ComputedBy = z.object({
  /** Wall time of the engine's work; of a merged sweep, summed over its parts. */
  seconds: z.number(),
  device: DeviceName,
  precision: Precision,
  layerCount: z.number().int(),
  ...PairReferences.shape
})
