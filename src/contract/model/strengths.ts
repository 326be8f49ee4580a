import { WorkbenchError } from './problem'
import { got } from './look-up'
import type { OtherCheckpoint, RestoredTo } from './checkpoint'
import {
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

/** The halves of a layer, in the order in which they are computed. */
export const HALVES = ['attention', 'mlp'] as const satisfies readonly LayerHalf[]

const POST: LayerStrength = { attention: 0, mlp: 0 }
const BASE: LayerStrength = { attention: 1, mlp: 1 }
const POST_KEY = '0/0'

/** Number of contiguous ranges of `layerCount` layers. */
export const rangeCount = (layerCount: number): number => (layerCount * (layerCount + 1)) / 2

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

/** Layers start..end from base or another source, the rest from post. */
export function rangeStrengths(
  range: RestorationRange,
  layerCount: number,
  source: RestoredTo = null
): LayerStrength[] {
  const layers = rangesStrengths([[range.start, range.end]], layerCount, `range ${range.start}-${range.end}`)
  return takenFrom(layers, source)
}

/** The same strengths of another source. */
export const takenFrom = (layers: readonly LayerStrength[], source: RestoredTo): LayerStrength[] =>
  layers.map(({ attention, mlp }) =>
    source === null || isPostLayer({ attention, mlp }) ? { attention, mlp } : { attention, mlp, source }
  )

/** The checkpoints that layers take something of, each once. */
export function sourcesOf(layers: readonly LayerStrength[]): OtherCheckpoint[] {
  const sources = new Map<string, OtherCheckpoint>()
  for (const { source } of layers.filter((layer) => !isPostLayer(layer)))
    if (source !== undefined) sources.set(`${source.fingerprint} ${source.path}`, source)
  return [...sources.values()]
}

/** One half of layers start..end from base or another source, the rest from post. */
export function halfStrengths(
  range: RestorationRange,
  half: LayerHalf,
  layerCount: number,
  source: RestoredTo = null
): LayerStrength[] {
  const layers = rangeStrengths(range, layerCount).map((strength) => ({ ...POST, [half]: strength[half] }))
  return takenFrom(layers, source)
}

/** Every layer the same blend of post and base, or another source. */
export function blendStrengths(
  strength: number,
  layerCount: number,
  source: RestoredTo = null
): LayerStrength[] {
  const layers = new Array<LayerStrength>(layerCount).fill({ attention: strength, mlp: strength })
  return takenFrom(layers, source)
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

/** Whether some layers take more of base than others, as those of a range do and those of a blend of all layers do not. */
export const choosesLayers = (recipe: Recipe): boolean =>
  'ranges' in recipe || stretches(recipe.layers).length > 1

/** The recipe with other sources in the place of its own, such as the same ones in other folders. */
export function withSources(recipe: Recipe, change: (source: OtherCheckpoint) => OtherCheckpoint): Recipe {
  if ('ranges' in recipe) return recipe
  const layers = recipe.layers.map((layer) =>
    layer.source === undefined ? layer : { ...layer, source: change(layer.source) }
  )
  return { ...recipe, layers }
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

/** What a half gives each of its components, in the order of {@link COMPONENTS}. */
export function componentStrengths(
  layer: LayerStrength,
  half: LayerHalf
): { component: Component; strength: number }[] {
  const own = layer[half]
  const named: ComponentStrengths = typeof own === 'number' ? {} : own
  const otherwise = typeof own === 'number' ? own : 0
  return COMPONENTS[half].map((component) => ({ component, strength: named[component] ?? otherwise }))
}

/** What a half gives one of its components. */
export function componentStrength(layer: LayerStrength, half: LayerHalf, wanted: Component): number {
  const found = componentStrengths(layer, half).find(({ component }) => component === wanted)
  if (found === undefined) throw new Error(`${HALF_NAMES[half]} has no ${wanted}`)
  return found.strength
}

/** The layer with what `change` makes of the strength of each component. */
export function withComponents(
  layer: LayerStrength,
  change: (half: LayerHalf, component: Component, strength: number) => number
): LayerStrength {
  const changed = (half: LayerHalf): Map<Component, number> =>
    new Map(
      componentStrengths(layer, half).map(({ component, strength }) => [
        component,
        change(half, component, strength)
      ])
    )
  const attention = changed('attention')
  const mlp = changed('mlp')
  const of = (component: Component, half: Map<Component, number>): number => got(half, component, 'component')
  return {
    ...layer,
    attention: wholeHalf({
      norms: of('norms', attention),
      q: of('q', attention),
      k: of('k', attention),
      v: of('v', attention),
      o: of('o', attention)
    }),
    mlp: wholeHalf({
      norms: of('norms', mlp),
      router: of('router', mlp),
      gate: of('gate', mlp),
      up: of('up', mlp),
      down: of('down', mlp)
    })
  }
}

/** The mean over the components of a half, or its one strength. */
export function meanStrength(layer: LayerStrength, half: LayerHalf): number {
  const own = layer[half]
  if (typeof own === 'number') return own
  const all = componentStrengths(layer, half)
  return all.reduce((sum, { strength }) => sum + strength, 0) / all.length
}

/** The place of a range in the triangle of all ranges: `4-11`. Ranges restored to different checkpoints share it, so it identifies no model. */
export const spanKey = ({ start, end }: RestorationRange): string => `${start}-${end}`

/** Key of the model with one range restored, equal to its `weightsKey`: `4-11` from base, `4-11 of FINGERPRINT` from another checkpoint. */
export const rangeKey = (range: RestorationRange, { source }: { readonly source: RestoredTo }): string =>
  source === null ? spanKey(range) : `${spanKey(range)} of ${source.fingerprint}`

/** `0.5`, or what is not post's of components: `q:1+k:0.5`. */
function halfKey(layer: LayerStrength, half: LayerHalf): string {
  const own = layer[half]
  if (typeof own === 'number') return String(own)
  return componentStrengths(layer, half)
    .filter(({ strength }) => strength !== 0)
    .map(({ component, strength }) => `${component}:${strength}`)
    .join('+')
}

/** One string for equal strengths, of whatever source: `1/1`, `0.5/0`, `q:1+k:1/0`. */
export const amountKey = (layer: LayerStrength): string =>
  `${halfKey(layer, 'attention')}/${halfKey(layer, 'mlp')}`

/** Behind what is taken, whose it is; empty for base's and for what takes nothing. */
const sourceKey = (layer: LayerStrength): string =>
  layer.source === undefined || isPostLayer(layer) ? '' : ` of ${layer.source.fingerprint}`

/** One string for equal strengths of a layer: those of {@link amountKey}, with the fingerprint of another source than base. */
export const layerKey = (layer: LayerStrength): string => `${amountKey(layer)}${sourceKey(layer)}`

/**
 * One string for equal strengths, whatever comes behind the last restored layer: `4-11`, `2-2@0.5/0,4-11`, `4-11 of FINGERPRINT`;
 * empty for post itself.
 */
export const strengthsKey = (layers: readonly LayerStrength[]): string =>
  stretches(layers)
    .filter(({ strength }) => !isPostLayer(strength))
    .map(({ strength, ...range }) => {
      const { attention, mlp } = strength
      const blend = typeof attention === 'number' && attention === mlp ? attention : amountKey(strength)
      return `${spanKey(range)}${blend === 1 ? '' : `@${blend}`}${sourceKey(strength)}`
    })
    .join()

export const sameStrength = (a: LayerStrength, b: LayerStrength): boolean => layerKey(a) === layerKey(b)

/** Whether a layer is post's alone. */
export const isPostLayer = (layer: LayerStrength): boolean => amountKey(layer) === POST_KEY

/** Whether a strength goes beyond post or base, to weights that neither of them has nor lies between. */
export const isExtrapolated = (strength: number): boolean => strength < 0 || strength > 1

/** With the sign that numbers have in text: `0.5`, `−0.5`. */
export const strengthNumber = (strength: number): string => `${strength < 0 ? '−' : ''}${Math.abs(strength)}`

/** `0.5`, `1.5 (extrapolated)`, `−0.5 (extrapolated)`. */
export const strengthWords = (strength: number): string =>
  `${strengthNumber(strength)}${isExtrapolated(strength) ? ' (extrapolated)' : ''}`

/** Whether base's layers stand in for post's as they are: whole, and neither blended nor extrapolated. */
export const isRestored = (layers: readonly LayerStrength[]): boolean =>
  layers.every((layer) => isPostLayer(layer) || sameStrength(layer, BASE))

const HALF_NAMES: Readonly<Record<LayerHalf, string>> = { attention: 'attention', mlp: 'MLP' }

/** `q`, `attention norms`. */
export const componentName = (half: LayerHalf, component: Component): string =>
  component === 'norms' ? `${HALF_NAMES[half]} norms` : component

/**
 * The components of a half by their strength, in the order of the first of each: `[1, 'q and k']`.
 *
 * @param routed whether the model's layers have a router, or it is not known: without one none is named
 */
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

/**
 * Names strengths shortly and completely: `4–11`, `2, attention 3, MLP 5–6, 8–9 at 0.5`, `q and k of layers 4–11`,
 * `3 at 1.2 (extrapolated)`, `4–7 from sft, 8–11`; `nothing` for post itself. What is from base does not say so.
 */
export function describeStrengths(layers: readonly LayerStrength[]): string {
  const parts = stretches(layers).flatMap(({ start, end, strength: layer }) => {
    const which = start === end ? String(start) : `${start}–${end}`
    const from = layer.source === undefined ? '' : ` from ${layer.source.name}`
    const at = (name: string, strength: number): string[] =>
      strength === 0 ? [] : [`${name}${strength === 1 ? '' : ` at ${strengthWords(strength)}`}${from}`]
    const { attention } = layer
    if (typeof attention === 'number' && attention === layer.mlp) return at(which, attention)
    return HALVES.flatMap((half) => {
      const own = layer[half]
      if (typeof own === 'number') return at(`${HALF_NAMES[half]} ${which}`, own)
      return componentGroups(layer, half).flatMap(([strength, names]) =>
        at(`${names} of layer${start === end ? '' : 's'} ${which}`, strength)
      )
    })
  })
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

/** The same within a sentence: `layers 4–11`, `layer 2 at 0.5`, `attention 3`. */
export function phraseStrengths(layers: readonly LayerStrength[]): string {
  const text = describeStrengths(layers)
  return /^\d/.test(text) ? `${/^\d+( (at|from) [^,]+)?$/.test(text) ? 'layer' : 'layers'} ${text}` : text
}

/** A name for strengths that nobody has named: `Layers 4–11, attention 2`. */
export function nameStrengths(layers: readonly LayerStrength[]): string {
  const name = phraseStrengths(layers)
  const cut = name.length <= 120 ? name : `${name.slice(0, 119)}…`
  return cut.charAt(0).toUpperCase() + cut.slice(1)
}

/** The recipe with these strengths: as ranges where whole layers are restored, otherwise layer by layer. */
export function recipeOf(name: string, layers: readonly LayerStrength[]): Recipe {
  const restored = stretches(layers).filter(({ strength }) => !isPostLayer(strength))
  return restored.length > 0 && restored.every(({ strength }) => sameStrength(strength, BASE))
    ? { name, ranges: restored.map(({ start, end }) => [start, end]) }
    : { name, layers: [...layers] }
}

/**
 * Layers of all the ranges from base, the rest from post.
 *
 * @param what has the ranges, for the message
 * @throws WorkbenchError `bad-input` when they end beyond the model's layers
 */
export function rangesStrengths(
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
