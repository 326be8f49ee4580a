import { z } from 'zod'

/** Progress of a stopped sweep within group `group` of `groupCount`: `models` of `modelCount` have results. */
export const BegunGroup = z.object({
  models: z.number().int(),
  modelCount: z.number().int(),
  group: z.number().int(),
  groupCount: z.number().int()
})
export type BegunGroup = z.infer<typeof BegunGroup>

export const KnownPart = z.object({
  /** Number of prompts with results for every model. `of` is the number of all prompts. */
  prompts: z.number().int(),
  of: z.number().int(),
  /** Group of prompts that a stopped sweep did not finish. Null if it finished every group that it began. */
  begun: BegunGroup.nullable()
})
export type KnownPart = z.infer<typeof KnownPart>
