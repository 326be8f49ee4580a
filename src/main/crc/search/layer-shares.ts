import type { CategoryScore, Interval } from '../../../contract/documents/crc'
import { type LayerShares, TASK_SHARES } from '../../../contract/documents/search'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { tQuantile } from '../../../contract/model/t-quantile'
import {
  allButOne,
  bitOf,
  type OrderPair,
  prefixes,
  randomOrders,
  type Subset,
  subsetsOf,
  toStrengths
} from './layer-subsets'
import { type ScoredRecipes, layersKey, meanOver, type PromptMeasures, type PromptView } from './search-problem'

/** Minimum number of pairs of orders. With fewer pairs, 95 % intervals are too narrow (docs/methods.md). */
const MIN_ORDER_PAIRS = 10

/**
 * Computes the contribution of each layer to diversity and validity as its Shapley value (Shapley 1953). The
 * value is the mean, over all orders of restoring the layers one by one, of the layer's gain at its turn.
 * Values are exact if all subsets of layers are scored. Otherwise they come from random orders, each with its
 * reverse, with 95 % t intervals over these pairs. The values sum to the effect of restoring every layer.
 * @param options.orderPairs number of requested pairs of orders; 0 for all subsets. Only completely scored pairs count.
 * @param options.seed seed of the random orders.
 * @param scored scored recipes by their key.
 * @param view prompts to average over
 * @returns null if a subset has no score, or too few orders are complete
 */
export function layerShares(
  layerCount: number,
  { orderPairs, seed }: { orderPairs: number; seed: number },
  scored: ScoredRecipes,
  view: PromptView
): LayerShares | null {
  const measuresOf = (subset: Subset): PromptMeasures | undefined =>
    scored.get(layersKey(toStrengths(subset)))?.measures
  const isScored = (subset: Subset): boolean => measuresOf(subset) !== undefined
  const valueOf =
    (measure: keyof PromptMeasures): Value =>
    (subset) => {
      const values = measuresOf(subset)?.[measure]
      if (values === undefined) throw new Error(`a subset without ${measure}`)
      return meanOver(values, view)
    }
  const sharing =
    orderPairs === 0
      ? overSubsets(layerCount, isScored)
      : overOrders(randomOrders(layerCount, orderPairs, seed), isScored)
  if (sharing === null) return null
  const { basis, share } = sharing
  const [diversity, validity] = [share(valueOf('diversity')), share(valueOf('validity'))]
  const { nothing, everything } = ends(layerCount)
  const taskMeasures = TASK_SHARES.filter((measure) => measuresOf(nothing)?.[measure] !== undefined)
  return {
    basis,
    ...effects(layerCount, { diversity: valueOf('diversity'), validity: valueOf('validity') }),
    diversity: diversity.values,
    validity: validity.values,
    intervals:
      diversity.intervals === null || validity.intervals === null
        ? null
        : { diversity: diversity.intervals, validity: validity.intervals },
    further: taskMeasures.map((measure) => {
      const value = valueOf(measure)
      return { measure, none: value(nothing), all: value(everything), ...share(value) }
    }),
    interactions:
      basis.kind === 'subsets' ? interactions(subsetsOf(layerCount).map(valueOf('diversity')), layerCount) : null
  }
}

/** Mean of a measure over the prompts, with the layers of the subset restored. */
type Value = (subset: Subset) => number

/** A way to divide the effect of all layers among them. */
interface Sharing {
  basis: LayerShares['basis']
  share: (value: Value) => { values: number[]; intervals: Interval[] | null }
}

/** Divides exactly; null unless every subset is scored. */
function overSubsets(layerCount: number, isScored: (subset: Subset) => boolean): Sharing | null {
  const subsets = subsetsOf(layerCount)
  if (!subsets.every(isScored)) return null
  return {
    basis: { kind: 'subsets', models: subsets.length },
    share: (value) => ({ values: exactShares(subsets.map(value), layerCount), intervals: null })
  }
}

/** Divides by random orders; null for too few orders whose models are all scored. */
function overOrders(pairs: readonly OrderPair[], isScored: (subset: Subset) => boolean): Sharing | null {
  const complete = pairs.filter((pair) => pair.every((order) => prefixes(order).every(isScored)))
  if (complete.length < MIN_ORDER_PAIRS) return null
  return {
    basis: { kind: 'orders', orders: 2 * complete.length, confidence: 0.95 },
    share: (value) => {
      const units = complete.map(([order, reverse]) => {
        const reverseGains = gainsOf(reverse, value)
        return gainsOf(order, value).map((gain, layer) => (gain + elementAt(reverseGains, layer, 'layer')) / 2)
      })
      const estimates = elementAt(units, 0, 'pair of orders').map((_, layer) =>
        estimate(units.map((unit) => elementAt(unit, layer, 'layer')))
      )
      return { values: estimates.map((each) => each.value), intervals: estimates.map(({ interval }) => interval) }
    }
  }
}

/** Returns the subset without layers and the subset with all layers. */
const ends = (layerCount: number): { nothing: Subset; everything: Subset } => ({
  nothing: new Array<boolean>(layerCount).fill(false),
  everything: new Array<boolean>(layerCount).fill(true)
})

/** Computes effects that need no further models: no layer, all layers, each layer alone, and all but one. */
function effects(
  layerCount: number,
  values: Record<'diversity' | 'validity', Value>
): Pick<LayerShares, 'none' | 'all' | 'alone' | 'leftOut'> {
  const { nothing, everything } = ends(layerCount)
  const scoreOf = (subset: Subset): CategoryScore => ({
    validity: values.validity(subset),
    diversity: values.diversity(subset)
  })
  const alone = (value: Value): number[] =>
    nothing.map((_, layer) => value(nothing.map((__, other) => other === layer)) - value(nothing))
  const leftOut = (value: Value): number[] => allButOne(layerCount).map((subset) => value(everything) - value(subset))
  const each = (effectOf: (value: Value) => number[]): Record<'diversity' | 'validity', number[]> => ({
    diversity: effectOf(values.diversity),
    validity: effectOf(values.validity)
  })
  return { none: scoreOf(nothing), all: scoreOf(everything), alone: each(alone), leftOut: each(leftOut) }
}

/** Computes Shapley values from the values of all subsets, indexed by their bits. Player 0 is the highest bit. */
export function exactShares(values: readonly number[], players: number): number[] {
  const weights = Array.from({ length: players }, (_, size) => 1 / (players * choose(players - 1, size)))
  return Array.from({ length: players }, (_, player) => {
    const bit = bitOf(player, players)
    return values.reduce(
      (sum, value, subset) =>
        (subset & bit) === 0
          ? sum + elementAt(weights, sizeOf(subset), 'size') * (elementAt(values, subset | bit, 'subset') - value)
          : sum,
      0
    )
  })
}

/**
 * Computes the Shapley interaction index (Grabisch, Roubens 1999) of each pair of players, which is below 0 for players
 * that replace each other. @returns [players, players], symmetric with a zero diagonal
 */
export function interactions(values: readonly number[], players: number): number[][] {
  const weights = Array.from({ length: players - 1 }, (_, size) => 1 / ((players - 1) * choose(players - 2, size)))
  const index = (a: number, b: number): number =>
    values.reduce((sum, neither, subset) => {
      if ((subset & (a | b)) !== 0) return sum
      const value = (layersMask: number): number => elementAt(values, subset | layersMask, 'subset')
      return sum + elementAt(weights, sizeOf(subset), 'size') * (value(a | b) - value(a) - value(b) + neither)
    }, 0)
  const matrix = Array.from({ length: players }, () => new Array<number>(players).fill(0))
  for (let first = 0; first < players; first++) {
    for (let second = first + 1; second < players; second++) {
      const both = index(bitOf(first, players), bitOf(second, players))
      elementAt(matrix, first, 'layer')[second] = both
      elementAt(matrix, second, 'layer')[first] = both
    }
  }
  return matrix
}

/** Computes a mean and its 95 % t interval. @param units at least two */
export function estimate(units: readonly number[]): { value: number; interval: Interval } {
  const value = units.reduce((sum, unit) => sum + unit, 0) / units.length
  const variance = units.reduce((sum, unit) => sum + (unit - value) ** 2, 0) / (units.length - 1)
  const reach = tQuantile(units.length - 1) * Math.sqrt(variance / units.length)
  return { value, interval: [value - reach, value + reach] }
}

/** Returns the gain of each layer at its turn in an order, by layer. */
function gainsOf(order: readonly number[], value: Value): number[] {
  const before = prefixes(order).map(value)
  const gains = new Map(
    order.map((layer, turn) => [layer, elementAt(before, turn + 1, 'value') - elementAt(before, turn, 'value')])
  )
  return order.map((_, layer) => mapGet(gains, layer, 'layer'))
}

/** Counts the bits of a subset. */
function sizeOf(subset: number): number {
  let size = 0
  for (let remaining = subset; remaining !== 0; remaining &= remaining - 1) size++
  return size
}

/** Computes the binomial coefficient. */
function choose(n: number, k: number): number {
  let ways = 1
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i
  return ways
}
