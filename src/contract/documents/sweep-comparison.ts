import { z } from 'zod'
import { SourceComparison } from './source-comparison'
import { RestoredTo } from '../model/checkpoint'
import { DeviceName, Precision } from '../model/device'
import { RestorationRange } from '../model/recipe'
import { CategoryScore } from './crc'
import { ScoredByBrief } from './scored-by'

/** One of two compared sweeps. */
const ComparedSweep = z.object({
  id: z.string(),
  createdAt: z.iso.datetime(),
  scoredBy: ScoredByBrief,
  promptCount: z.number().int(),
  layerCount: z.number().int(),
  /** What its ranges are restored to; null: base. */
  source: RestoredTo,
  rangeCount: z.number().int(),
  /** Further ranges that a preview has estimated only; they are not compared. */
  estimatedCount: z.number().int(),
  device: DeviceName,
  precision: Precision,
  /** Share of post's validity that its selected range keeps. */
  rho: z.number(),
  selected: RestorationRange.nullable(),
  /** Its ranges on whole answers; null where none was checked. */
  check: z
    .object({
      checkedCount: z.number().int(),
      /** Those that it keeps from being selected. */
      rejected: z.array(RestorationRange),
      /** What would be selected without it. */
      selectedWithout: RestorationRange.nullable()
    })
    .nullable()
})
export type ComparedSweep = z.infer<typeof ComparedSweep>

/** What the two sweeps say of the same model, or of ranges that stand for each other. */
const ComparedScores = z.object({
  a: CategoryScore,
  b: CategoryScore,
  /** b minus a. */
  difference: CategoryScore,
  /**
   * Half the widths of the 95 % intervals of the differences, over prompts; null where not all prompts are the same, and where they are
   * too few to tell.
   */
  margins: z.object({ validity: z.number().nullable(), diversity: z.number().nullable() })
})
export type ComparedScores = z.infer<typeof ComparedScores>

export const ComparedRange = ComparedScores.extend({
  range: RestorationRange,
  /** The range of the second sweep that stands for it: itself, but between models of different depth. */
  other: RestorationRange
})
export type ComparedRange = z.infer<typeof ComparedRange>

/** Fewer ranges say nothing of an order: chance alone puts a few into nearly the same one. */
export const FEWEST_ORDERED = 10

/**
 * Spearman's rank correlation of the compared ranges in two sweeps. Null where one sweep gives all ranges the same score, or where fewer than
 * {@link FEWEST_ORDERED} ranges are compared.
 */
const RankCorrelation = z.number().nullable()

/** What the range that one sweep selects is in the other. */
export const CarriedSelection = z.object({
  range: RestorationRange,
  other: RestorationRange,
  /** There. */
  score: CategoryScore,
  /** In diversity, over post there. */
  gain: z.number(),
  /** Share of post's validity there; null where that has none. */
  validityKept: z.number().nullable(),
  /** Whether that is as much as the other sweep's own selection has to keep. */
  keepsEnough: z.boolean(),
  /** Whether it passes the check of whole answers there; null where it was not checked. */
  passesCheck: z.boolean().nullable(),
  /** Diversity of what is selected there, less that of this; null where nothing is. */
  behind: z.number().nullable()
})
export type CarriedSelection = z.infer<typeof CarriedSelection>

const SelectionAgreement = z.object({
  /** Whether both select the same range, or ranges that stand for each other; or both none. */
  same: z.boolean(),
  /** Of the depth that either selected range takes, the share that both take; null where one selects nothing. */
  overlap: z.number().nullable(),
  /** What the first selects, in the second; null where nothing is selected, or its counterpart was not scored there. */
  a: CarriedSelection.nullable(),
  b: CarriedSelection.nullable()
})

const DIFFERING = [
  'prompts',
  'scored by',
  'layers',
  'base',
  'post',
  'restored to',
  'system prompt',
  'template arguments',
  'date',
  'assistant prefix',
  'leading space',
  'tokens',
  'device',
  'precision',
  'halves',
  'check',
  'limit',
  'ranges',
  'blends',
  'rivals',
  'models',
  'what if',
  'program'
] as const

/** One thing that the two sweeps were not computed with alike, as people read it. */
export const SweepDifference = z.object({ what: z.enum(DIFFERING), a: z.string(), b: z.string() })
export type SweepDifference = z.infer<typeof SweepDifference>

/** Two sweeps side by side; every difference is of the second less the first. */
export const SweepComparison = z.object({
  a: ComparedSweep,
  b: ComparedSweep,
  /** Between models of different depth, ranges stand for each other by relative depth. */
  by: z.enum(['range', 'relative depth']),
  differs: z.array(SweepDifference),
  prompts: z.object({ shared: z.number().int(), onlyA: z.number().int(), onlyB: z.number().int() }),
  post: ComparedScores,
  /** Null where one of them could not compare base. */
  base: ComparedScores.nullable(),
  ranges: z.array(ComparedRange).min(1),
  /** Ranges of the first that have no counterpart in the second, and of the second that are nobody's. */
  leftOut: z.object({ a: z.number().int(), b: z.number().int() }),
  /** Over the compared ranges, each sweep with all of its own prompts. */
  agreement: z.object({ validity: RankCorrelation, diversity: RankCorrelation }),
  selection: SelectionAgreement,
  /** Taken together, where they differ in nothing but what they restore layers to; null elsewhere. */
  sources: SourceComparison.nullable()
})
export type SweepComparison = z.infer<typeof SweepComparison>
