import type { OtherCheckpoint } from '../../../contract/model/checkpoint'
import type { Recipe } from '../../../contract/model/recipe'
import { allRanges, recipeStrengths, soupStrengths } from '../../../contract/model/strengths'
import type { SweptModel } from '../../../contract/documents/swept-model'

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
  const models: SweptModel[] = [{ kind: 'post' }]
  if (withBase) models.push({ kind: 'base' })
  for (const range of asked.ranges ? allRanges(layerCount) : []) models.push({ kind: 'range', range })
  for (const strength of soupStrengths(asked.soupSize)) models.push({ kind: 'blend', strength })
  for (const recipe of asked.recipes) {
    recipeStrengths(recipe, layerCount)
    models.push({ kind: 'recipe', recipe })
  }
  for (const checkpoint of checkpoints) models.push({ kind: 'checkpoint', ...checkpoint })
  return models
}
