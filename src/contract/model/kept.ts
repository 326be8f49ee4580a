import { z } from 'zod'

/** What names a recipe or a checkpoint of a project for the project's life, whatever it is called. */
export const KeptId = z.string().regex(/^[A-Za-z0-9-]{1,64}$/)

/** Who a recipe or a checkpoint of a project is. */
export const Kept = z.object({
  id: KeptId,
  /** Which of the marks of charts it has; no other recipe or checkpoint of the project ever gets the same number. */
  mark: z.number().int().nonnegative()
})
export type Kept = z.infer<typeof Kept>
