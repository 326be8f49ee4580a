import type { CategoryScore, Interval } from '../../../contract/documents/crc'
import type { LayerShares } from '../../../contract/documents/search'
import { at, got } from '../../../contract/model/look-up'
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
import { type Known, layersKey, meansOver, type PromptView } from './search-problem'

/** Over fewer pairs of orders, intervals of 95 % hold the truth less than 93 times in 100; see docs/statistics.md. */
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
  const scores = {
    has: (subset: Subset) => known.has(layersKey(toStrengths(subset))),
    of: (subset: Subset) => meansOver(got(known, layersKey(toStrengths(subset)), 'subset').measures, view)
  }
  if (orderPairs === 0) return subsetsOf(layerCount).every(scores.has) ? allSubsets(layerCount, scores) : null
  const complete = randomOrders(layerCount, orderPairs, seed).filter((pair) =>
    pair.every((order) => prefixes(order).every(scores.has))
  )
  return complete.length < FEWEST_PAIRS ? null : sampled(complete, layerCount, scores)
}

interface SubsetScores {
  has: (subset: Subset) => boolean
  of: (subset: Subset) => CategoryScore
}

function allSubsets(layerCount: number, scores: SubsetScores): LayerShares {
  const subsets = subsetsOf(layerCount).map(scores.of)
  const { diversity, validity } = byMeasure(subsets)
  return {
    basis: { kind: 'subsets', models: subsets.length },
    ...ends(layerCount, scores),
    diversity: exactShares(diversity, layerCount),
    validity: exactShares(validity, layerCount),
    intervals: null,
    interactions: interactions(diversity, layerCount)
  }
}

function sampled(pairs: readonly OrderPair[], layerCount: number, scores: SubsetScores): LayerShares {
  const units = pairs.map(([order, reverse]) => halfway(added(order, scores), added(reverse, scores)))
  const estimates = (measure: keyof CategoryScore): ReturnType<typeof estimate>[] =>
    Array.from({ length: layerCount }, (_, layer) =>
      estimate(units.map((unit) => at(unit, layer, 'layer')[measure]))
    )
  const [diversity, validity] = [estimates('diversity'), estimates('validity')]
  return {
    basis: { kind: 'orders', orders: 2 * pairs.length, confidence: 0.95 },
    ...ends(layerCount, scores),
    diversity: diversity.map(({ value }) => value),
    validity: validity.map(({ value }) => value),
    intervals: {
      diversity: diversity.map(({ interval }) => interval),
      validity: validity.map(({ interval }) => interval)
    },
    interactions: null
  }
}

/** What is known at no further cost: of nothing and of everything restored, of each layer alone and of all but it. */
function ends(
  layerCount: number,
  scores: SubsetScores
): Pick<LayerShares, 'none' | 'all' | 'alone' | 'leftOut'> {
  const layers = Array.from({ length: layerCount }, (_, layer) => layer)
  const none = scores.of(layers.map(() => false))
  const all = scores.of(layers.map(() => true))
  return {
    none,
    all,
    alone: byMeasure(layers.map((layer) => minus(scores.of(layers.map((other) => other === layer)), none))),
    leftOut: byMeasure(allButOne(layerCount).map((subset) => minus(all, scores.of(subset))))
  }
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
          ? sum + at(weights, sizeOf(subset), 'size') * (at(values, subset | bit, 'subset') - value)
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
      const value = (more: number): number => at(values, subset | more, 'subset')
      return sum + at(weights, sizeOf(subset), 'size') * (value(a | b) - value(a) - value(b) + neither)
    }, 0)
  const matrix = Array.from({ length: players }, () => new Array<number>(players).fill(0))
  for (let one = 0; one < players; one++) {
    for (let other = one + 1; other < players; other++) {
      const both = index(bitOf(one, players), bitOf(other, players))
      at(matrix, one, 'layer')[other] = both
      at(matrix, other, 'layer')[one] = both
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
function added(order: readonly number[], scores: SubsetScores): CategoryScore[] {
  const before = prefixes(order).map(scores.of)
  const turns = order.map((layer, turn) => ({
    layer,
    score: minus(at(before, turn + 1, 'score'), at(before, turn, 'score'))
  }))
  return turns.sort((a, b) => a.layer - b.layer).map(({ score }) => score)
}

const halfway = (a: readonly CategoryScore[], b: readonly CategoryScore[]): CategoryScore[] =>
  a.map(({ validity, diversity }, layer) => {
    const other = at(b, layer, 'layer')
    return { validity: (validity + other.validity) / 2, diversity: (diversity + other.diversity) / 2 }
  })

const minus = (a: CategoryScore, b: CategoryScore): CategoryScore => ({
  validity: a.validity - b.validity,
  diversity: a.diversity - b.diversity
})

const byMeasure = (scores: readonly CategoryScore[]): { diversity: number[]; validity: number[] } => ({
  diversity: scores.map(({ diversity }) => diversity),
  validity: scores.map(({ validity }) => validity)
})

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
