import type { LayerStrength } from '../../../contract/model/recipe'
import { unionOf } from './grow-recipes'
import { allButOne, prefixes, randomOrders, subsetsOf, toStrengths } from './layer-subsets'
import {
  type Known,
  type PromptView,
  rank,
  type SearchMethod,
  type SearchProblem,
  type Strand
} from './search-problem'

/** So many subsets at a time keep what is held of one generation small. */
const SUBSETS_AT_ONCE = 4096
/** Of the best ranges each two are joined. */
const JOINED_RANGES = 12
/** Pairs of orders that make a generation. */
const PAIRS_AT_ONCE = 2
/** How many of the best are told. */
const TOLD = 10

/**
 * Whole layers in every combination, or a part of them: the union of each two of the best ranges, all layers but one, and what
 * random orders of restoring the layers go through.
 *
 * @param orderPairs how many random orders, each with its reverse; 0 for all subsets
 */
export function trySubsets(
  problem: SearchProblem,
  known: Known,
  { orderPairs, seed }: { orderPairs: number; seed: number }
): SearchMethod {
  const wholeLayers = (layers: readonly LayerStrength[]): boolean =>
    layers.every(({ attention, mlp }) => attention === mlp && (attention === 0 || attention === 1))
  return {
    strands: [orderPairs === 0 ? all(problem.layerCount) : some(problem, orderPairs, seed)],
    best: (view) => {
      const tried = [...known.values()].filter(({ layers }) => wholeLayers(layers))
      return rank(tried, view, problem).slice(0, TOLD)
    }
  }
}

function* all(layerCount: number): Strand {
  const subsets = subsetsOf(layerCount)
  for (let from = 0; from < subsets.length; from += SUBSETS_AT_ONCE) {
    yield subsets.slice(from, from + SUBSETS_AT_ONCE).map(toStrengths)
  }
}

function* some(problem: SearchProblem, orderPairs: number, seed: number): Strand {
  const { layerCount, views } = problem
  yield [...allButOne(layerCount).map(toStrengths), ...views.flatMap((view) => joinedRanges(problem, view))]
  const pairs = randomOrders(layerCount, orderPairs, seed)
  for (let from = 0; from < pairs.length; from += PAIRS_AT_ONCE) {
    const orders = pairs.slice(from, from + PAIRS_AT_ONCE).flat()
    yield orders.flatMap((order) => prefixes(order).map(toStrengths))
  }
}

function joinedRanges(problem: SearchProblem, view: PromptView): LayerStrength[][] {
  const best = rank(problem.ranges, view, problem).slice(0, JOINED_RANGES)
  return best.flatMap(({ layers }, place) =>
    best.slice(place + 1).map((other) => unionOf(layers, other.layers))
  )
}
