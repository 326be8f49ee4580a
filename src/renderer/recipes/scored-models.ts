import type { BriefScore, ShownSweep } from '../../contract/documents/shown-sweep'
import { type Blend, isUniform, type LayerStrength } from '../../contract/model/recipe'
import type { SearchDocument } from '../../contract/documents/search'
import { samplingBaselineKey, samplingBaselineName } from '../../contract/model/sampling-baseline'
import type { ModelTone } from '../../contract/model/model-style'
import {
  type AnsweringModel,
  type Model,
  modelName,
  modelStrengths,
  sweptRangeModel,
  weightsKey
} from '../../contract/model/model'
import { rangeOfKey, rangeStrengths } from '../../contract/model/strengths'
import { type KeptModels, keptCheckpoint, keptRecipe, NOTHING_KEPT } from '../../contract/documents/kept-models'
import { modelOf, modelsOf, type SweptModel } from '../../contract/documents/swept-model'
import { rangeName } from '../ui/format'

export interface ScoredModel {
  /** Equal for models of equal weights. */
  key: string
  kind: 'range' | 'uniform-blend' | 'depth-ramp' | 'recipe' | 'search-result' | 'checkpoint' | 'baseline'
  name: string
  /** Number of a kept recipe or checkpoint in the order of keeping; null for others. */
  mark: number | null
  /** Strengths over the pair; null for another checkpoint or a baseline. */
  layers: readonly LayerStrength[] | null
  /** The model as a variant that answers prompts. */
  model: AnsweringModel
  score: BriefScore
  /** Number of prompts that its means are estimated from; null for exact means. */
  estimatedFrom: number | null
}

export type OtherModel = ScoredModel & { kind: Exclude<ScoredModel['kind'], 'range' | 'baseline'> }

/** Role of a model besides base, post and ranges. */
export type ScoredRole = 'recipe' | 'checkpoint' | 'baseline'

/** Returns what a model is beside base and post in the inspector. */
export const roleOf = ({ kind }: ScoredModel): ScoredRole =>
  kind === 'checkpoint' || kind === 'baseline' ? kind : 'recipe'

export const ROLE_TONES: Readonly<Record<ScoredRole, ModelTone>> = {
  recipe: 'hybrid',
  checkpoint: 'checkpoint',
  baseline: 'orange'
}

/**
 * Returns the models of a sweep and of its search that are no ranges.
 *
 * @param kept has the present names of recipes and checkpoints
 */
export function otherModels(
  sweep: ShownSweep,
  search: SearchDocument | null,
  kept: KeptModels = NOTHING_KEPT
): OtherModel[] {
  const { layerCount } = sweep
  const ranges = new Set(sweep.ranges.map((range) => weightsKey(sweptRangeModel(range, sweep))))
  const searched = search?.found.filter(({ recipe }) => !ranges.has(weightsKey({ kind: 'recipe', recipe }))) ?? []
  const scored = (
    model: Model,
    score: BriefScore,
    kind: OtherModel['kind'],
    keptModel: Named | null = null,
    estimatedFrom: number | null = null
  ): OtherModel => ({
    key: weightsKey(model),
    kind,
    name: keptModel?.name ?? modelName(model),
    mark: keptModel?.mark ?? null,
    layers: modelStrengths(model, layerCount),
    model,
    score,
    estimatedFrom
  })
  const { preview } = sweep
  const blends = [
    ...sweep.uniformBlends.map((score) => ({ score, estimatedFrom: null })),
    ...(preview?.uniformBlends ?? []).map((score) => ({
      score,
      estimatedFrom: preview?.prompts.length ?? null
    }))
  ].sort((a, b) => a.score.strength - b.score.strength)
  return [
    ...blends.map(({ score, estimatedFrom }) => {
      const { strength, last } = score
      const model = modelOf({ kind: 'uniform-blend', strength, last }, sweep)
      return scored(model, score, blendKind(score), null, estimatedFrom)
    }),
    ...modelsOf({ ...sweep, uniformBlends: [] }).flatMap(({ model, score }) => {
      if (model.kind === 'post' || model.kind === 'base' || model.kind === 'range') return []
      return [scored(modelOf(model, sweep), score, model.kind, currentName(model, kept))]
    }),
    ...searched.map((score) => scored({ kind: 'recipe', recipe: score.recipe }, score, 'search-result'))
  ]
}

export const blendKind = (blend: Blend): 'uniform-blend' | 'depth-ramp' =>
  isUniform(blend) ? 'uniform-blend' : 'depth-ramp'

/** Lists the ramps and the blends strictly between post and base, exact or estimated. */
export const blendsBetween = ({
  uniformBlends,
  preview
}: {
  uniformBlends: readonly Blend[]
  preview: { uniformBlends: readonly Blend[] } | null
}): Blend[] =>
  [...uniformBlends, ...(preview?.uniformBlends ?? [])].filter(
    (blend) => !isUniform(blend) || (blend.strength > 0 && blend.strength < 1)
  )

type Named = Pick<OtherModel, 'name' | 'mark'>

function currentName(model: SweptModel, kept: KeptModels): Named | null {
  if (model.kind === 'checkpoint') return keptCheckpoint(model, kept) ?? null
  const entry = model.kind === 'recipe' ? keptRecipe(model.recipe, kept) : undefined
  return entry === undefined ? null : { name: entry.recipe.name, mark: entry.mark }
}

/** Returns the model of a key in a sweep or its search; null if there is none. A named model is preferred. */
export function scoredModel(
  sweep: ShownSweep,
  search: SearchDocument | null,
  key: string,
  kept: KeptModels = NOTHING_KEPT
): ScoredModel | null {
  const exact = rangeOfKey(sweep, key)
  const estimated = sweep.preview?.ranges ?? []
  const score = exact ?? rangeOfKey({ ranges: estimated, source: sweep.source }, key)
  if (score === undefined) {
    const others = otherModels(sweep, search, kept).filter((other) => other.key === key)
    return others.find(({ kind }) => kind === 'recipe') ?? others[0] ?? scoredBaseline(sweep, key)
  }
  return {
    key,
    kind: 'range',
    name: rangeName(score, sweep.source),
    mark: null,
    layers: rangeStrengths(score, sweep.layerCount, sweep.source),
    model: sweptRangeModel(score, sweep),
    score,
    estimatedFrom: exact === undefined ? (sweep.preview?.prompts.length ?? null) : null
  }
}

function scoredBaseline(sweep: ShownSweep, key: string): ScoredModel | null {
  const score = sweep.baselines.find(({ baseline }) => samplingBaselineKey(baseline) === key)
  if (score === undefined) return null
  const { baseline } = score
  return {
    key,
    kind: 'baseline',
    name: samplingBaselineName(baseline),
    mark: null,
    layers: null,
    model: { kind: 'baseline', baseline },
    score,
    estimatedFrom: null
  }
}
