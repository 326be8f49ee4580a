import { z } from 'zod'
import { OtherCheckpoint, type RestoredTo } from './checkpoint'
import { Kept } from './kept'
import { type LayerStrength, Recipe, type RestorationRange } from './recipe'
import { type Endpoint, endpointWarning, type OutsideModel, outsideKey } from './outside-model'
import { Rival, rivalKey, rivalName } from './rival'
import {
  nameStrengths,
  postStrengths,
  rangeStrengths,
  recipeStrengths,
  sourcesOf,
  strengthsKey
} from './strengths'

/**
 * One set of weights: base whole (its own embeddings and head), post, post with a recipe, or another checkpoint of their
 * architecture, whole as base is. `kept` says which of its project's recipes or checkpoints it is.
 */
export const Model = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('base') }),
  z.object({ kind: z.literal('post') }),
  z.object({ kind: z.literal('recipe'), recipe: Recipe, kept: Kept.optional() }),
  OtherCheckpoint.extend({ kind: z.literal('checkpoint'), kept: Kept.optional() })
])
export type Model = z.infer<typeof Model>

/** Which model is meant: one set of weights, or a way to draw from post, alone or with base. */
export const AnsweringModel = z.discriminatedUnion('kind', [
  ...Model.options,
  z.object({ kind: z.literal('rival'), rival: Rival })
])
export type AnsweringModel = z.infer<typeof AnsweringModel>

/** Who answers: the engine, or somebody outside it. */
export type AnyModel = AnsweringModel | OutsideModel

/** Whether answers come from elsewhere than the engine. */
export const isOutside = <Other extends { kind: string }>(
  model: Other
): model is Extract<Other, { kind: OutsideModel['kind'] }> =>
  model.kind === 'endpoint' || model.kind === 'file'

/** Lists the endpoints that answer for some of these models. */
export const endpointsAmong = (models: readonly AnyModel[]): Endpoint[] =>
  models.flatMap((model) => (model.kind === 'endpoint' ? [model.endpoint] : []))

/** Says where some of these models have prompts sent, each place once. */
export const endpointWarnings = (models: readonly AnyModel[]): string[] => [
  ...new Set(endpointsAmong(models).map(endpointWarning))
]

/** What a run notes, behind where it sends prompts: that is said whatever its document notes. */
export const runNotices = (notices: readonly string[], models: readonly AnyModel[]): string[] => [
  ...new Set([...endpointWarnings(models), ...notices])
]

/** The model with these strengths, named after them. */
export const layersModel = (layers: readonly LayerStrength[]): Extract<Model, { kind: 'recipe' }> => ({
  kind: 'recipe',
  recipe: { name: nameStrengths(layers), layers: [...layers] }
})

/** Of how many layers a sweep is, and what it restores them to. */
export interface Restoring {
  layerCount: number
  source: RestoredTo
}

/** The model with one range restored to base, named after it. */
export const rangeModel = ({ start, end }: RestorationRange): Extract<Model, { kind: 'recipe' }> => ({
  kind: 'recipe',
  recipe: { name: nameStrengths(rangeStrengths({ start, end }, end + 1)), ranges: [[start, end]] }
})

/** The same of a sweep, restored to what the sweep restores. */
export const sweptRangeModel = (
  { start, end }: RestorationRange,
  { layerCount, source }: Restoring
): Extract<Model, { kind: 'recipe' }> =>
  source === null
    ? rangeModel({ start, end })
    : layersModel(rangeStrengths({ start, end }, layerCount, source))

/** What a model is called unless it is given another name. */
export function modelName(model: AnyModel): string {
  if (model.kind === 'recipe') return model.recipe.name
  if (model.kind === 'rival') return rivalName(model.rival)
  return model.kind === 'base' || model.kind === 'post' ? model.kind : model.name
}

/**
 * How much of base each layer takes; null for what is no recipe over the pair: whole models, rivals, and those outside.
 *
 * @throws WorkbenchError `bad-input` for a recipe that does not fit so many layers
 */
export function modelStrengths(model: AnyModel, layerCount: number): LayerStrength[] | null {
  if (model.kind === 'post') return postStrengths(layerCount)
  return model.kind === 'recipe' ? recipeStrengths(model.recipe, layerCount) : null
}

/** The checkpoints beside the pair that a model is made of: itself as a whole, or the sources of its layers. */
export function otherCheckpointsOf(model: AnyModel): OtherCheckpoint[] {
  if (model.kind === 'checkpoint') return [model]
  return model.kind === 'recipe' && 'layers' in model.recipe ? sourcesOf(model.recipe.layers) : []
}

/** One string for models that answer alike, whatever they are called: `base`, `post`, `4-11`, `checkpoint <fingerprint>`, `mix 0.5`. */
export function weightsKey(model: AnyModel): string {
  if (isOutside(model)) return outsideKey(model)
  if (model.kind === 'checkpoint') return `checkpoint ${model.fingerprint}`
  if (model.kind === 'rival') return rivalKey(model.rival)
  if (model.kind !== 'recipe') return model.kind
  const { recipe } = model
  const layerCount =
    'layers' in recipe ? recipe.layers.length : Math.max(...recipe.ranges.map(([, end]) => end)) + 1
  return strengthsKey(recipeStrengths(recipe, layerCount)) || 'post'
}

/** Which of its project's recipes or checkpoints a model is; undefined for the others. */
export const keptOf = (model: AnyModel): Kept | undefined =>
  model.kind === 'recipe' || model.kind === 'checkpoint' ? model.kept : undefined

/** Which model of a project it is, whatever it is called now: the id of what is kept, the weights of the others. */
export const modelKey = (model: AnyModel): string => keptOf(model)?.id ?? weightsKey(model)

/** Whether two are one model of a project. Where one does not say what it is kept as, as in old runs, the weights decide. */
export const sameModel = (a: AnyModel, b: AnyModel): boolean =>
  keptOf(a) === undefined || keptOf(b) === undefined
    ? weightsKey(a) === weightsKey(b)
    : modelKey(a) === modelKey(b)
