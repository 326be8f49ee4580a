import { z } from 'zod'
import { DeviceName, Precision } from '../model/device'
import { WeightStorage } from '../model/sampling'

/** How a stored run was computed, as shown in lists of runs. */
export const RunComputation = z.object({
  device: DeviceName,
  /** Precision of the large products. Null before the first computation, and if the document does not store it. */
  precision: Precision.nullable(),
  /** Storage of weights in a run that generates answers; null for other runs, and if `precision` is null. */
  weights: WeightStorage.nullable(),
  /** Null if the document does not store it. */
  promptCount: z.number().int().nullable(),
  /** In a preview, the number of prompts on which most ranges were scored. */
  estimatedFrom: z.number().int().nullable().default(null),
  /** Answers for each prompt and model, or draws that scores refer to; null for scores without draws. */
  draws: z.number().int().nullable(),
  /** Version of the program. Empty in documents older than this field. */
  programVersion: z.string()
})
export type RunComputation = z.infer<typeof RunComputation>
