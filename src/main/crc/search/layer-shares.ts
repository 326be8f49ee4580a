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
import { type Known, layersKey, meanOver, type PromptMeasures, type PromptView } from './search-problem'

/** Over fewer pairs of orders, intervals of 95 % hold the truth less than 93 times in 100; see docs/methods.md. */
const FEWEST_PAIRS = 10

/**
 * What each layer contributes to diversity and validity: its Shapley value, the mean over all orders of restoring the layers one
 * by one of what it adds in its turn (Shapley 1953). Exact where all subsets are known, otherwise over random orders, each with
 * its reverse, and with 95 % t intervals over such pairs. The values sum to what restoring every layer changes.
 *
 * @param orderPairs how many were asked for; those are counted of which every model is known. 0 for all subsets
 * @returns null where not all subsets, or too few orders, are known
 */
export function layerShares(
  layerCount: number,
  { orderPairs, seed }: { orderPairs: number; seed: number },
  known: Known,
  view: PromptView
): LayerShares | null {
  const measuresOf = (subset: Subset): PromptMeasures | undefined =>
    known.get(layersKey(toStrengths(subset)))?.measures
  const isKnown = (subset: Subset): boolean => measuresOf(subset) !== undefined
  const valueOf =
    (measure: keyof PromptMeasures): Value =>
    (subset) => {
      const values = measuresOf(subset)?.[measure]
      if (values === undefined) throw new Error(`a subset without ${measure}`)
      return meanOver(values, view)
    }
  const sharing =
    orderPairs === 0
      ? overSubsets(layerCount, isKnown)
      : overOrders(randomOrders(layerCount, orderPairs, seed), isKnown)
  if (sharing === null) return null
  const { basis, share } = sharing
  const [diversity, validity] = [share(valueOf('diversity')), share(valueOf('validity'))]
  const { nothing, everything } = ends(layerCount)
  const further = TASK_SHARES.filter((measure) => measuresOf(nothing)?.[measure] !== undefined)
  return {
    basis,
    ...effects(layerCount, { diversity: valueOf('diversity'), validity: valueOf('validity') }),
    diversity: diversity.values,
    validity: validity.values,
    intervals:
      diversity.intervals === null || validity.intervals === null
        ? null
        : { diversity: diversity.intervals, validity: validity.intervals },
    further: further.map((measure) => {
      const value = valueOf(measure)
      return { measure, none: value(nothing), all: value(everything), ...share(value) }
    }),
    interactions:
      basis.kind === 'subsets'
        ? interactions(subsetsOf(layerCount).map(valueOf('diversity')), layerCount)
        : null
  }
}

/** What a measure is of a subset. */
type Value = (subset: Subset) => number

/** On what shares rest, and how a measure is shared out by it. */
interface Sharing {
  basis: LayerShares['basis']
  share: (value: Value) => { values: number[]; intervals: Interval[] | null }
}

function overSubsets(layerCount: number, isKnown: (subset: Subset) => boolean): Sharing | null {
  const subsets = subsetsOf(layerCount)
  if (!subsets.every(isKnown)) return null
  return {
    basis: { kind: 'subsets', models: subsets.length },
    share: (value) => ({ values: exactShares(subsets.map(value), layerCount), intervals: null })
  }
}

function overOrders(pairs: readonly OrderPair[], isKnown: (subset: Subset) => boolean): Sharing | null {
  const complete = pairs.filter((pair) => pair.every((order) => prefixes(order).every(isKnown)))
  if (complete.length < FEWEST_PAIRS) return null
  return {
    basis: { kind: 'orders', orders: 2 * complete.length, confidence: 0.95 },
    share: (value) => {
      const units = complete.map(([order, reverse]) => {
        const back = added(reverse, value)
        return added(order, value).map((gain, layer) => (gain + elementAt(back, layer, 'layer')) / 2)
      })
      const estimates = elementAt(units, 0, 'pair of orders').map((_, layer) =>
        estimate(units.map((unit) => elementAt(unit, layer, 'layer')))
      )
      return {
        values: estimates.map((each) => each.value),
        intervals: estimates.map(({ interval }) => interval)
      }
    }
  }
}

const ends = (layerCount: number): { nothing: Subset; everything: Subset } => ({
  nothing: new Array<boolean>(layerCount).fill(false),
  everything: new Array<boolean>(layerCount).fill(true)
})

/** What is known at no further cost: of nothing and of everything restored, of each layer alone and of all but it. */
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
  const leftOut = (value: Value): number[] =>
    allButOne(layerCount).map((subset) => value(everything) - value(subset))
  const each = (of: (value: Value) => number[]): Record<'diversity' | 'validity', number[]> => ({
    diversity: of(values.diversity),
    validity: of(values.validity)
  })
  return { none: scoreOf(nothing), all: scoreOf(everything), alone: each(alone), leftOut: each(leftOut) }
}

/**
 * Shapley values from the value of every subset.
 *
 * @param values as many as 2^players, subset i at i, whose highest bit is player 0
 */
export function exactShares(values: readonly number[], players: number): number[] {
  const weights = Array.from({ length: players }, (_, size) => 1 / (players * choose(players - 1, size)))
  return Array.from({ length: players }, (_, player) => {
    const bit = bitOf(player, players)
    return values.reduce(
      (sum, value, subset) =>
        (subset & bit) === 0
          ? sum +
            elementAt(weights, sizeOf(subset), 'size') * (elementAt(values, subset | bit, 'subset') - value)
          : sum,
      0
    )
  })
}

/**
 * How much more two players add together than each on its own: their Shapley interaction indices (Grabisch and Roubens 1999),
 * below 0 where one does the other's work. A player has none with itself: 0.
 */
export function interactions(values: readonly number[], players: number): number[][] {
  const weights = Array.from(
    { length: players - 1 },
    (_, size) => 1 / ((players - 1) * choose(players - 2, size))
  )
  const index = (a: number, b: number): number =>
    values.reduce((sum, neither, subset) => {
      if ((subset & (a | b)) !== 0) return sum
      const value = (more: number): number => elementAt(values, subset | more, 'subset')
      return sum + elementAt(weights, sizeOf(subset), 'size') * (value(a | b) - value(a) - value(b) + neither)
    }, 0)
  const matrix = Array.from({ length: players }, () => new Array<number>(players).fill(0))
  for (let one = 0; one < players; one++) {
    for (let other = one + 1; other < players; other++) {
      const both = index(bitOf(one, players), bitOf(other, players))
      elementAt(matrix, one, 'layer')[other] = both
      elementAt(matrix, other, 'layer')[one] = both
    }
  }
  return matrix
}

/** A mean and its 95 % t interval. @param units at least two */
export function estimate(units: readonly number[]): { value: number; interval: Interval } {
  const value = units.reduce((sum, unit) => sum + unit, 0) / units.length
  const variance = units.reduce((sum, unit) => sum + (unit - value) ** 2, 0) / (units.length - 1)
  const reach = tQuantile(units.length - 1) * Math.sqrt(variance / units.length)
  return { value, interval: [value - reach, value + reach] }
}

/** What each layer adds in its turn, by layer. */
function added(order: readonly number[], value: Value): number[] {
  const before = prefixes(order).map(value)
  const gains = new Map(
    order.map((layer, turn) => [
      layer,
      elementAt(before, turn + 1, 'value') - elementAt(before, turn, 'value')
    ])
  )
  return order.map((_, layer) => mapGet(gains, layer, 'layer'))
}

function sizeOf(subset: number): number {
  let size = 0
  for (let rest = subset; rest !== 0; rest &= rest - 1) size++
  return size
}

function choose(n: number, k: number): number {
  let ways = 1
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i
  return ways
}
