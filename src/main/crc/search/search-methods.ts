import { EXHAUSTIVE_LAYERS, type SearchSettings } from '../../../contract/documents/search'
import { inputError } from '../../../contract/model/problem'
import type { LayerStrength } from '../../../contract/model/recipe'
import { growRecipes, unionOf } from './grow-recipes'
import { optimiseStrengths } from './optimise-strengths'
import {
  type PromptView,
  rank,
  type ScoredRecipes,
  type SearchMethod,
  type SearchProblem,
  type Strand
} from './search-problem'
import { allButOne, prefixes, randomOrders, subsetsOf, toStrengths } from './layer-subsets'

/** Maximum number of generations. The folder of an unfinished search has room for no more. */
const MAX_GENERATIONS = 98

/** Creates the search method of the settings. @throws WorkbenchError `bad-input` if the method cannot start */
export function searchMethod(problem: SearchProblem, scored: ScoredRecipes, settings: SearchSettings): SearchMethod {
  switch (settings.method) {
    case 'greedy':
      return growRecipes(problem, { beam: 1, strengths: settings.strengths })
    case 'beam':
      return growRecipes(problem, settings)
    case 'subsets':
      requireShallow(problem.layerCount, settings.orderPairs)
      return trySubsets(problem, scored, settings)
    case 'strengths':
      requireBlends(problem, settings)
      return optimiseStrengths(problem, settings)
  }
}

export const searchLimits = (settings: SearchSettings): { generations: number; blockEvaluations: number } => ({
  generations: 'generations' in settings ? settings.generations : MAX_GENERATIONS,
  blockEvaluations: settings.blockEvaluations
})

function requireShallow(layerCount: number, orderPairs: number): void {
  if (orderPairs > 0 || layerCount <= EXHAUSTIVE_LAYERS) return
  throw inputError(
    `All subsets of ${layerCount} layers are too many; up to ${EXHAUSTIVE_LAYERS} layers every one is tried.`,
    'Try subsets along random orders of the layers instead.'
  )
}

function requireBlends({ blends }: SearchProblem, { starts }: { starts: readonly string[] }): void {
  if (!starts.includes('blend') || blends.length > 0) return
  throw inputError(
    'The sweep has no blends of all layers for a search to start from.',
    'Sweep with blends, or start from the best range.'
  )
}

/** Number of subsets in one generation, which bounds the memory for their scores. */
const SUBSETS_PER_GENERATION = 4096
/** Number of the best ranges whose pairs are joined. */
const JOINED_RANGES = 12
const ORDER_PAIRS_PER_GENERATION = 2
/** Number of the best recipes that are reported. */
const MAX_RESULTS = 10

/** Tries all subsets of layers if `orderPairs` is 0, else unions of two ranges and random orders of layers. */
export function trySubsets(
  problem: SearchProblem,
  scored: ScoredRecipes,
  { orderPairs, seed }: { orderPairs: number; seed: number }
): SearchMethod {
  const isOfWholeLayers = (layers: readonly LayerStrength[]): boolean =>
    layers.every(({ attention, mlp }) => attention === mlp && (attention === 0 || attention === 1))
  return {
    strands: [orderPairs === 0 ? allSubsets(problem.layerCount) : someSubsets(problem, orderPairs, seed)],
    best: (view) => {
      const tried = [...scored.values()].filter(({ layers }) => isOfWholeLayers(layers))
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

/** Yields all layers but one, unions of two ranges, and then the subsets along random orders. */
function* someSubsets(problem: SearchProblem, orderPairs: number, seed: number): Strand {
  const { layerCount, views } = problem
  yield [...allButOne(layerCount).map(toStrengths), ...views.flatMap((view) => joinedRanges(problem, view))]
  const pairs = randomOrders(layerCount, orderPairs, seed)
  for (let from = 0; from < pairs.length; from += ORDER_PAIRS_PER_GENERATION) {
    const orders = pairs.slice(from, from + ORDER_PAIRS_PER_GENERATION).flat()
    yield orders.flatMap((order) => prefixes(order).map(toStrengths))
  }
}

/** Joins each pair of the best ranges. */
function joinedRanges(problem: SearchProblem, view: PromptView): LayerStrength[][] {
  const best = rank(problem.ranges, view, problem).slice(0, JOINED_RANGES)
  return best.flatMap(({ layers }, index) => best.slice(index + 1).map((other) => unionOf(layers, other.layers)))
}
