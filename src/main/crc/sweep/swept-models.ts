import type { OtherCheckpoint } from '../../../contract/model/checkpoint'
import { DEPTH_RAMPS, type Recipe } from '../../../contract/model/recipe'
import { allRanges, recipeStrengths, uniformBlendStrengths } from '../../../contract/model/strengths'
import type { SweptModel } from '../../../contract/documents/swept-model'
import { stageRanges, stageSums } from './lineage'

/** Lists the models of a sweep. @throws WorkbenchError `bad-input` for a recipe that does not fit the layers */
export function listSweptModels(
  request: {
    ranges: boolean
    uniformBlendCount: number
    recipes: readonly Recipe[]
    stages?: readonly OtherCheckpoint[]
  },
  layerCount: number,
  withBase: boolean,
  checkpoints: readonly OtherCheckpoint[]
): SweptModel[] {
  const models: SweptModel[] = [{ kind: 'post' }]
  if (withBase) models.push({ kind: 'base' })
  for (const range of request.ranges ? allRanges(layerCount) : []) models.push({ kind: 'range', range })
  const { uniformBlendCount, stages = [] } = request
  models.push(...stageRanges(stages, layerCount), ...stageSums(stages, layerCount))
  const uniform = uniformBlendStrengths(uniformBlendCount).map((strength) => ({ strength }))
  const ramps = request.ranges && uniformBlendCount > 0 ? DEPTH_RAMPS : []
  for (const blend of [...uniform, ...ramps]) models.push({ kind: 'uniform-blend', ...blend })
  for (const recipe of request.recipes) {
    recipeStrengths(recipe, layerCount)
    models.push({ kind: 'recipe', recipe })
  }
  for (const checkpoint of checkpoints) models.push({ kind: 'checkpoint', ...checkpoint })
  return models
}
