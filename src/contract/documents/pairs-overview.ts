import { z } from 'zod'
import { Problem } from '../model/problem'
import { RestorationRange } from '../model/recipe'
import { CategoryScore, CrossFit, Interval, BaselineComparison } from './crc'
import { PairFingerprints } from './pair'
import { PairId, SweepSummary } from './project'
import { ScoredByBrief } from './scored-by'
import { CarriedSelection } from './sweep-comparison'
import { Verdict } from './verdict'

/** A score with its intervals over resampled prompts. Intervals are null without resampling. */
const ScoreWithIntervals = CategoryScore.extend({
  intervals: z.object({ validity: Interval, diversity: Interval }).nullable()
})
type ScoreWithIntervals = z.infer<typeof ScoreWithIntervals>

/** Share of post's validity that is kept. Null if post has no validity. */
const keptShare = z.number().nullable()

/** Facts of a sweep that the overview shows. */
export const SweepOutline = z.object({
  id: z.string(),
  createdAt: z.iso.datetime(),
  scoredBy: ScoredByBrief,
  checkpoints: PairFingerprints,
  isChecked: z.boolean(),
  layerCount: z.number().int(),
  rangeCount: z.number().int(),
  /** Number of further ranges with only an estimate. Null if the sweep is not a preview. */
  estimatedCount: z.number().int().nullable(),
  promptCount: z.number().int(),
  /** Equal for sweeps of the same prompts. */
  promptsKey: z.string(),
  rho: z.number(),
  post: ScoreWithIntervals,
  selected: ScoreWithIntervals.extend({
    range: RestorationRange,
    gain: z.number(),
    gainInterval: Interval.nullable(),
    kept: keptShare
  }).nullable(),
  /** Full answers of post and of the selected range, as the verdict reports them. Null if not checked. */
  answers: z.object({ post: CategoryScore, selected: CategoryScore }).nullable(),
  /** Null if no ranges were scored. */
  verdict: Verdict.nullable(),
  crossFit: CrossFit.omit({ folds: true })
    .extend({
      /** Ranges that the halves selected, but that are missing from an existing full-answer check. */
      unchecked: z.array(RestorationRange)
    })
    .nullable(),
  crossFitReason: z.string().nullable(),
  baseline: BaselineComparison.nullable(),
  /** Ranges that no other range beats in both measures, by rising validity. */
  front: z.array(CategoryScore.extend({ range: RestorationRange, kept: keptShare }))
})
export type SweepOutline = z.infer<typeof SweepOutline>

/** State of the pair's default sweep among those with the chosen scoring. */
const OutlinedSweep = z.discriminatedUnion('state', [
  /** The pair has no sweep with this scoring. `others` lists the scorings of its sweeps. */
  z.object({ state: z.literal('none'), others: z.array(z.string()) }),
  /** The sweep's summary, until the sweep itself is read. */
  z.object({ state: z.literal('reading'), summary: SweepSummary }),
  z.object({ state: z.literal('unreadable'), problem: Problem }),
  z.object({ state: z.literal('read'), outline: SweepOutline })
])

export const PairOutline = z.object({
  id: PairId,
  sweep: OutlinedSweep,
  /** Scorings of the pair's sweeps in words, the newest first. */
  tasks: z.array(z.string()),
  /** State of the pair's folders, compared with the sweep's checkpoints. `unseen` before they are inspected. */
  folders: z.enum(['unseen', 'same', 'changed', 'unreadable'])
})
export type PairOutline = z.infer<typeof PairOutline>

/** Reason why a selected range has no score in another pair's sweep. */
const NotCarried = z.enum([
  /** A sweep is still being read. */
  'reading',
  'source not swept',
  'target not swept',
  'nothing selected',
  /** The other sweep did not score the range at the same depth. */
  'not scored'
])
export type NotCarried = z.infer<typeof NotCarried>

/** Score of the range that is selected in one pair, at the same depth of another pair. */
export const Transfer = z.object({
  from: PairId,
  to: PairId,
  result: z.discriminatedUnion('kind', [
    CarriedSelection.extend({ kind: z.literal('carried') }),
    z.object({ kind: z.literal('none'), why: NotCarried })
  ])
})
export type Transfer = z.infer<typeof Transfer>

/** All pairs of a project for comparison, with the sweeps that have been read. */
export const PairsOverview = z.object({
  /** Scorings that the pairs can be compared by, the most frequent first. Calls use `key`. */
  scorings: z.array(z.object({ key: z.string(), scoredBy: ScoredByBrief, pairCount: z.number().int() })),
  /** Key of the scoring in use. Null before the first sweep. */
  scoring: z.string().nullable(),
  pairs: z.array(PairOutline),
  /** Score of each pair's selected range in the sweep of each pair, including its own. */
  transfers: z.array(Transfer)
})
export type PairsOverview = z.infer<typeof PairsOverview>
