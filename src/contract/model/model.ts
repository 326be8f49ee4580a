import { z } from 'zod'
import { OtherCheckpoint, type RestoredTo } from './checkpoint'
import { FEW_SHOT_WORD } from './few-shot'
import { KeptIdentity } from './kept'
import { type LayerStrength, Recipe, type RestorationRange } from './recipe'
import { type Endpoint, endpointWarning, type ExternalModel, externalKey } from './external-model'
import { SamplingBaseline, samplingBaselineKey, samplingBaselineName } from './sampling-baseline'
import { nameStrengths, postStrengths, rangeStrengths, recipeStrengths, sourcesOf, strengthsKey } from './strengths'

/** One term of a sum of layers: a checkpoint and its weight. */
export const LayerTerm = z.object({
  checkpoint: z.union([z.enum(['base', 'post']), OtherCheckpoint]),
  weight: z.number()
})
export type LayerTerm = z.infer<typeof LayerTerm>

/** One set of weights: base, post, post with a recipe, or another checkpoint. `kept` identifies the project's entry. */
export const Model = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('base') }),
  z.object({ kind: z.literal('post') }),
  z.object({
    kind: z.literal('recipe'),
    recipe: Recipe,
    kept: KeptIdentity.optional(),
    /** Checkpoint whose layers the recipe replaces as a whole; post if omitted. */
    onto: OtherCheckpoint.optional(),
    /** Terms whose sum takes the place of base's layers in the recipe's ranges. */
    terms: z.array(LayerTerm).min(1).optional()
  }),
  OtherCheckpoint.extend({ kind: z.literal('checkpoint'), kept: KeptIdentity.optional() })
])
export type Model = z.infer<typeof Model>

/** A model that the engine can sample from: weights, base after a few-shot prompt, or a way to draw from the pair. */
export const AnsweringModel = z.discriminatedUnion('kind', [
  ...Model.options,
  z.object({ kind: z.literal('few-shot') }),
  z.object({ kind: z.literal('baseline'), baseline: SamplingBaseline })
])
export type AnsweringModel = z.infer<typeof AnsweringModel>

/** A model that answers, in the engine or outside it. */
export type AnyModel = AnsweringModel | ExternalModel

export const isExternal = <Other extends { kind: string }>(
  model: Other
): model is Extract<Other, { kind: ExternalModel['kind'] }> => model.kind === 'endpoint' || model.kind === 'file'

export const endpointsAmong = (models: readonly AnyModel[]): Endpoint[] =>
  models.flatMap((model) => (model.kind === 'endpoint' ? [model.endpoint] : []))

export const endpointWarnings = (models: readonly AnyModel[]): string[] => [
  ...new Set(endpointsAmong(models).map(endpointWarning))
]

export const layersModel = (layers: readonly LayerStrength[]): Extract<Model, { kind: 'recipe' }> => ({
  kind: 'recipe',
  recipe: { name: nameStrengths(layers), layers: [...layers] }
})

/** How a sweep restores ranges: the number of layers of post, and the checkpoint that restored layers come from. */
export interface RestorationSource {
  layerCount: number
  /** Null for base. */
  source: RestoredTo
}

/** Returns post with a range of its layers restored to base. */
export const rangeModel = ({ start, end }: RestorationRange): Extract<Model, { kind: 'recipe' }> => ({
  kind: 'recipe',
  recipe: { name: nameStrengths(rangeStrengths({ start, end }, end + 1)), ranges: [[start, end]] }
})

/** Returns post with a range of its layers restored to the source of a sweep, which may be another checkpoint. */
export const sweptRangeModel = (
  { start, end }: RestorationRange,
  { layerCount, source }: RestorationSource
): Extract<Model, { kind: 'recipe' }> =>
  source === null ? rangeModel({ start, end }) : layersModel(rangeStrengths({ start, end }, layerCount, source))

export function modelName(model: AnyModel): string {
  if (model.kind === 'recipe') return model.recipe.name
  if (model.kind === 'baseline') return samplingBaselineName(model.baseline)
  if (model.kind === 'few-shot') return FEW_SHOT_WORD
  return model.kind === 'base' || model.kind === 'post' ? model.kind : model.name
}

/** Returns the strength of base in each layer of post or a recipe; null for every other model. */
export function modelStrengths(model: AnyModel, layerCount: number): LayerStrength[] | null {
  if (model.kind === 'post') return postStrengths(layerCount)
  return model.kind === 'recipe' ? recipeStrengths(model.recipe, layerCount) : null
}

/** Lists the checkpoints besides base and post whose weights a model needs. */
export function otherCheckpointsOf(model: AnyModel): OtherCheckpoint[] {
  if (model.kind === 'checkpoint') return [model]
  if (model.kind !== 'recipe') return []
  const { recipe, onto, terms = [] } = model
  const ofTerms = terms.flatMap(({ checkpoint }) => (typeof checkpoint === 'string' ? [] : [checkpoint]))
  const ofLayers = 'layers' in recipe ? sourcesOf(recipe.layers) : []
  return [onto ?? [], ofTerms, ofLayers].flat()
}

/** Returns a key, equal for models with the same answers: `base`, `4-11`, `checkpoint <fingerprint>`, `mix 0.5`. */
export function weightsKey(model: AnyModel): string {
  if (isExternal(model)) return externalKey(model)
  if (model.kind === 'checkpoint') return `checkpoint ${model.fingerprint}`
  if (model.kind === 'baseline') return samplingBaselineKey(model.baseline)
  if (model.kind !== 'recipe') return model.kind
  const { recipe, onto, terms } = model
  const layerCount = 'layers' in recipe ? recipe.layers.length : Math.max(...recipe.ranges.map(([, end]) => end)) + 1
  const strengths = strengthsKey(recipeStrengths(recipe, layerCount)) || 'post'
  const key = terms === undefined ? strengths : `${strengths} of ${terms.map(termKey).join(' + ')}`
  return onto === undefined ? key : `${key} onto ${onto.fingerprint}`
}

const termKey = ({ checkpoint, weight }: LayerTerm): string =>
  `${weight} ${typeof checkpoint === 'string' ? checkpoint : checkpoint.fingerprint}`

export const keptOf = (model: AnyModel): KeptIdentity | undefined =>
  model.kind === 'recipe' || model.kind === 'checkpoint' ? model.kept : undefined

/** Returns a key of a model in its project: the id of a kept model, and the weights key of any other. */
export const modelKey = (model: AnyModel): string => keptOf(model)?.id ?? weightsKey(model)

/** Reports whether two models are the same in their project. Weights decide if either lacks a kept id. */
export const sameModel = (a: AnyModel, b: AnyModel): boolean =>
  keptOf(a) === undefined || keptOf(b) === undefined ? weightsKey(a) === weightsKey(b) : modelKey(a) === modelKey(b)
