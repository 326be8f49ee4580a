import type { BaselineComparison } from '../documents/crc'
import { baselineModel } from '../documents/swept-model'
import { type AnsweringModel, type AnyModel, layersModel, type RestorationSource } from '../model/model'
import type { Recipe } from '../model/recipe'
import { samplingBaselineName, needsBase } from '../model/sampling-baseline'
import { halfStrengths } from '../model/strengths'
import { formatPercent, lowerFirst } from './format'

/** Returns a short name of a model for sentences, without settings. */
export function modelPhrase(model: AnyModel, name: string): string {
  if (model.kind === 'baseline') {
    const { baseline } = model
    if (!needsBase(baseline)) return `post at temperature ${baseline.temperature}`
    return baseline.kind === 'filter' ? 'base filtered by post' : 'a mix of logits'
  }
  const strength = model.kind === 'recipe' ? uniformStrength(model.recipe) : null
  if (strength !== null) return blendPhrase(strength)
  if (model.kind === 'checkpoint') return `checkpoint ${name}`
  return model.kind === 'recipe' ? lowerFirst(name) : name
}

const blendPhrase = (strength: number): string => `a ${formatPercent(strength)} blend of all layers`

export function uniformStrength(recipe: Recipe): number | null {
  if (!('layers' in recipe)) return null
  const strength = recipe.layers[0]?.attention
  if (typeof strength !== 'number' || strength <= 0 || strength >= 1) return null
  const isUniform = recipe.layers.every(({ attention, mlp }) => attention === strength && mlp === strength)
  return isUniform ? strength : null
}

export function baselinePhrase({ baseline }: Pick<BaselineComparison, 'baseline'>): string {
  if (baseline.kind === 'uniform-blend') return blendPhrase(baseline.strength)
  if (baseline.kind === 'depth-ramp') return 'a ramp over depth'
  if (baseline.kind === 'tempered') return 'another sampler'
  if (baseline.kind === 'control') return `the ${baseline.place} range of that length`
  if (baseline.kind === 'checkpoint') return modelPhrase(baseline, baseline.name)
  if (baseline.kind === 'half') return `its ${baseline.half === 'mlp' ? 'MLP' : 'attention'} alone`
  return modelPhrase({ kind: 'baseline', baseline }, samplingBaselineName(baseline))
}

/** Returns the model of a baseline; null for controls and for the range under another sampler. */
export function comparedModel(
  { baseline }: Pick<BaselineComparison, 'baseline'>,
  restoring: RestorationSource
): AnsweringModel | null {
  if (baseline.kind === 'tempered' || baseline.kind === 'control') return null
  if (baseline.kind === 'checkpoint') return baseline
  if (baseline.kind !== 'half') return baselineModel(baseline, restoring)
  return layersModel(halfStrengths(baseline.range, baseline.half, restoring.layerCount, restoring.source))
}
