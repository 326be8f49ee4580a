import { EXHAUSTIVE_LAYERS, type SearchSettings } from '../../../contract/documents/search'
import { WorkbenchError } from '../../../contract/model/problem'
import { growRecipes } from './grow-recipes'
import { optimiseStrengths } from './optimise-strengths'
import type { ScoredRecipes, SearchMethod, SearchProblem } from './search-problem'
import { trySubsets } from './try-subsets'

/** Most generations of a search; the folder of an unfinished search has room for no more. */
const MAX_GENERATIONS = 98

/**
 * Creates the search method that the settings name.
 *
 * @throws WorkbenchError `bad-input` for all subsets of a model that is too deep.
 * @throws WorkbenchError `bad-input` for a start from a blend if the sweep has no blends.
 */
export function searchMethod(
  problem: SearchProblem,
  scored: ScoredRecipes,
  settings: SearchSettings
): SearchMethod {
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

/** Limits of the number of generations and of block evaluations. */
export const searchLimits = (
  settings: SearchSettings
): { generations: number; blockEvaluations: number } => ({
  generations: 'generations' in settings ? settings.generations : MAX_GENERATIONS,
  blockEvaluations: settings.blockEvaluations
})

function requireShallow(layerCount: number, orderPairs: number): void {
  if (orderPairs > 0 || layerCount <= EXHAUSTIVE_LAYERS) return
  throw new WorkbenchError(
    'bad-input',
    `All subsets of ${layerCount} layers are too many; up to ${EXHAUSTIVE_LAYERS} layers every one is tried.`,
    'Try subsets along random orders of the layers instead.'
  )
}

function requireBlends({ blends }: SearchProblem, { starts }: { starts: readonly string[] }): void {
  if (!starts.includes('blend') || blends.length > 0) return
  throw new WorkbenchError(
    'bad-input',
    'The sweep has no blends of all layers for a search to start from.',
    'Sweep with blends, or start from the best range.'
  )
}
