import { createHash } from 'node:crypto'
import type { OtherCheckpoint } from '../../../contract/documents/crc'
import type { EngineModel } from '../../../contract/procedures/engine'
import type { LayerStrength, Recipe } from '../../../contract/model/recipe'
import {
  allRanges,
  blendStrengths,
  postStrengths,
  rangeStrengths,
  recipeStrengths,
  soupStrengths
} from '../../../contract/model/strengths'
import type { ScoredModel } from '../../../contract/documents/sweep-part'

/** A model of a sweep: what it is called, and what the engine is to compute. */
export interface SweptModel {
  model: ScoredModel
  engine: EngineModel
}

/**
 * Post, base as a whole model when it can be compared, all restoration ranges if asked for, a soup, the recipes and other
 * checkpoints.
 *
 * @throws WorkbenchError `bad-input` for a recipe that does not fit the model's layers
 */
export function sweptModels(
  asked: { ranges: boolean; soupSize: number; recipes: readonly Recipe[] },
  layerCount: number,
  withBase: boolean,
  checkpoints: readonly OtherCheckpoint[]
): SweptModel[] {
  const models: ScoredModel[] = [{ kind: 'post' }]
  if (withBase) models.push({ kind: 'base' })
  for (const range of asked.ranges ? allRanges(layerCount) : []) models.push({ kind: 'range', range })
  for (const strength of soupStrengths(asked.soupSize)) models.push({ kind: 'blend', strength })
  for (const recipe of asked.recipes) models.push({ kind: 'recipe', recipe })
  for (const checkpoint of checkpoints) models.push({ kind: 'checkpoint', ...checkpoint })
  return models.map((model) => ({ model, engine: engineModel(model, layerCount) }))
}

/** What the engine computes for a model. @throws WorkbenchError `bad-input` when there are no such layers */
export function engineModel(model: ScoredModel, layerCount: number): EngineModel {
  if (model.kind === 'base') return { kind: 'base' }
  if (model.kind === 'checkpoint') {
    return { kind: 'checkpoint', path: model.path, fingerprint: model.fingerprint }
  }
  return { kind: 'recipe', layers: strengths(model, layerCount) }
}

/** A name that is equal for models of equal weights, whatever they are called. */
export function modelKey(engine: EngineModel): string {
  if (engine.kind === 'base') return 'base'
  if (engine.kind === 'checkpoint') return `checkpoint ${engine.fingerprint}`
  const strengths = engine.layers.map(({ attention, mlp }) => [attention, mlp])
  return createHash('sha256').update(JSON.stringify(strengths)).digest('hex').slice(0, 32)
}

function strengths(
  model: Exclude<ScoredModel, { kind: 'base' | 'checkpoint' }>,
  layerCount: number
): LayerStrength[] {
  if (model.kind === 'range') return rangeStrengths(model.range, layerCount)
  if (model.kind === 'blend') return blendStrengths(model.strength, layerCount)
  return model.kind === 'recipe' ? recipeStrengths(model.recipe, layerCount) : postStrengths(layerCount)
}
