import { WorkbenchError } from './problem'
import type { LayerStrength, Recipe, RestorationRange } from './recipe'

const POST: LayerStrength = { attention: 0, mlp: 0 }
const BASE: LayerStrength = { attention: 1, mlp: 1 }

/** All L(L+1)/2 contiguous restoration ranges, by start and then end. */
export function allRanges(layerCount: number): RestorationRange[] {
  const ranges: RestorationRange[] = []
  for (let start = 0; start < layerCount; start++) {
    for (let end = start; end < layerCount; end++) ranges.push({ start, end })
  }
  return ranges
}

/** Post itself: nothing restored. */
export function postStrengths(layerCount: number): LayerStrength[] {
  return new Array<LayerStrength>(layerCount).fill(POST)
}

/** Layers start..end from base, the rest from post. */
export function rangeStrengths(range: RestorationRange, layerCount: number): LayerStrength[] {
  return rangesStrengths([[range.start, range.end]], layerCount, `range ${range.start}-${range.end}`)
}

/** Every layer the same blend of base and post. */
export function blendStrengths(strength: number, layerCount: number): LayerStrength[] {
  return new Array<LayerStrength>(layerCount).fill({ attention: strength, mlp: strength })
}

/** The strengths of a soup of `size` blends: evenly from 0 to 1, rounded so that they read as decimals. */
export function soupStrengths(size: number): number[] {
  return Array.from({ length: size }, (_, index) => Number((index / (size - 1)).toFixed(6)))
}

/**
 * A recipe's strength for every layer of a model.
 *
 * @throws WorkbenchError `bad-input` when the recipe names layers that the model does not have
 */
export function recipeStrengths(recipe: Recipe, layerCount: number): LayerStrength[] {
  if ('ranges' in recipe) return rangesStrengths(recipe.ranges, layerCount, `recipe "${recipe.name}"`)
  if (recipe.layers.length !== layerCount) {
    throw new WorkbenchError(
      'bad-input',
      `The recipe "${recipe.name}" lists ${recipe.layers.length} layers, but the model has ${layerCount}.`,
      'Give one entry for every decoder layer.'
    )
  }
  return recipe.layers
}

function rangesStrengths(
  ranges: readonly (readonly [number, number])[],
  layerCount: number,
  what: string
): LayerStrength[] {
  const strengths = postStrengths(layerCount)
  for (const [start, end] of ranges) {
    if (end >= layerCount) {
      throw new WorkbenchError(
        'bad-input',
        `The ${what} ends at layer ${end}, but the model has layers 0 to ${layerCount - 1}.`,
        'Layers are counted from 0, and both ends of a range are included.'
      )
    }
    strengths.fill(BASE, start, end + 1)
  }
  return strengths
}
