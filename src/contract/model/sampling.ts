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

/**
 * How weights are held while generating. fp16 goes with products in fp16 and with no others. int8 takes a quarter of
 * fp32's memory and is within 1 % per product; int4 takes an eighth and is wrong by about 10 % per product, which distorts
 * the very diversity that is being compared, so it is never chosen unasked.
 */
export const HeldWeights = z.enum(['fp32', 'fp16', 'int8', 'int4'])
export type HeldWeights = z.infer<typeof HeldWeights>
