import { z } from 'zod'

/** One token that may come next. */
export const NextToken = z.object({
  id: z.number().int(),
  /** What the token adds; null when the model has no tokenizer. */
  text: z.string().nullable(),
  /** Under the softmax at temperature 1. */
  probability: z.number()
})
export type NextToken = z.infer<typeof NextToken>

/** How many tokens a probe lists unless told otherwise. */
export const DEFAULT_TOP = 20

/** The models that a recipe is probed beside, in the order their answers come: post and the recipe share a tokenizer. */
export const PROBED_MODELS = ['post', 'hybrid', 'base'] as const
export type ProbedModel = (typeof PROBED_MODELS)[number]

/** What one model would say next. */
export const ProbeEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('probed'),
    model: z.enum(PROBED_MODELS),
    /** The prompt as this model sees it. */
    rendered: z.string(),
    tokens: z.array(z.number().int()),
    /** Most probable first. */
    top: z.array(NextToken),
    notices: z.array(z.string())
  }),
  z.object({ type: z.literal('unavailable'), model: z.enum(PROBED_MODELS), reason: z.string() })
])
export type ProbeEvent = z.infer<typeof ProbeEvent>
