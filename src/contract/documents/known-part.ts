import { z } from 'zod'

/** A group of prompts of which some models are known: `group` is its number, from 1, of `groupCount`. */
export const BegunGroup = z.object({
  models: z.number().int(),
  modelCount: z.number().int(),
  group: z.number().int(),
  groupCount: z.number().int()
})
export type BegunGroup = z.infer<typeof BegunGroup>

/** How much of a sweep is known before it begins. */
export const KnownPart = z.object({
  /** Prompts of which every model is known, */
  prompts: z.number().int(),
  of: z.number().int(),
  /** and the group of prompts behind them, where a stopped sweep was within one. */
  begun: BegunGroup.nullable()
})
export type KnownPart = z.infer<typeof KnownPart>
