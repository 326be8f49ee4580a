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

/** One half of layers start..end from base, the rest from post. */
export function halfStrengths(
  range: RestorationRange,
  half: keyof LayerStrength,
  layerCount: number
): LayerStrength[] {
  return rangeStrengths(range, layerCount).map((strength) => ({ ...POST, [half]: strength[half] }))
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

/** The layers that share the same strengths, next to each other. */
interface Stretch {
  start: number
  end: number
  strength: LayerStrength
}

function stretches(layers: readonly LayerStrength[]): Stretch[] {
  const result: Stretch[] = []
  for (const [layer, strength] of layers.entries()) {
    const last = result.at(-1)
    if (last !== undefined && sameStrength(last.strength, strength)) last.end = layer
    else result.push({ start: layer, end: layer, strength })
  }
  return result
}

/** One string for the range: `4-11`. */
export const rangeKey = ({ start, end }: RestorationRange): string => `${start}-${end}`

/** One string for equal strengths, whatever comes behind the last restored layer: `4-11`, `2-2@0.5/0,4-11`; empty for post itself. */
export const strengthsKey = (layers: readonly LayerStrength[]): string =>
  stretches(layers)
    .filter(({ strength }) => !sameStrength(strength, POST))
    .map(({ strength: { attention, mlp }, ...range }) => {
      const blend = attention === mlp ? attention : `${attention}/${mlp}`
      return `${rangeKey(range)}${blend === 1 ? '' : `@${blend}`}`
    })
    .join()

export const sameStrength = (a: LayerStrength, b: LayerStrength): boolean =>
  a.attention === b.attention && a.mlp === b.mlp

/** Whether a strength goes beyond post or base, to weights that neither of them has nor lies between. */
export const isExtrapolated = (strength: number): boolean => strength < 0 || strength > 1

/** `0.5`, `1.5 (extrapolated)`. */
export const strengthWords = (strength: number): string =>
  `${strength}${isExtrapolated(strength) ? ' (extrapolated)' : ''}`

/**
 * Names strengths shortly and completely: `4–11`, `2, attention 3, MLP 5–6, 8–9 at 0.5`, `3 at 1.2 (extrapolated)`; `nothing` for
 * post itself.
 */
export function describeStrengths(layers: readonly LayerStrength[]): string {
  const parts = stretches(layers).flatMap(({ start, end, strength: { attention, mlp } }) => {
    const which = start === end ? String(start) : `${start}–${end}`
    if (attention === mlp)
      return attention === 0 ? [] : [attention === 1 ? which : `${which} at ${strengthWords(attention)}`]
    const half = (name: string, strength: number): string[] =>
      strength === 0 ? [] : [`${name} ${which}${strength === 1 ? '' : ` at ${strengthWords(strength)}`}`]
    return [...half('attention', attention), ...half('MLP', mlp)]
  })
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

/** The same within a sentence: `layers 4–11`, `layer 2 at 0.5`, `attention 3`. */
export function phraseStrengths(layers: readonly LayerStrength[]): string {
  const text = describeStrengths(layers)
  return /^\d/.test(text) ? `${/^\d+( at [^,]+)?$/.test(text) ? 'layer' : 'layers'} ${text}` : text
}

/** A name for strengths that nobody has named: `Layers 4–11, attention 2`. */
export function nameStrengths(layers: readonly LayerStrength[]): string {
  const name = phraseStrengths(layers)
  const cut = name.length <= 120 ? name : `${name.slice(0, 119)}…`
  return cut.charAt(0).toUpperCase() + cut.slice(1)
}

/** The recipe with these strengths: as ranges where whole layers are restored, otherwise layer by layer. */
export function recipeOf(name: string, layers: readonly LayerStrength[]): Recipe {
  const restored = stretches(layers).filter(({ strength }) => !sameStrength(strength, POST))
  return restored.length > 0 && restored.every(({ strength }) => sameStrength(strength, BASE))
    ? { name, ranges: restored.map(({ start, end }) => [start, end]) }
    : { name, layers: [...layers] }
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
