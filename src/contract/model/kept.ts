import { z } from 'zod'

/** Permanent id of a recipe or checkpoint in its project. It does not change with the name. */
export const KeptId = z.string().regex(/^[A-Za-z0-9-]{1,64}$/)

/** Identity of a recipe or checkpoint that a project keeps. */
export const KeptIdentity = z.object({
  id: KeptId,
  /** Number in the order of keeping, which determines colour and shape in charts. */
  mark: z.number().int().nonnegative()
})
export type KeptIdentity = z.infer<typeof KeptIdentity>
