import { z } from 'zod'
import { RestoredTo } from '../model/checkpoint'
import { RestorationRange } from '../model/recipe'
import { CategoryScore, CrossFit, Interval } from './crc'

/** Picked on one half of the prompts and scored on the other, both ways. */
const Unseen = CrossFit.pick({ validity: true, diversity: true, postValidity: true, postDiversity: true })

export type Unseen = z.infer<typeof Unseen>

/** A range of one of the sources. */
const PickedRange = RestorationRange.and(CategoryScore)

/**
 * Sweeps of one pair on the same prompts that restore layers to different checkpoints, taken together: what the rule of a sweep's
 * selection takes of the ranges of all of them.
 */
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
        /** What the rule takes of its ranges alone. */
        selected: PickedRange.nullable(),
        /** In which share of the resamples a range of it is taken of all. */
        wins: z.number()
      })
    )
    .min(2),
  /** Of all ranges of all sources; null where none qualifies. */
  best: z.object({ source: RestoredTo, range: PickedRange, gain: Interval }).nullable(),
  /** Of the choice over all sources, and of the choice among base's ranges alone; null where prompts are too few, or base is not among them. */
  unseen: z.object({ over: Unseen, ofBase: Unseen.nullable() }).nullable()
})
export type SourceComparison = z.infer<typeof SourceComparison>
