import type { LayerStrength } from '../../../contract/model/recipe'
import { unionOf } from './grow-recipes'
import { allButOne, prefixes, randomOrders, subsetsOf, toStrengths } from './layer-subsets'
import {
  type ScoredRecipes,
  type PromptView,
  rank,
  type SearchMethod,
  type SearchProblem,
  type Strand
} from './search-problem'

/** Subsets of one generation, which bounds the memory for their scores. */
const SUBSETS_PER_GENERATION = 4096
/** Number of the best ranges that are joined in pairs. */
const JOINED_RANGES = 12
/** Pairs of orders in one generation. */
const ORDER_PAIRS_PER_GENERATION = 2
/** Number of the best recipes that are reported. */
const MAX_RESULTS = 10

/**
 * Tries whole layers in every combination, or in some combinations. These are unions of two of the best ranges, all
 * layers but one, and the layers along random orders.
 *
 * @param orderPairs number of random orders, each with its reverse; 0 for all subsets
 */
export function trySubsets(
  problem: SearchProblem,
  scored: ScoredRecipes,
  { orderPairs, seed }: { orderPairs: number; seed: number }
): SearchMethod {
  const wholeLayers = (layers: readonly LayerStrength[]): boolean =>
    layers.every(({ attention, mlp }) => attention === mlp && (attention === 0 || attention === 1))
  return {
    strands: [orderPairs === 0 ? allSubsets(problem.layerCount) : someSubsets(problem, orderPairs, seed)],
    best: (view) => {
      const tried = [...scored.values()].filter(({ layers }) => wholeLayers(layers))
      return rank(tried, view, problem).slice(0, MAX_RESULTS)
    }
  }
}

function* allSubsets(layerCount: number): Strand {
  const subsets = subsetsOf(layerCount)
  for (let from = 0; from < subsets.length; from += SUBSETS_PER_GENERATION) {
    yield subsets.slice(from, from + SUBSETS_PER_GENERATION).map(toStrengths)
  }
}

function* someSubsets(problem: SearchProblem, orderPairs: number, seed: number): Strand {
  const { layerCount, views } = problem
  yield [...allButOne(layerCount).map(toStrengths), ...views.flatMap((view) => joinedRanges(problem, view))]
  const pairs = randomOrders(layerCount, orderPairs, seed)
  for (let from = 0; from < pairs.length; from += ORDER_PAIRS_PER_GENERATION) {
    const orders = pairs.slice(from, from + ORDER_PAIRS_PER_GENERATION).flat()
    yield orders.flatMap((order) => prefixes(order).map(toStrengths))
  }
}

function joinedRanges(problem: SearchProblem, view: PromptView): LayerStrength[][] {
  const best = rank(problem.ranges, view, problem).slice(0, JOINED_RANGES)
  return best.flatMap(({ layers }, index) =>
    best.slice(index + 1).map((other) => unionOf(layers, other.layers))
  )
}
