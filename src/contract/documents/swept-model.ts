import { z } from 'zod'
import {
  type AnsweringModel,
  type AnyModel,
  Model,
  sweptRangeModel,
  type Restoring,
  weightsKey
} from '../model/model'
import type { RestoredTo } from '../model/checkpoint'
import { type Recipe, RestorationRange } from '../model/recipe'
import { rivalKey } from '../model/rival'
import { blendStrengths, rangeKey, strengthWords } from '../model/strengths'
import type { Score, SweepDocument, TakenRival } from './crc'
import type { BriefScore, ShownSweep } from './shown-sweep'

/** How a sweep names what it scores: ranges and blends of all layers by what makes them, other models as everywhere. */
export const SweptModel = z.discriminatedUnion('kind', [
  ...Model.options,
  z.object({ kind: z.literal('range'), range: RestorationRange }),
  z.object({ kind: z.literal('blend'), strength: z.number().min(0).max(1) })
])
export type SweptModel = z.infer<typeof SweptModel>

export const blendName = (strength: number, source: RestoredTo = null): string =>
  `All layers at ${strengthWords(strength)}${source === null ? '' : ` from ${source.name}`}`

/** The model that a sweep names. */
export function modelOf(swept: SweptModel, restoring: Restoring): Model {
  if (swept.kind === 'range') return sweptRangeModel(swept.range, restoring)
  if (swept.kind !== 'blend') return swept
  return { kind: 'recipe', recipe: blendRecipe(swept.strength, restoring) }
}

/** All layers blended alike. */
export const blendRecipe = (strength: number, { layerCount, source }: Restoring): Recipe => ({
  name: blendName(strength, source),
  layers: blendStrengths(strength, layerCount, source)
})

/** The model that answers as a baseline: a recipe for a uniform blend, a way to draw for the others. */
export const baselineModel = (baseline: TakenRival, restoring: Restoring): AnsweringModel =>
  baseline.kind === 'blend'
    ? { kind: 'recipe', recipe: blendRecipe(baseline.strength, restoring) }
    : { kind: 'rival', rival: baseline }

/** All that a sweep scored. */
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
    ...sweep.soup.map((score) => ({ model: { kind: 'blend' as const, strength: score.strength }, score })),
    ...sweep.recipes.map((score) => ({ model: { kind: 'recipe' as const, recipe: score.recipe }, score })),
    ...sweep.checkpoints.map((score) => {
      const { name, path, fingerprint } = score
      return { model: { kind: 'checkpoint' as const, name, path, fingerprint }, score }
    })
  ]
}

/** The score that a sweep gave a model, under whatever name; null when it gave none. */
export function scoreIn(sweep: SweepDocument, model: AnyModel): Score | null
export function scoreIn(sweep: ShownSweep, model: AnyModel): BriefScore | null
export function scoreIn(sweep: ShownSweep, model: AnyModel): BriefScore | null {
  const wanted = weightsKey(model)
  if (model.kind === 'rival') return sweep.rivals.find(({ rival }) => rivalKey(rival) === wanted) ?? null
  const found = modelsOf(sweep).find(({ model: swept }) => weightsKey(modelOf(swept, sweep)) === wanted)
  return found?.score ?? null
}

/** The sweep with another score in the place of each. @param other keeps whatever a score is told with */
export const withScores = (
  sweep: SweepDocument,
  other: <Scored extends Score>(score: Scored) => Scored
): SweepDocument => ({
  ...sweep,
  base: sweep.base === null ? null : other(sweep.base),
  post: other(sweep.post),
  ranges: sweep.ranges.map(other),
  recipes: sweep.recipes.map(other),
  checkpoints: sweep.checkpoints.map(other),
  soup: sweep.soup.map(other),
  rivals: sweep.rivals.map(other)
})

/** What a sweep has of each of its prompts for the model of a key; null when it scored none of that key. */
export function promptScoresIn(sweep: SweepDocument, key: string): Score['prompts'] | null {
  const score =
    sweep.rivals.find(({ rival }) => rivalKey(rival) === key) ??
    sweep.ranges.find((range) => rangeKey(range, sweep) === key) ??
    modelsOf(sweep).find(({ model }) => weightsKey(modelOf(model, sweep)) === key)?.score
  return score?.prompts ?? null
}
