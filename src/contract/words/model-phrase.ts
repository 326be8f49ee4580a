import type { RivalComparison } from '../documents/crc'
import { blendRecipe } from '../documents/swept-model'
import { type AnsweringModel, type AnyModel, layersModel, type Restoring } from '../model/model'
import type { Recipe } from '../model/recipe'
import { rivalName } from '../model/rival'
import { halfStrengths } from '../model/strengths'
import { formatPercent } from './format'

/** How a sentence names a model: short, without the settings that its list entry has. */
export function modelPhrase(model: AnyModel, name: string): string {
  if (model.kind === 'rival') {
    const { rival } = model
    if (rival.kind === 'filter') return 'base filtered by post'
    return rival.kind === 'mix' ? 'a mix of logits' : `post at temperature ${rival.temperature}`
  }
  const strength = model.kind === 'recipe' ? uniformStrength(model.recipe) : null
  if (strength !== null) return blendPhrase(strength)
  return model.kind === 'recipe' ? name.charAt(0).toLowerCase() + name.slice(1) : name
}

const blendPhrase = (strength: number): string => `a ${formatPercent(strength)} blend of all layers`

/** The strength of a uniform blend; null for other recipes. */
export function uniformStrength(recipe: Recipe): number | null {
  if (!('layers' in recipe)) return null
  const strength = recipe.layers[0]?.attention
  if (typeof strength !== 'number' || strength <= 0 || strength >= 1) return null
  const isUniform = recipe.layers.every(({ attention, mlp }) => attention === strength && mlp === strength)
  return isUniform ? strength : null
}

/** How a sentence names what is compared with the selected range. */
export function baselinePhrase({ rival }: Pick<RivalComparison, 'rival'>): string {
  if (rival.kind === 'blend') return blendPhrase(rival.strength)
  if (rival.kind === 'tempered') return 'another sampler'
  if (rival.kind === 'control') return `the ${rival.place} range of that length`
  if (rival.kind === 'half') return `its ${rival.half === 'mlp' ? 'MLP' : 'attention'} alone`
  return modelPhrase({ kind: 'rival', rival }, rivalName(rival))
}

/** The model behind what is compared with the selected range; null for that range under another sampler. */
export function comparedModel(
  { rival }: Pick<RivalComparison, 'rival'>,
  restoring: Restoring
): AnsweringModel | null {
  if (rival.kind === 'tempered' || rival.kind === 'control') return null
  if (rival.kind === 'blend') return { kind: 'recipe', recipe: blendRecipe(rival.strength, restoring) }
  if (rival.kind !== 'half') return { kind: 'rival', rival }
  return layersModel(halfStrengths(rival.range, rival.half, restoring.layerCount, restoring.source))
}
