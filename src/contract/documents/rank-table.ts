import { z } from 'zod'
import { Recipe } from '../model/recipe'
import { UNFINISHED } from './job-ending'

const RankScore = z.object({ validity: z.number(), diversity: z.number() })

/** Scores of a restoration as low-rank adapters of several ranks. */
export const RankTable = z.object({
  recipe: z.string(),
  promptCount: z.number().int(),
  post: RankScore,
  complete: RankScore,
  /** Rank at which an adapter equals the linear weights exactly. */
  fullRank: z.number().int(),
  ranks: z.array(
    RankScore.extend({
      rank: z.number().int(),
      bytes: z.number(),
      /** Frobenius norm of the adapter's change as a share of the norm of the complete change. */
      normShare: z.number()
    })
  ),
  /** Differences between the adapters and the recipe. */
  notes: z.array(z.string())
})
export type RankTable = z.infer<typeof RankTable>

export const RankEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    /** Completed share of the current phase; null while unknown. */
    progress: z.object({ phase: z.enum(['decomposing', 'scoring']), share: z.number().nullable() })
  }),
  z.object({ type: z.literal('finished'), recipe: Recipe, table: RankTable }),
  ...UNFINISHED
])
export type RankEvent = z.infer<typeof RankEvent>
