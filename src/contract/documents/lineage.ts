import type { OtherCheckpoint } from '../model/checkpoint'
import type { DeviceName, Precision } from '../model/device'
import type { RestorationRange } from '../model/recipe'
import type { CategoryScore, Interval } from './crc'
import type { ScoredByBrief } from './scored-by'
import type { SourceComparison } from './source-comparison'
import type { WorkCounts } from './sweep-work'

/** A mean over prompts, or the mean difference of two models, with its 95 % interval. */
export interface MeanEstimate {
  readonly difference: number
  readonly interval: Interval
}

interface ComputedScores {
  readonly createdAt: string
  readonly programVersion: string
  readonly device: DeviceName
  readonly precision: Precision
  readonly seconds: number
  readonly work: WorkCounts
  readonly scoredBy: ScoredByBrief
  readonly promptCount: number
}

interface LineageStage extends OtherCheckpoint, CategoryScore {
  /** The exponential of the entropy of the answers. */
  readonly effectiveChoices: number
  /** Divergence from the first stage in nats. Null if infinite. */
  readonly klToBase: number | null
}

/** Effect of one layer of a stage. */
export interface LineageLayer {
  readonly stage: string
  /** Earlier stage that the layer is restored to. */
  readonly against: string
  readonly layer: number
  /** Relative norm of the change since the stage directly before; null against other stages. */
  readonly distance: number | null
  /** Change of the stage's scores when only this layer is restored. */
  readonly diversity: MeanEstimate
  readonly validity: MeanEstimate
}

/** Best range of a stage, restored to an earlier one. */
export interface LineageRange {
  readonly stage: string
  readonly against: string
  readonly minimumValidity: number
  /** Null if no range keeps the validity and is more diverse than the stage. */
  readonly best: (RestorationRange & CategoryScore) | null
}

/** Shapley share of a stage in what all stages changed, in a group of layers of the last stage. */
export interface LineageShare extends RestorationRange {
  readonly stage: string
  readonly diversity: MeanEstimate
  readonly validity: MeanEstimate
}

/** Scores of every stage of a training, with all ranges restored to every earlier stage. */
export interface LineageDocument extends ComputedScores {
  readonly layerCount: number
  readonly rho: number
  /** In the order of the training. */
  readonly stages: readonly LineageStage[]
  readonly ranges: readonly LineageRange[]
  readonly layers: readonly LineageLayer[]
  /** Empty for two stages, and for more than five. */
  readonly shares: readonly LineageShare[]
  /** Best range of the last stage over all earlier ones. Null if there is only one. */
  readonly sources: SourceComparison | null
}

/** Scores of the checkpoints of one training, each by itself. */
export interface TriageDocument extends ComputedScores {
  readonly checkpoints: readonly (OtherCheckpoint & {
    /** Last number in the name, such as 500 of `checkpoint-500`; the position in the list if a name has none. */
    readonly step: number
    readonly validity: MeanEstimate
    readonly diversity: MeanEstimate
    readonly effectiveChoices: MeanEstimate
    /** Change of diversity since the first checkpoint. */
    readonly change: MeanEstimate
  })[]
}
