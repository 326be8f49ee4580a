import { z } from 'zod'
import {
  type AnsweringModel,
  type AnyModel,
  Model,
  sweptRangeModel,
  type RestorationSource,
  weightsKey
} from '../model/model'
import type { RestoredTo } from '../model/checkpoint'
import { Blend, type Recipe, RestorationRange } from '../model/recipe'
import { type Baseline, isBlend, samplingBaselineKey } from '../model/sampling-baseline'
import { blendStrengths, rangeKey, strengthWords } from '../model/strengths'
import type { Score, SweepDocument } from './crc'
import type { BriefScore, ShownSweep } from './shown-sweep'

/** Identifies a model that a sweep scores. Ranges, uniform blends and depth ramps have short forms. */
export const SweptModel = z.discriminatedUnion('kind', [
  ...Model.options,
  z.object({ kind: z.literal('range'), range: RestorationRange }),
  Blend.extend({ kind: z.literal('uniform-blend') })
])
export type SweptModel = z.infer<typeof SweptModel>

/** Names a blend, such as "All layers at 0.5". */
export const blendName = ({ strength, last }: Blend, source: RestoredTo = null): string => {
  const strengths = strengthWords(strength) + (last === undefined ? '' : ` to ${strengthWords(last)} over depth`)
  return `All layers at ${strengths}${source === null ? '' : ` from ${source.name}`}`
}

/** Converts a swept model to the model that the engine computes. */
export function modelOf(swept: SweptModel, restoring: RestorationSource): Model {
  if (swept.kind === 'range') return sweptRangeModel(swept.range, restoring)
  if (swept.kind !== 'uniform-blend') return swept
  return { kind: 'recipe', recipe: blendRecipe(swept, restoring) }
}

export const blendRecipe = (blend: Blend, { layerCount, source }: RestorationSource): Recipe => ({
  name: blendName(blend, source),
  layers: blendStrengths(blend, layerCount, source)
})

/** Returns the model of a baseline: a recipe for a blend, a way to sample for any other baseline. */
export const baselineModel = (baseline: Baseline, restoring: RestorationSource): AnsweringModel =>
  isBlend(baseline) ? { kind: 'recipe', recipe: blendRecipe(baseline, restoring) } : { kind: 'baseline', baseline }

/** Lists all scored models of a sweep with their scores, except sampling baselines and base after a few-shot prompt. */
export function modelsOf(sweep: SweepDocument): { model: SweptModel; score: Score }[]
export function modelsOf(sweep: ShownSweep): { model: SweptModel; score: BriefScore }[]
export function modelsOf(sweep: ShownSweep): { model: SweptModel; score: BriefScore }[] {
  return [
    { model: { kind: 'post' }, score: sweep.post },
    ...(sweep.base === null ? [] : [{ model: { kind: 'base' } as const, score: sweep.base }]),
    ...sweep.ranges.map((score) => {
      const { start, end } = score
      return { model: { kind: 'range' as const, range: { start, end } }, score }
    }),
    ...sweep.uniformBlends.map((score) => {
      const { strength, last } = score
      return { model: { kind: 'uniform-blend' as const, strength, last }, score }
    }),
    ...sweep.recipes.map((score) => ({ model: { kind: 'recipe' as const, recipe: score.recipe }, score })),
    ...sweep.checkpoints.map((score) => {
      const { name, path, fingerprint } = score
      return { model: { kind: 'checkpoint' as const, name, path, fingerprint }, score }
    })
  ]
}

/** Finds the score of a model in a sweep; null if it was not scored. */
export function scoreIn(sweep: SweepDocument, model: AnyModel): Score | null
export function scoreIn(sweep: ShownSweep, model: AnyModel): BriefScore | null
export function scoreIn(sweep: ShownSweep, model: AnyModel): BriefScore | null {
  if (model.kind === 'few-shot') return sweep.fewShot ?? null
  const wanted = weightsKey(model)
  if (model.kind === 'baseline')
    return sweep.baselines.find(({ baseline }) => samplingBaselineKey(baseline) === wanted) ?? null
  const scored = modelsOf(sweep).find(({ model: swept }) => weightsKey(modelOf(swept, sweep)) === wanted)
  return scored?.score ?? null
}

/** Returns the sweep with each score replaced. @param convert returns the new score and keeps additional fields */
export function withScores(
  sweep: SweepDocument,
  convert: <Scored extends Score>(score: Scored) => Scored
): SweepDocument {
  const converted: SweepDocument = {
    ...sweep,
    base: sweep.base === null ? null : convert(sweep.base),
    post: convert(sweep.post),
    ranges: sweep.ranges.map(convert),
    recipes: sweep.recipes.map(convert),
    checkpoints: sweep.checkpoints.map(convert),
    uniformBlends: sweep.uniformBlends.map(convert),
    baselines: sweep.baselines.map(convert)
  }
  return sweep.fewShot === undefined ? converted : { ...converted, fewShot: convert(sweep.fewShot) }
}

/** Finds the score of the model with a weights key; null if the sweep has none. */
export function scoreOfKey(sweep: SweepDocument, key: string): Score | null
export function scoreOfKey(sweep: ShownSweep, key: string): BriefScore | null
export function scoreOfKey(sweep: ShownSweep, key: string): BriefScore | null {
  const score =
    sweep.baselines.find(({ baseline }) => samplingBaselineKey(baseline) === key) ??
    sweep.ranges.find((range) => rangeKey(range, sweep) === key) ??
    modelsOf(sweep).find(({ model }) => weightsKey(modelOf(model, sweep)) === key)?.score
  return score ?? null
}
