import { z } from 'zod'

/** Two models on this machine that were found to be base and post of one architecture. */
export const LocalPair = z.object({
  /** The folders that hold config.json. */
  base: z.string(),
  post: z.string(),
  /** org/name in the Hugging Face cache, elsewhere the folder's name. */
  baseName: z.string(),
  postName: z.string(),
  /** `model_type` of the configs. */
  family: z.string(),
  layers: z.number().int(),
  /** Of the weights of both. */
  bytes: z.number(),
  /** What says that they belong together: the card of post, or only their names. */
  by: z.enum(['card', 'name'])
})
export type LocalPair = z.infer<typeof LocalPair>

export const LocalPairs = z.object({
  pairs: z.array(LocalPair),
  /** What looked like a model or a pair and is none, with the reason. */
  leftOut: z.array(z.object({ folder: z.string(), reason: z.string() })),
  /** Folders that were looked through. */
  folders: z.array(z.string()),
  /** Whether the limits on time and folders ended the search before everything was seen. */
  cutShort: z.boolean()
})
export type LocalPairs = z.infer<typeof LocalPairs>
