import { z } from 'zod'

/** How the next token is drawn, with the field's usual names. Temperature 0 is greedy. */
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

/** A sampler in which nothing but temperature and min-p decides. */
export const MinPDraw = z.object({ temperature: z.number().positive(), minP: z.number().min(0).max(1) })
export type MinPDraw = z.infer<typeof MinPDraw>

/** Nothing cut off, at temperature 1: from a model's own distribution. */
export const OPEN_SAMPLING: Sampling = { temperature: 1, topK: null, topP: 1, minP: 0, repetitionPenalty: 1 }

/** The likeliest token each time. */
export const GREEDY_SAMPLING: Sampling = { ...OPEN_SAMPLING, temperature: 0 }

/** A sampler without what it leaves as it is; null where more than temperature and min-p decides, or nothing is left to chance. */
export function minPDraw({ temperature, topK, topP, minP, repetitionPenalty }: Sampling): MinPDraw | null {
  return temperature > 0 && topK === null && topP === 1 && repetitionPenalty === 1
    ? { temperature, minP }
    : null
}

/**
 * How weights are held while generating. fp16 goes with products in fp16 and with no others. int8 takes a quarter of
 * fp32's memory and is within 1 % per product; int4 takes an eighth and is wrong by about 10 % per product, which distorts
 * the very diversity that is being compared, so it is never chosen unasked.
 */
export const HeldWeights = z.enum(['fp32', 'fp16', 'int8', 'int4'])
export type HeldWeights = z.infer<typeof HeldWeights>
