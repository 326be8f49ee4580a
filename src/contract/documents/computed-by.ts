import { z } from 'zod'
import { PairReferences } from '../model/checkpoint'
import { DeviceName, Precision } from '../model/device'

/** Fields of a document on the computation of its scores. */
export const ComputedBy = z.object({
  /** Wall time of the engine's work in seconds. A merged sweep has the sum over its parts. */
  seconds: z.number(),
  device: DeviceName,
  precision: Precision,
  layerCount: z.number().int(),
  ...PairReferences.shape
})
