import { z } from 'zod'
import { Problem } from '../model/problem'
import { RestorationRange } from '../model/recipe'
import { CategoryScore, CrossFit, Interval, RivalComparison } from './crc'
import { Objection } from './evaluation'
import { Headline } from './headline'
import { PairFingerprints } from './pair'
import { PairId, SweepSummary } from './project'
import { ScoredByBrief } from './scored-by'
import { CarriedSelection } from './sweep-comparison'

/** A score with its intervals over resampled prompts; null where nothing was resampled. */
const SureScore = CategoryScore.extend({
  intervals: z.object({ validity: Interval, diversity: Interval }).nullable()
})
export type SureScore = z.infer<typeof SureScore>

/** Share of post's validity that is kept; null where post has none. */
const kept = z.number().nullable()

/** What of a sweep stands beside those of other pairs: its own headline's numbers, under the limit that its pair is set to. */
export const SweepOutline = z.object({
  id: z.string(),
  createdAt: z.iso.datetime(),
  scoredBy: ScoredByBrief,
  checkpoints: PairFingerprints,
  /** Whether ranges of it were checked on whole answers. */
  isChecked: z.boolean(),
  layerCount: z.number().int(),
  rangeCount: z.number().int(),
  /** Further ranges that it only estimates; null: it is no preview. */
  estimatedCount: z.number().int().nullable(),
  promptCount: z.number().int(),
  /** Equal for sweeps of prompts that ask the same. */
  promptsKey: z.string(),
  /** Share of post's validity that a selected range must keep. */
  rho: z.number(),
  post: SureScore,
  selected: SureScore.extend({
    range: RestorationRange,
    /** In diversity, over post. */
    gain: z.number(),
    gainInterval: Interval.nullable(),
    kept
  }).nullable(),
  /** Full answers of post and of the selected range, which the headline reports; null where the range was not checked. */
  answers: z.object({ post: CategoryScore, selected: CategoryScore }).nullable(),
  /** Null where no ranges were scored. */
  headline: Headline.nullable(),
  /** Picked on one half of the prompts and scored on the other, both ways; null with the reason. */
  crossFit: CrossFit.omit({ folds: true })
    .extend({
      /** Ranges that halves picked and a check of others has not seen. */
      unchecked: z.array(RestorationRange)
    })
    .nullable(),
  crossFitReason: z.string().nullable(),
  /** What restores no range and does best of what keeps the validity; null where nothing does, or none was scored. */
  rival: RivalComparison.nullable(),
  /** Ranges that no other beats in both measures, by rising validity. */
  front: z.array(CategoryScore.extend({ range: RestorationRange, kept }))
})
export type SweepOutline = z.infer<typeof SweepOutline>

/** What is known of the sweep that a pair answers with, among those that were scored so. */
const OutlinedSweep = z.discriminatedUnion('state', [
  /** The pair was not swept so: `others` says what its sweeps were scored by. */
  z.object({ state: z.literal('none'), others: z.array(z.string()) }),
  /** As its list has it, until it is read whole. */
  z.object({ state: z.literal('reading'), summary: SweepSummary }),
  z.object({ state: z.literal('unreadable'), problem: Problem }),
  /** `objection`: what the newest evaluation has against the selected range; null where it has nothing. */
  z.object({ state: z.literal('read'), outline: SweepOutline, objection: Objection.nullable() })
])

export const PairOutline = z.object({
  id: PairId,
  sweep: OutlinedSweep,
  /** What its sweeps were scored by, in words; the newest first. */
  tasks: z.array(z.string()),
  /** What lies in its folders: not looked at yet, what the sweep was computed from, something else, or nothing that can be read. */
  folders: z.enum(['unseen', 'same', 'changed', 'unreadable'])
})
export type PairOutline = z.infer<typeof PairOutline>

/** Why a selected range has no score in another pair's sweep. */
const NotCarried = z.enum([
  /** A sweep is being read. */
  'reading',
  'source not swept',
  'target not swept',
  'nothing selected',
  /** The other sweep did not score the range at the same depth. */
  'not scored'
])
export type NotCarried = z.infer<typeof NotCarried>

/** What one pair selects, in the sweep of another. */
export const Transfer = z.object({
  from: PairId,
  to: PairId,
  result: z.discriminatedUnion('kind', [
    CarriedSelection.extend({ kind: z.literal('carried') }),
    z.object({ kind: z.literal('none'), why: NotCarried })
  ])
})
export type Transfer = z.infer<typeof Transfer>

/** The pairs of a project side by side, as far as their sweeps have been read. */
export const PairsOverview = z.object({
  /** What the pairs can be compared by, those that most pairs have first; `key` names it in a call. */
  scorings: z.array(z.object({ key: z.string(), scoredBy: ScoredByBrief, pairCount: z.number().int() })),
  /** The one that is shown; null before the first sweep. */
  scoring: z.string().nullable(),
  /** In the order of the project's list. */
  pairs: z.array(PairOutline),
  /** Of every pair to every pair, itself included. */
  transfers: z.array(Transfer)
})
export type PairsOverview = z.infer<typeof PairsOverview>
