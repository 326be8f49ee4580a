import { z } from 'zod'

export const NextToken = z.object({
  id: z.number().int(),
  /** Text that the token adds. Null if the model has no tokenizer. */
  text: z.string().nullable(),
  /** Probability under the softmax at temperature 1. */
  probability: z.number()
})
export type NextToken = z.infer<typeof NextToken>

export const DEFAULT_TOP = 20

/** Models that a probe compares, in the order of their answers. Post and the recipe share a tokenizer. */
export const PROBED_MODELS = ['post', 'hybrid', 'base'] as const
export type ProbedModel = (typeof PROBED_MODELS)[number]

/** Next tokens of one model. */
export const ProbeEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('probed'),
    model: z.enum(PROBED_MODELS),
    rendered: z.string(),
    tokens: z.array(z.number().int()),
    top: z.array(NextToken),
    notices: z.array(z.string())
  }),
  z.object({ type: z.literal('unavailable'), model: z.enum(PROBED_MODELS), reason: z.string() })
])
export type ProbeEvent = z.infer<typeof ProbeEvent>
