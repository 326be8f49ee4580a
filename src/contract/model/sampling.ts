import { z } from 'zod'

/** Settings for drawing the next token, with their usual names. Temperature 0 is greedy. */
export const Sampling = z
  .object({
    temperature: z.number().min(0).max(100),
    topK: z.number().int().min(1).nullable(),
    topP: z.number().gt(0).max(1),
    minP: z.number().min(0).max(1),
    repetitionPenalty: z.number().gt(0).max(100)
  })
  .strict()
export type Sampling = z.infer<typeof Sampling>

/** A sampler with a cut that only baselines have: logits so many standard deviations below the greatest. */
export interface DrawSettings extends Sampling {
  topNSigma?: number
}

export const MinPDraw = z.object({ temperature: z.number().positive(), minP: z.number().min(0).max(1) })
export type MinPDraw = z.infer<typeof MinPDraw>

/** Samples from a model's own distribution: temperature 1 without truncation. */
export const OPEN_SAMPLING: Sampling = { temperature: 1, topK: null, topP: 1, minP: 0, repetitionPenalty: 1 }

export const GREEDY_SAMPLING: Sampling = { ...OPEN_SAMPLING, temperature: 0 }

/** Returns the temperature and min-p of a sampler; null if other settings have an effect, or it is greedy. */
export function minPDraw(settings: DrawSettings): MinPDraw | null {
  const { temperature, topK, topP, topNSigma, minP, repetitionPenalty } = settings
  const isCut = topK !== null || topP !== 1 || topNSigma !== undefined || repetitionPenalty !== 1
  return temperature > 0 && !isCut ? { temperature, minP } : null
}

/**
 * Number formats of weights in generation. int8 is within 1 % per product in a quarter of fp32's memory. int4 errs by
 * 10 % in an eighth, which distorts diversity, so it is never selected automatically.
 */
export const WeightStorage = z.enum(['fp32', 'fp16', 'int8', 'int4'])
export type WeightStorage = z.infer<typeof WeightStorage>
