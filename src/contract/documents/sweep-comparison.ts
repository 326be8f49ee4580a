import { z } from 'zod'
import { SourceComparison } from './source-comparison'
import { RestoredTo } from '../model/checkpoint'
import { DeviceName, Precision } from '../model/device'
import { RestorationRange } from '../model/recipe'
import { CategoryScore } from './crc'
import { ScoredByBrief } from './scored-by'

const ComparedSweep = z.object({
  id: z.string(),
  createdAt: z.iso.datetime(),
  scoredBy: ScoredByBrief,
  promptCount: z.number().int(),
  layerCount: z.number().int(),
  source: RestoredTo,
  rangeCount: z.number().int(),
  /** Further ranges that a preview only estimated. They are not compared. */
  estimatedCount: z.number().int(),
  device: DeviceName,
  precision: Precision,
  rho: z.number(),
  selected: RestorationRange.nullable(),
  /** Full-answer check of the sweep's ranges. Null if none was checked. */
  check: z
    .object({
      checkedCount: z.number().int(),
      rejected: z.array(RestorationRange),
      selectedWithout: RestorationRange.nullable()
    })
    .nullable()
})
export type ComparedSweep = z.infer<typeof ComparedSweep>

const ComparedScores = z.object({
  a: CategoryScore,
  b: CategoryScore,
  /** b minus a. */
  difference: CategoryScore,
  /** Half the widths of the differences' 95 % intervals over prompts. Null if the prompts differ or are too few. */
  margins: z.object({ validity: z.number().nullable(), diversity: z.number().nullable() })
})
export type ComparedScores = z.infer<typeof ComparedScores>

export const ComparedRange = ComparedScores.extend({
  range: RestorationRange,
  /** Corresponding range of the second sweep. It is the same range unless the models differ in depth. */
  other: RestorationRange
})
export type ComparedRange = z.infer<typeof ComparedRange>

/** Minimum number of ranges for a rank correlation. The order of fewer ranges agrees too easily by chance. */
export const FEWEST_ORDERED = 10

/** Spearman's rank correlation of the compared ranges. Null below {@link FEWEST_ORDERED}, or without variation. */
const RankCorrelation = z.number().nullable()

/** The range that one sweep selects, with its score in the other sweep. */
export const CarriedSelection = z.object({
  range: RestorationRange,
  other: RestorationRange,
  score: CategoryScore,
  gain: z.number(),
  /** Share of post's validity in the other sweep. Null if post has no validity there. */
  validityKept: z.number().nullable(),
  /** True if this share reaches the limit of the other sweep's own selection. */
  keepsEnough: z.boolean(),
  /** True if the range passes the full-answer check of the other sweep. Null if it was not checked there. */
  passesCheck: z.boolean().nullable(),
  /** Diversity of the other sweep's selection minus that of this range. Null if the other sweep selects nothing. */
  behind: z.number().nullable()
})
export type CarriedSelection = z.infer<typeof CarriedSelection>

const SelectionAgreement = z.object({
  same: z.boolean(),
  /** Share of the depth covered by either selected range that both ranges cover. Null if one sweep selects nothing. */
  overlap: z.number().nullable(),
  /** Selection of the first sweep in the second. Null if there is none, or if it was not scored. */
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
  'holdOutSplit',
  'check',
  'limit',
  'ranges',
  'blends',
  'baselines',
  'models',
  'what if',
  'program'
] as const

export const SweepDifference = z.object({ what: z.enum(DIFFERING), a: z.string(), b: z.string() })
export type SweepDifference = z.infer<typeof SweepDifference>

/** Comparison of two sweeps. Every difference is the second minus the first. */
export const SweepComparison = z.object({
  a: ComparedSweep,
  b: ComparedSweep,
  /** Rule for corresponding ranges. Models of different depth use the relative depth. */
  by: z.enum(['range', 'relative depth']),
  differs: z.array(SweepDifference),
  prompts: z.object({ shared: z.number().int(), onlyA: z.number().int(), onlyB: z.number().int() }),
  post: ComparedScores,
  /** Null if either sweep could not compare base. */
  base: ComparedScores.nullable(),
  ranges: z.array(ComparedRange).min(1),
  /** Number of ranges of the first sweep without a counterpart, and of the second that are no counterpart. */
  leftOut: z.object({ a: z.number().int(), b: z.number().int() }),
  /** Rank correlations over the compared ranges. Each sweep uses all its own prompts. */
  agreement: z.object({ validity: RankCorrelation, diversity: RankCorrelation }),
  selection: SelectionAgreement,
  sources: SourceComparison.nullable()
})
export type SweepComparison = z.infer<typeof SweepComparison>
