import type { CategoryScore } from '../../../contract/documents/crc'
import type { SearchDocument, TaskShares } from '../../../contract/documents/search'
import { byDiversity } from '../../../contract/model/by-diversity'
import type { LayerStrength } from '../../../contract/model/recipe'
import { HALVES, layerKey, meanStrength, postStrengths } from '../../../contract/model/strengths'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { mean } from '../../base/sums'

/** Measures of one recipe on every prompt. Scores of a task have further measures. */
export interface PromptMeasures extends Readonly<Partial<Record<TaskShares['measure'], readonly number[]>>> {
  validity: readonly number[]
  diversity: readonly number[]
}

/** A recipe, given by its layers' strengths, with its scores. */
export interface ScoredLayers {
  layers: readonly LayerStrength[]
  measures: PromptMeasures
}

/** Indices of the prompts that a search may use, [category][prompt]. */
export type PromptView = readonly (readonly number[])[]

/** A search for the most diverse recipe that keeps enough of post's validity. */
export interface SearchProblem {
  layerCount: number
  /** Share of post's validity that a recipe must keep. */
  rho: number
  post: PromptMeasures
  /** Ranges of the sweep. */
  ranges: readonly ScoredLayers[]
  /** Uniform blends of the sweep; empty if it has none. */
  blends: readonly ScoredLayers[]
  /** Keys of recipes that failed the full-answer check; see `layersKey`. */
  rejected: ReadonlySet<string>
  /** Views that are searched separately. They share the scores of recipes that several of them try. */
  views: readonly PromptView[]
}

/** A running search method. The recipes that all its strands ask for form one generation, which one sweep scores. */
export interface SearchMethod {
  /** Strands that run side by side. Each ends when it finds no better recipe. */
  strands: readonly Strand[]
  /** Gives the best recipes so far on the prompts of a view, best first; empty if none qualifies. */
  best: (view: PromptView) => ScoredLayers[]
}

/** One line of a search, such as a climb from one start. It yields recipes and receives their scores. */
export type Strand = Generator<(readonly LayerStrength[])[], void, readonly ScoredLayers[]>

/** Work of one generation. */
interface GenerationReport {
  candidates: number
  blockEvaluations: number
  /** Best recipe of each view after the generation; null if none qualifies. */
  best: readonly (ScoredLayers | null)[]
}

export interface SearchOutcome {
  /** Best range of each view; null if none qualifies. */
  bestRanges: readonly (ScoredLayers | null)[]
  /** Best recipes of each view, best first; empty if none qualifies. */
  recipes: readonly (readonly ScoredLayers[])[]
  generations: GenerationReport[]
  stopped: SearchDocument['stopped']
}

/** Scores recipes for a search. */
interface SearchScoring {
  /** Scores candidates in one sweep, so that equal first layers are computed once. */
  score: (candidates: readonly (readonly LayerStrength[])[], generation: number) => Promise<PromptMeasures[]>
  /** Counts the block evaluations that scoring takes. */
  cost: (candidates: readonly (readonly LayerStrength[])[]) => number
  onGeneration?: (report: GenerationReport) => void
}

/** Scored recipes by {@link layersKey}. */
export type ScoredRecipes = Map<string, ScoredLayers>

/** Returns the recipes that the sweep has scored: post, blends and ranges. */
export function scoredBySweep({ layerCount, post, ranges, blends }: SearchProblem): ScoredRecipes {
  const postItself: ScoredLayers = { layers: postStrengths(layerCount), measures: post }
  return new Map([postItself, ...blends, ...ranges].map((scored) => [layersKey(scored.layers), scored]))
}

/** Runs a search method until all its strands end or a limit is reached. Each recipe is scored once. */
export async function runSearch(
  problem: SearchProblem,
  scored: ScoredRecipes,
  { strands, best }: SearchMethod,
  limits: { generations: number; blockEvaluations: number },
  { score, cost, onGeneration }: SearchScoring
): Promise<SearchOutcome> {
  const generations: GenerationReport[] = []
  let blockEvaluationsSpent = 0
  const outcome = (stopped: SearchOutcome['stopped']): SearchOutcome => ({
    bestRanges: problem.views.map((view) => rank(problem.ranges, view, problem)[0] ?? null),
    recipes: problem.views.map(best),
    generations,
    stopped
  })
  const requests = strands.map((strand) => strand.next())
  for (let generation = 1; requests.some(({ done }) => done !== true); generation++) {
    if (generation > limits.generations) return outcome('generations')
    const requested = requests.flatMap((request) => (request.done === true ? [] : request.value))
    const candidates = unscored(requested, scored)
    const blockEvaluations = candidates.length === 0 ? 0 : cost(candidates)
    if (blockEvaluationsSpent + blockEvaluations > limits.blockEvaluations) return outcome('budget')
    blockEvaluationsSpent += blockEvaluations
    const measures = candidates.length === 0 ? [] : await score(candidates, generation)
    for (const [index, layers] of candidates.entries()) {
      scored.set(layersKey(layers), { layers, measures: elementAt(measures, index, 'score of a candidate') })
    }
    for (const [index, strand] of strands.entries()) {
      const request = elementAt(requests, index, 'strand')
      if (request.done === true) continue
      requests[index] = strand.next(request.value.map((layers) => mapGet(scored, layersKey(layers), 'recipe')))
    }
    const report = {
      candidates: candidates.length,
      blockEvaluations,
      best: problem.views.map((view) => best(view)[0] ?? null)
    }
    generations.push(report)
    onGeneration?.(report)
  }
  return outcome('nothing-better')
}

/** Lists the recipes that have no score yet, without duplicates. */
function unscored(
  candidates: readonly (readonly LayerStrength[])[],
  scored: ScoredRecipes
): (readonly LayerStrength[])[] {
  const keyed = candidates.map((layers) => [layersKey(layers), layers] as const)
  return [...new Map(keyed.filter(([key]) => !scored.has(key))).values()]
}

/**
 * Ranks the candidates that keep at least rho times post's validity and are more diverse than post, the best first. Of
 * equal candidates, the one closest to post comes first.
 */
export function rank(
  candidates: readonly ScoredLayers[],
  view: PromptView,
  { post, rho, rejected }: Pick<SearchProblem, 'post' | 'rho' | 'rejected'>
): ScoredLayers[] {
  const postMeans = viewMeans(post, view)
  const distinct = new Map(candidates.map((candidate) => [layersKey(candidate.layers), candidate]))
  const qualifying = [...distinct]
    .filter(([key]) => !rejected.has(key))
    .map(([key, candidate]) => ({ key, candidate, ...viewMeans(candidate.measures, view) }))
    .filter(({ validity, diversity }) => validity >= rho * postMeans.validity && diversity > postMeans.diversity)
    .map((entry) => ({
      ...entry,
      restored: entry.candidate.layers.reduce((sum, layer) => sum + distanceToPost(layer), 0)
    }))
  return byDiversity(qualifying, (entry) => entry)
    .flatMap((equal) => equal.sort((a, b) => a.restored - b.restored || (a.key > b.key ? -1 : 1)))
    .map(({ candidate }) => candidate)
}

/** Averages both measures over the prompts of each category, then over categories. */
export const viewMeans = ({ validity, diversity }: PromptMeasures, view: PromptView): CategoryScore => ({
  validity: meanOver(validity, view),
  diversity: meanOver(diversity, view)
})

/** Averages values over the prompts of each category, then over categories. @param values one per prompt */
export const meanOver = (values: readonly number[], view: PromptView): number =>
  mean(view.map((prompts) => mean(prompts.map((prompt) => elementAt(values, prompt, 'prompt')))))

/** Builds a key that is equal for recipes with equal strengths. */
export function layersKey(layers: readonly LayerStrength[]): string {
  return layers.map(layerKey).join(' ')
}

/** Sums the absolute strengths of a layer's attention and MLP. */
const distanceToPost = (layer: LayerStrength): number =>
  HALVES.reduce((sum, half) => sum + Math.abs(meanStrength(layer, half)), 0)
