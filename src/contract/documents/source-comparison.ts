import { z } from 'zod'
import { RestoredTo } from '../model/checkpoint'
import { RestorationRange } from '../model/recipe'
import { CategoryScore, CrossFit, Interval } from './crc'

/** Scores from selecting on one half of the prompts and scoring on the other, in both directions. */
const Unseen = CrossFit.pick({ validity: true, diversity: true, postValidity: true, postDiversity: true })

export type Unseen = z.infer<typeof Unseen>

const PickedRange = RestorationRange.and(CategoryScore)

/** Joint comparison of a pair's sweeps on the same prompts that restore layers to different checkpoints. */
export const SourceComparison = z.object({
  layerCount: z.number().int(),
  rho: z.number(),
  minimumValidity: z.number(),
  promptCount: z.number().int(),
  post: CategoryScore,
  sources: z
    .array(
      z.object({
        source: RestoredTo,
        sweepId: z.string(),
        rangeCount: z.number().int(),
        /** Range that is selected among this source's ranges only. */
        selected: PickedRange.nullable(),
        /** Share of the resamples in which the rule selects a range of this source. */
        wins: z.number()
      })
    )
    .min(2),
  /** The best range over all sources. Null if none qualifies. */
  best: z.object({ source: RestoredTo, range: PickedRange, gain: Interval }).nullable(),
  /** Scores on unseen prompts: selected over all sources, and among base's ranges only. Null for too few prompts. */
  unseen: z.object({ over: Unseen, ofBase: Unseen.nullable() }).nullable()
})
export type SourceComparison = z.infer<typeof SourceComparison>
