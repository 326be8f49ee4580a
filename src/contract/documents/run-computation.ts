import { z } from 'zod'
import { DeviceName, Precision } from '../model/device'
import { HeldWeights } from '../model/sampling'

/** What a run was computed with, as far as its document says; checkpoints stand beside it. */
export const RunComputation = z.object({
  device: DeviceName,
  /** Of the large products; null until something was computed, and where the document does not say. */
  precision: Precision.nullable(),
  /** How a run of answers held its weights; null as above, and for what holds none. */
  weights: HeldWeights.nullable(),
  /** Null where the document does not say. */
  promptCount: z.number().int().nullable(),
  /** Of a preview, on how many of them most ranges were scored. */
  estimatedFrom: z.number().int().nullable().default(null),
  /** Answers for each prompt and model, or as many draws as scores are expected over; null where nothing is drawn. */
  draws: z.number().int().nullable(),
  /** Which program; empty in documents of before it was noted. */
  programVersion: z.string()
})
export type RunComputation = z.infer<typeof RunComputation>
