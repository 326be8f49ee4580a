import { z } from 'zod'

/** Two models on this machine that are base and post of one architecture. */
export const LocalPair = z.object({
  base: z.string(),
  post: z.string(),
  /** org/name in the Hugging Face cache, otherwise the folder's name. */
  baseName: z.string(),
  postName: z.string(),
  /** `model_type` of the configurations. */
  family: z.string(),
  layers: z.number().int(),
  bytes: z.number(),
  /** Evidence that the models belong together: post's model card, or only their names. */
  by: z.enum(['card', 'name'])
})
export type LocalPair = z.infer<typeof LocalPair>

export const LocalPairs = z.object({
  pairs: z.array(LocalPair),
  /** Folders that looked like a model or a pair but are not, with the reason. */
  leftOut: z.array(z.object({ folder: z.string(), reason: z.string() })),
  folders: z.array(z.string()),
  /** True if a limit on time or folders ended the search early. */
  cutShort: z.boolean()
})
export type LocalPairs = z.infer<typeof LocalPairs>
