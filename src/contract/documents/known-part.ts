import { z } from 'zod'

/** A group of prompts with results for some models. `group` is its number among `groupCount`, from 1. */
export const BegunGroup = z.object({
  models: z.number().int(),
  modelCount: z.number().int(),
  group: z.number().int(),
  groupCount: z.number().int()
})
export type BegunGroup = z.infer<typeof BegunGroup>

/** Results of a sweep that are available before it begins. */
export const KnownPart = z.object({
  /** Number of prompts, among `of`, that have results for every model. */
  prompts: z.number().int(),
  of: z.number().int(),
  /** The next group of prompts, if a stopped sweep was inside one. */
  begun: BegunGroup.nullable()
})
export type KnownPart = z.infer<typeof KnownPart>
