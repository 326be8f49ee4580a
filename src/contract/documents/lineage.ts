import { z } from 'zod'
import { OtherCheckpoint } from '../model/checkpoint'
import { DeviceName, Precision } from '../model/device'
import { RestorationRange } from '../model/recipe'
import { CategoryScore, Interval } from './crc'
import { UNFINISHED } from './job-ending'
import { ScoredByBrief } from './scored-by'
import { SourceComparison } from './source-comparison'
import { WorkCounts } from './sweep-work'

export const LINEAGE_VERSION = 1

/** A mean over prompts with its 95 % interval. `difference` is the mean, or the mean difference of two models. */
export const MeanDifference = z.object({ difference: z.number(), interval: Interval })
export type MeanDifference = z.infer<typeof MeanDifference>

const ComputedScores = z.object({
  createdAt: z.iso.datetime(),
  programVersion: z.string(),
  device: DeviceName,
  precision: Precision,
  seconds: z.number(),
  work: WorkCounts,
  scoredBy: ScoredByBrief,
  promptCount: z.number().int()
})

const LineageStage = OtherCheckpoint.extend({
  ...CategoryScore.shape,
  /** The exponential of the entropy of the answers. */
  effectiveChoices: z.number(),
  /** Divergence from the first stage in nats. Null if infinite. */
  klToBase: z.number().nullable()
})

/** Effect of one layer of a stage. */
const LineageLayer = z.object({
  stage: z.string(),
  /** Earlier stage that the layer is restored to. */
  against: z.string(),
  layer: z.number().int(),
  /** Relative norm of the change since the stage directly before; null against other stages. */
  distance: z.number().nullable(),
  /** Change of the stage's scores when only this layer is restored. */
  diversity: MeanDifference,
  validity: MeanDifference
})
export type LineageLayer = z.infer<typeof LineageLayer>

/** Best range of a stage, restored to an earlier one. */
const LineageRange = z.object({
  stage: z.string(),
  against: z.string(),
  minimumValidity: z.number(),
  /** Null if no range keeps the validity and is more diverse than the stage. */
  best: RestorationRange.and(CategoryScore).nullable()
})
export type LineageRange = z.infer<typeof LineageRange>

/** Shapley share of one stage in the change that all stages caused in a group of layers. */
const LineageShare = RestorationRange.and(
  z.object({ stage: z.string(), diversity: MeanDifference, validity: MeanDifference })
)
export type LineageShare = z.infer<typeof LineageShare>

/** Scores of every stage of a training, with all ranges restored to every earlier stage. */
export const LineageDocument = ComputedScores.extend({
  layerCount: z.number().int(),
  rho: z.number(),
  /** In the order of the training. */
  stages: z.array(LineageStage).min(2),
  ranges: z.array(LineageRange),
  layers: z.array(LineageLayer),
  /** Empty for two stages, and for more than five. */
  shares: z.array(LineageShare),
  /** Best range of the last stage, restored to any earlier stage. Null if there is only one earlier stage. */
  sources: SourceComparison.nullable()
})
export type LineageDocument = z.infer<typeof LineageDocument>

/** Columns of a lineage as a table. */
export const LINEAGE_COLUMNS =
  'stage against layer distance diversity_back diversity_back_low diversity_back_high ' +
  'validity_change validity_change_low validity_change_high start end ' +
  'diversity_share diversity_share_low diversity_share_high ' +
  'validity_share validity_share_low validity_share_high'

/** Returns the cells of an estimate: its mean, and both ends of its interval. */
export const estimateCells = ({ difference, interval }: MeanDifference): number[] => [difference, ...interval]

const noCells = (count: number): null[] => Array.from({ length: count }, () => null)

/** Returns a row for each layer and earlier stage of a stage, and for each share of a stage in a group of layers. */
export function lineageRows({
  layers,
  shares
}: Pick<LineageDocument, 'layers' | 'shares'>): (string | number | null)[][] {
  const layerRows = layers.map(({ stage, against, layer, distance, diversity, validity }) => {
    const effects = [...estimateCells(diversity), ...estimateCells(validity)]
    return [stage, against, layer, distance, ...effects, layer, layer, ...noCells(6)]
  })
  const shareRows = shares.map(({ stage, start, end, diversity, validity }) => {
    const effects = [...estimateCells(diversity), ...estimateCells(validity)]
    return [stage, ...noCells(9), start, end, ...effects]
  })
  return [...layerRows, ...shareRows]
}

export const LineageEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    /** Null while unknown. */
    share: z.number().nullable(),
    secondsLeft: z.number().nullable(),
    phase: z.string()
  }),
  z.object({ type: z.literal('finished') }),
  ...UNFINISHED
])
export type LineageEvent = z.infer<typeof LineageEvent>

/** Scores of the checkpoints of one training, each by itself. */
export interface TriageDocument extends z.infer<typeof ComputedScores> {
  readonly checkpoints: readonly (OtherCheckpoint & {
    /** Last number in the name, such as 500 of `checkpoint-500`; the position in the list if a name has none. */
    readonly step: number
    readonly validity: MeanDifference
    readonly diversity: MeanDifference
    readonly effectiveChoices: MeanDifference
    /** Change of diversity since the first checkpoint. */
    readonly change: MeanDifference
  })[]
}
