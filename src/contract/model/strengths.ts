import { inputError } from './problem'
import { mapGet } from './look-up'
import type { OtherCheckpoint, RestoredTo } from './checkpoint'
import {
  type Blend,
  type Component,
  COMPONENTS,
  type ComponentStrengths,
  type LayerHalf,
  type LayerStrength,
  type Recipe,
  type RestorationRange,
  wholeHalf
} from './recipe'
import { multimap } from './multimap'

export const HALVES = ['attention', 'mlp'] as const satisfies readonly LayerHalf[]

const POST: LayerStrength = { attention: 0, mlp: 0 }
const BASE: LayerStrength = { attention: 1, mlp: 1 }
const POST_KEY = '0/0'

export const rangeCount = (layerCount: number): number => (layerCount * (layerCount + 1)) / 2

/** Returns all L(L+1)/2 contiguous restoration ranges, by start and then end. */
export function allRanges(layerCount: number): RestorationRange[] {
  const ranges: RestorationRange[] = []
  for (let start = 0; start < layerCount; start++) {
    for (let end = start; end < layerCount; end++) ranges.push({ start, end })
  }
  return ranges
}

export function postStrengths(layerCount: number): LayerStrength[] {
  return new Array<LayerStrength>(layerCount).fill(POST)
}

/** Returns strengths that take layers start..end from base or another source, and all others from post. */
export function rangeStrengths(
  range: RestorationRange,
  layerCount: number,
  source: RestoredTo = null
): LayerStrength[] {
  const layers = rangesStrengths([[range.start, range.end]], layerCount, `range ${range.start}-${range.end}`)
  return setSource(layers, source)
}

/** Returns the same strengths with another source; base for null. Layers of post have no source. */
export const setSource = (layers: readonly LayerStrength[], source: RestoredTo): LayerStrength[] =>
  layers.map(({ attention, mlp }) =>
    source === null || isPostLayer({ attention, mlp }) ? { attention, mlp } : { attention, mlp, source }
  )

export function sourcesOf(layers: readonly LayerStrength[]): OtherCheckpoint[] {
  const sources = new Map<string, OtherCheckpoint>()
  for (const { source } of layers.filter((layer) => !isPostLayer(layer)))
    if (source !== undefined) sources.set(`${source.fingerprint} ${source.path}`, source)
  return [...sources.values()]
}

/** Returns strengths that take one half of layers start..end from base or another source, and all others from post. */
export function halfStrengths(
  range: RestorationRange,
  half: LayerHalf,
  layerCount: number,
  source: RestoredTo
): LayerStrength[] {
  const layers = rangeStrengths(range, layerCount).map((strength) => ({ ...POST, [half]: strength[half] }))
  return setSource(layers, source)
}

/** Returns the strengths of a blend of post with base or a source. A ramp's strengths are rounded to 1/1000. */
export function blendStrengths(
  { strength, last = strength }: Blend,
  layerCount: number,
  source: RestoredTo = null
): LayerStrength[] {
  const layers = Array.from({ length: layerCount }, (_, layer): LayerStrength => {
    const ramped = strength + ((last - strength) * layer) / Math.max(1, layerCount - 1)
    const amount = last === strength ? strength : Number(ramped.toFixed(3))
    return { attention: amount, mlp: amount }
  })
  return setSource(layers, source)
}

/** Returns the strengths of `size` uniform blends. They are evenly spaced from 0 to 1 and rounded to short decimals. */
export function uniformBlendStrengths(size: number): number[] {
  return Array.from({ length: size }, (_, index) => Number((index / (size - 1)).toFixed(6)))
}

/** Returns a recipe's strength for every layer. @throws WorkbenchError `bad-input` for layers that do not exist */
export function recipeStrengths(recipe: Recipe, layerCount: number): LayerStrength[] {
  if ('ranges' in recipe) return rangesStrengths(recipe.ranges, layerCount, `recipe "${recipe.name}"`)
  if (recipe.layers.length !== layerCount) {
    throw inputError(
      `The model has ${layerCount} layers, but the recipe "${recipe.name}" lists ${recipe.layers.length}.`,
      'Give one entry for every decoder layer.'
    )
  }
  return recipe.layers
}

/** Reports whether a recipe treats layers differently, as a range does and a blend of all layers does not. */
export const choosesLayers = (recipe: Recipe): boolean => 'ranges' in recipe || stretches(recipe.layers).length > 1

export function withSources(recipe: Recipe, change: (source: OtherCheckpoint) => OtherCheckpoint): Recipe {
  if ('ranges' in recipe) return recipe
  const layers = recipe.layers.map((layer) =>
    layer.source === undefined ? layer : { ...layer, source: change(layer.source) }
  )
  return { ...recipe, layers }
}

/** Adjacent layers with the same strengths. */
export interface Stretch {
  start: number
  end: number
  strength: LayerStrength
}

export function stretches(layers: readonly LayerStrength[]): Stretch[] {
  const result: Stretch[] = []
  for (const [layer, strength] of layers.entries()) {
    const last = result.at(-1)
    if (last !== undefined && sameStrength(last.strength, strength)) last.end = layer
    else result.push({ start: layer, end: layer, strength })
  }
  return result
}

/** Returns the strength of each component of a half, in the order of {@link COMPONENTS}. */
export function componentStrengths(
  layer: LayerStrength,
  half: LayerHalf
): { component: Component; strength: number }[] {
  const halfStrength = layer[half]
  const named: ComponentStrengths = typeof halfStrength === 'number' ? {} : halfStrength
  const otherwise = typeof halfStrength === 'number' ? halfStrength : 0
  return COMPONENTS[half].map((component) => ({ component, strength: named[component] ?? otherwise }))
}

export function componentStrength(layer: LayerStrength, half: LayerHalf, wanted: Component): number {
  const entry = componentStrengths(layer, half).find(({ component }) => component === wanted)
  if (entry === undefined) throw new Error(`${HALF_NAMES[half]} has no ${wanted}`)
  return entry.strength
}

/** Returns the layer with the strength of each component replaced by the result of `change`. */
export function withComponents(
  layer: LayerStrength,
  change: (half: LayerHalf, component: Component, strength: number) => number
): LayerStrength {
  const changed = (half: LayerHalf): Map<Component, number> =>
    new Map(
      componentStrengths(layer, half).map(({ component, strength }) => [component, change(half, component, strength)])
    )
  const attention = changed('attention')
  const mlp = changed('mlp')
  const strengthOf = (component: Component, half: Map<Component, number>): number =>
    mapGet(half, component, 'component')
  return {
    ...layer,
    attention: wholeHalf({
      norms: strengthOf('norms', attention),
      q: strengthOf('q', attention),
      k: strengthOf('k', attention),
      v: strengthOf('v', attention),
      o: strengthOf('o', attention)
    }),
    mlp: wholeHalf({
      norms: strengthOf('norms', mlp),
      router: strengthOf('router', mlp),
      gate: strengthOf('gate', mlp),
      up: strengthOf('up', mlp),
      down: strengthOf('down', mlp)
    })
  }
}

/** Averages the strengths of a half's components. */
export function meanStrength(layer: LayerStrength, half: LayerHalf): number {
  const halfStrength = layer[half]
  if (typeof halfStrength === 'number') return halfStrength
  const all = componentStrengths(layer, half)
  return all.reduce((sum, { strength }) => sum + strength, 0) / all.length
}

/** Returns a key of a range's layers, `4-11`. It identifies no model, because it lacks the source of the weights. */
export const spanKey = ({ start, end }: RestorationRange): string => `${start}-${end}`

/** Returns the `weightsKey` of the model with one range restored: `4-11`, or `4-11 of FINGERPRINT`. */
export const rangeKey = (range: RestorationRange, { source }: { readonly source: RestoredTo }): string =>
  source === null ? spanKey(range) : `${spanKey(range)} of ${source.fingerprint}`

/** Caches the index of each range by its key. */
/** Finds a range among others; undefined for null, and for a range that they lack. */
export const findRange = <Range extends RestorationRange>(
  ranges: readonly Range[],
  range: RestorationRange | null
): Range | undefined => ranges.find(({ start, end }) => start === range?.start && end === range.end)

const indexOfKeys = new WeakMap<readonly RestorationRange[], ReadonlyMap<string, number>>()

/** Returns the range of a key, or undefined if the key is of another model. The ranges must not change in place. */
export function rangeOfKey<Range extends RestorationRange>(
  { ranges, source }: { readonly ranges: readonly Range[]; readonly source: RestoredTo },
  key: string | null
): Range | undefined {
  if (key === null) return undefined
  const indexOf = indexOfKeys.get(ranges) ?? new Map(ranges.map((range, index) => [rangeKey(range, { source }), index]))
  indexOfKeys.set(ranges, indexOf)
  const index = indexOf.get(key)
  return index === undefined ? undefined : ranges[index]
}

function halfKey(layer: LayerStrength, half: LayerHalf): string {
  const halfStrength = layer[half]
  if (typeof halfStrength === 'number') return String(halfStrength)
  return componentStrengths(layer, half)
    .filter(({ strength }) => strength !== 0)
    .map(({ component, strength }) => `${component}:${strength}`)
    .join('+')
}

/** Returns a key that is equal for equal strengths, regardless of the source: `1/1`, `0.5/0`, `q:1+k:1/0`. */
export const amountKey = (layer: LayerStrength): string => `${halfKey(layer, 'attention')}/${halfKey(layer, 'mlp')}`

const sourceKey = (layer: LayerStrength): string =>
  layer.source === undefined || isPostLayer(layer) ? '' : ` of ${layer.source.fingerprint}`

export const layerKey = (layer: LayerStrength): string => `${amountKey(layer)}${sourceKey(layer)}`

/** Returns a key that is equal for equal strengths: `4-11`, `2-2@0.5/0,4-11`, `4-11 of FINGERPRINT`; '' for post. */
export const strengthsKey = (layers: readonly LayerStrength[]): string =>
  stretches(layers)
    .filter(({ strength }) => !isPostLayer(strength))
    .map(({ strength, ...range }) => {
      const { attention, mlp } = strength
      const blend = typeof attention === 'number' && attention === mlp ? attention : amountKey(strength)
      return `${spanKey(range)}${blend === 1 ? '' : `@${blend}`}${sourceKey(strength)}`
    })
    .join()

export const sameStrength = (a: LayerStrength, b: LayerStrength): boolean => a === b || layerKey(a) === layerKey(b)

export const isPostLayer = (layer: LayerStrength): boolean => amountKey(layer) === POST_KEY

/** Reports whether a strength lies outside 0 to 1. */
export const isExtrapolated = (strength: number): boolean => strength < 0 || strength > 1

/** Formats a strength with a typographic minus sign: `0.5`, `−0.5`. */
export const strengthNumber = (strength: number): string => `${strength < 0 ? '−' : ''}${Math.abs(strength)}`

/** Formats a strength as `0.5`, `1.5 (extrapolated)` or `−0.5 (extrapolated)`. */
export const strengthWords = (strength: number): string =>
  `${strengthNumber(strength)}${isExtrapolated(strength) ? ' (extrapolated)' : ''}`

/** Reports whether every layer is completely post's or completely base's, without blends or extrapolation. */
export const isRestored = (layers: readonly LayerStrength[]): boolean =>
  layers.every((layer) => isPostLayer(layer) || sameStrength(layer, BASE))

const HALF_NAMES: Readonly<Record<LayerHalf, string>> = { attention: 'attention', mlp: 'MLP' }

export const componentName = (half: LayerHalf, component: Component): string =>
  component === 'norms' ? `${HALF_NAMES[half]} norms` : component

/** Groups the components of a half by strength: `[1, 'q and k']`. @param routed true if layers may have a router */
export function componentGroups(layer: LayerStrength, half: LayerHalf, routed = true): [number, string][] {
  const groups = multimap(
    componentStrengths(layer, half)
      .filter(({ component }) => routed || component !== 'router')
      .map(({ component, strength }) => [strength, componentName(half, component)])
  )
  return [...groups].map(([strength, names]) => [
    strength,
    [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '').join(' and ')
  ])
}

/** Describes strengths completely, such as `4–11`, `2, attention 3, MLP 5–6, layers 8–9 at 0.5`, `4–7 from sft`. */
export function describeStrengths(layers: readonly LayerStrength[]): string {
  const parts: string[] = []
  let inHalves = false
  for (const { start, end, strength: layer } of stretches(layers)) {
    const [noun, which] = start === end ? ['layer', String(start)] : ['layers', `${start}–${end}`]
    const from = layer.source === undefined ? '' : ` from ${layer.source.name}`
    const add = (name: string, strength: number): void => {
      if (strength !== 0) parts.push(`${name}${strength === 1 ? '' : ` at ${strengthWords(strength)}`}${from}`)
    }
    const { attention } = layer
    const isWhole = typeof attention === 'number' && attention === layer.mlp
    // After halves, whole layers are called layers: "MLP 1, 2" would read as two halves.
    if (isWhole) add(inHalves ? `${noun} ${which}` : which, attention)
    else {
      for (const half of HALVES) {
        const halfStrength = layer[half]
        if (typeof halfStrength === 'number') add(`${HALF_NAMES[half]} ${which}`, halfStrength)
        else for (const [strength, names] of componentGroups(layer, half)) add(`${names} of ${noun} ${which}`, strength)
      }
    }
    if (!isPostLayer(layer)) inHalves = !isWhole
  }
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

/** Describes strengths within a sentence: `layers 4–11`, `layer 2 at 0.5`, `attention 3`. */
export function phraseStrengths(layers: readonly LayerStrength[]): string {
  const text = describeStrengths(layers)
  return /^\d/.test(text) ? `${/^\d+( (at|from) [^,]+)?$/.test(text) ? 'layer' : 'layers'} ${text}` : text
}

/** Returns a default name for strengths: `Layers 4–11, attention 2`. */
export function nameStrengths(layers: readonly LayerStrength[]): string {
  const name = phraseStrengths(layers)
  const cut = name.length <= 120 ? name : `${name.slice(0, 119)}…`
  return cut.charAt(0).toUpperCase() + cut.slice(1)
}

/** Returns the recipe with these strengths, as ranges if only complete layers are restored. */
export function recipeOf(name: string, layers: readonly LayerStrength[]): Recipe {
  const restored = stretches(layers).filter(({ strength }) => !isPostLayer(strength))
  return restored.length > 0 && restored.every(({ strength }) => sameStrength(strength, BASE))
    ? { name, ranges: restored.map(({ start, end }) => [start, end]) }
    : { name, layers: [...layers] }
}

/** Returns strengths that take the layers of all ranges from base. @throws WorkbenchError `bad-input` naming `what` */
export function rangesStrengths(
  ranges: readonly (readonly [number, number])[],
  layerCount: number,
  what: string
): LayerStrength[] {
  const strengths = postStrengths(layerCount)
  for (const [start, end] of ranges) {
    if (end >= layerCount) {
      throw inputError(
        `The ${what} ends at layer ${end}, but the model has layers 0 to ${layerCount - 1}.`,
        'Layers are counted from 0, and both ends of a range are included.'
      )
    }
    strengths.fill(BASE, start, end + 1)
  }
  return strengths
}
