import { randomUUID } from 'node:crypto'
import { version } from '../../../../package.json'
import { type CheckResult, rejectedRanges } from '../../../contract/documents/answer-check'
import { countedScores } from '../../../contract/documents/counted-scores'
import {
  type CategoryScore,
  type HoldOutSplit,
  onlyMeans,
  type RecipeScore,
  type Score,
  type SweepDocument
} from '../../../contract/documents/crc'
import { layersModel, type Model } from '../../../contract/model/model'
import { inputError } from '../../../contract/model/problem'
import type { RestoredTo } from '../../../contract/model/checkpoint'
import { type LayerStrength, type Recipe, type RestorationRange, isUniform } from '../../../contract/model/recipe'
import { triedNothing } from '../../../contract/words/search-words'
import { briefScoring } from '../../../contract/documents/scored-by'
import {
  type HeldOut,
  type HeldOutOrWhy,
  SEARCH_VERSION,
  type SearchDocument,
  type SearchFacts,
  type SearchProgress,
  type SearchSettings,
  type SearchVerdict
} from '../../../contract/documents/search'
import {
  blendStrengths,
  nameStrengths,
  postStrengths,
  rangeStrengths,
  recipeOf,
  setSource
} from '../../../contract/model/strengths'
import type { EngineClient } from '../../engine/host'
import { buildRecipeTrie, countEdges, noSharing } from '../../engine/tries/recipe-trie'
import { splitIntoHalves } from '../selection/cross-fit'
import { pairedDifference } from '../selection/paired-difference'
import { layerShares } from './layer-shares'
import { searchMethod, searchLimits } from './search-methods'
import {
  scoredBySweep,
  layersKey,
  viewMeans,
  type PromptMeasures,
  type PromptView,
  runSearch,
  type ScoredLayers,
  type SearchOutcome,
  type SearchProblem
} from './search-problem'
import { CandidateScoring } from './candidate-scoring'
import type { PairFolders } from '../sweep/score-recipes'
import { promptsByCategory } from '../selection/score-table'
import type { SavedSearchProgress } from './saved-search-progress'
import { elementAt } from '../../../contract/model/look-up'

/** Settings of a search, and the sweep that it starts from. */
export interface RecipeSearchRequest {
  pair: PairFolders
  sweep: SweepDocument
  /** Full-answer check of the sweep; null without one. Ranges that failed it are not used. */
  check: CheckResult | null
  rho: number
  settings: SearchSettings
}

/** Searches for recipes beyond the ranges of a sweep, and tests on unseen prompts whether one beats the best range. */
export async function runRecipeSearch(
  engine: EngineClient,
  request: RecipeSearchRequest,
  signal: AbortSignal,
  onProgress: (progress: SearchProgress) => void,
  savedProgress: SavedSearchProgress | null = null
): Promise<SearchDocument> {
  const { sweep, settings } = request
  const { layerCount } = sweep
  if (sweep.ranges.length === 0) {
    throw inputError(`The sweep ${sweep.id} has no ranges for a search to start from.`, 'Sweep all ranges first.')
  }
  const startedMs = performance.now()
  const scoring = new CandidateScoring(engine, request, signal, onProgress, savedProgress)
  const { categories } = promptsByCategory(sweep.prompts)
  const views = viewsOf(sweep)
  const reportedView = elementAt(views.searched, 0, 'view')
  const problem = problemOf(request, views.searched)
  const scored = scoredBySweep(problem)
  const outcome = await runSearch(problem, scored, searchMethod(problem, scored, settings), searchLimits(settings), {
    score: async (candidates, generation) =>
      (await scoring.score(candidates, generation)).map((score) => measuresOf(sweep, score)),
    cost: (candidates) => countBlockEvaluations(candidates, layerCount),
    onGeneration: (report) => {
      const best = elementAt(report.best, 0, 'view')
      if (best === null) return
      scoring.noteBest({ ...viewMeans(best.measures, reportedView), recipe: recipeFor(best, sweep.source) })
    }
  })
  const candidates = elementAt(outcome.recipes, 0, 'view').map(({ layers }) => layers)
  const scores = candidates.length === 0 ? [] : await scoring.score(candidates, outcome.generations.length)
  return {
    schemaVersion: SEARCH_VERSION,
    id: randomUUID(),
    createdAt: new Date().toISOString(),
    programVersion: version,
    seconds: (performance.now() - startedMs) / 1000,
    ...describeSearch(request, outcome, categories, views),
    found: scores.map((each, index): RecipeScore => ({
      ...each,
      recipe: recipeFor({ layers: elementAt(candidates, index, 'recipe') }, sweep.source)
    })),
    shapley: settings.method === 'subsets' ? layerShares(layerCount, settings, scored, categories) : null,
    work: scoring.work
  }
}

/** Sets of prompts that are searched separately, and the prompts that test their results. */
interface SearchViews {
  /** Searched views. The reported result comes from the first. */
  readonly searched: readonly PromptView[]
  /** Unseen prompts, on which the result of a searched view, given by its index, is scored. */
  readonly heldOut: readonly { readonly search: number; readonly scoredOn: PromptView }[]
  /** Reason for having no held-out prompts. */
  readonly reason: string | null
}

/**
 * Returns the sets of prompts to search on: all prompts, and each half of the prompts, whose result is compared on the
 * other half. A sweep with a hold-out split is searched on its selection prompts only.
 */
function viewsOf({ prompts, holdOutSplit: split }: Pick<SweepDocument, 'prompts' | 'holdOutSplit'>): SearchViews {
  const table = promptsByCategory(prompts)
  const { categories } = table
  if (split !== null) {
    const viewOf = (indices: readonly number[]): PromptView =>
      categories.map((category) => category.filter((index) => indices.includes(index)))
    return {
      searched: [viewOf(split.selection)],
      heldOut: [{ search: 0, scoredOn: viewOf(split.holdOut) }],
      reason: null
    }
  }
  const parts = splitIntoHalves(table)
  if ('reason' in parts) return { searched: [categories], heldOut: [], reason: parts.reason }
  const { even, odd } = parts
  return {
    searched: [categories, even, odd],
    heldOut: [
      { search: 1, scoredOn: odd },
      { search: 2, scoredOn: even }
    ],
    reason: null
  }
}

/** Collects the scores of a sweep that a search starts from. */
function problemOf({ sweep, check, rho }: RecipeSearchRequest, views: readonly PromptView[]): SearchProblem {
  const { layerCount } = sweep
  return {
    layerCount,
    rho,
    post: measuresOf(sweep, sweep.post),
    ranges: sweep.ranges.map((range) => ({
      layers: rangeStrengths(range, layerCount),
      measures: measuresOf(sweep, range)
    })),
    blends: sweep.uniformBlends.filter(isUniform).map((blend) => ({
      layers: blendStrengths(blend, layerCount),
      measures: measuresOf(sweep, blend)
    })),
    rejected: new Set(
      rejectedRanges(sweep.ranges, check, rho).map((range) => layersKey(rangeStrengths(range, layerCount)))
    ),
    views
  }
}

/** Describes an ended search for the document, except for its recipes and the work for them. */
function describeSearch(
  { sweep, rho, settings }: RecipeSearchRequest,
  outcome: SearchOutcome,
  categories: PromptView,
  views: SearchViews
): HeldOutOrWhy &
  Omit<
    SearchFacts,
    'schemaVersion' | 'id' | 'createdAt' | 'programVersion' | 'seconds' | 'found' | 'shapley' | 'work'
  > {
  const { layerCount } = sweep
  const post = measuresOf(sweep, sweep.post)
  const range = elementAt(outcome.bestRanges, 0, 'view')
  const best = elementAt(outcome.recipes, 0, 'view')[0] ?? null
  const compared = range?.measures ?? post
  const reportedView = elementAt(views.searched, 0, 'view')
  const isSame = best === null || (range !== null && layersKey(best.layers) === layersKey(range.layers))
  const comparison = isSame ? null : pairedDifference(differences(best.measures, compared), reportedView, settings.seed)
  const reason = triedNothing(outcome) ? 'nothing was tried.' : views.reason
  const unseen: HeldOutOrWhy =
    reason === null
      ? { heldOut: compareOnHeldOut(outcome, views.heldOut, post, sweep, settings.seed), heldOutReason: null }
      : { heldOut: null, heldOutReason: reason }
  return {
    sweepId: sweep.id,
    scoredBy: briefScoring(sweep.scoredBy),
    device: sweep.device,
    precision: sweep.precision,
    layerCount,
    basePath: sweep.basePath,
    postPath: sweep.postPath,
    source: sweep.source,
    rho,
    minimumValidity: rho * (sweep.holdOutSplit === null ? sweep.post : viewMeans(post, reportedView)).validity,
    settings,
    post: onlyMeans(sweep.post),
    range: {
      range: range === null ? null : sweptRange(sweep, range.layers),
      ...viewMeans(compared, categories)
    },
    generations: outcome.generations.map(({ candidates, blockEvaluations, best: [after] }) => ({
      candidates,
      blockEvaluations,
      best: {
        ...viewMeans(after?.measures ?? post, categories),
        recipe: recipeFor(after ?? { layers: postStrengths(layerCount) }, sweep.source)
      }
    })),
    stopped: outcome.stopped,
    verdict: verdictOf(comparison?.difference ?? 0, unseen.heldOut, rho),
    comparison,
    ...unseen
  }
}

function sweptRange({ ranges, layerCount }: SweepDocument, layers: readonly LayerStrength[]): RestorationRange {
  const key = layersKey(layers)
  const match = ranges.find((range) => layersKey(rangeStrengths(range, layerCount)) === key)
  if (match === undefined) throw new Error(`the sweep has no range with the strengths ${key}`)
  return { start: match.start, end: match.end }
}

/** Counts the block evaluations of candidates and post on one group of prompts: the edges of their trie of recipes. */
export function countBlockEvaluations(candidates: readonly (readonly LayerStrength[])[], layerCount: number): number {
  const models: Model[] = [{ kind: 'post' }, ...candidates.map(layersModel)]
  return countEdges(buildRecipeTrie(models, noSharing(layerCount)))
}

/** Compares the best recipe with the best range of each searched view on the prompts that the view did not use. */
function compareOnHeldOut(
  { recipes, bestRanges }: Pick<SearchOutcome, 'recipes' | 'bestRanges'>,
  heldOut: SearchViews['heldOut'],
  post: PromptMeasures,
  { layerCount, source, holdOutSplit }: Pick<SweepDocument, 'layerCount' | 'source' | 'holdOutSplit'>,
  seed: number
): HeldOut {
  const postItself: ScoredLayers = { layers: postStrengths(layerCount), measures: post }
  const folds = heldOut.map(({ search, scoredOn }) => {
    const range = bestRanges[search] ?? postItself
    return { scoredOn, range, found: elementAt(recipes, search, 'view')[0] ?? range }
  })
  // Difference on each prompt, as a fold scored it. Prompts without a fold are not averaged.
  const perPrompt = post.diversity.map(() => NaN)
  for (const { scoredOn, range, found } of folds) {
    const difference = differences(found.measures, range.measures)
    for (const index of scoredOn.flat()) perPrompt[index] = elementAt(difference, index, 'prompt')
  }
  const views = folds.map(({ scoredOn }) => scoredOn)
  const compared = elementAt(views, 0, 'view').map((_, category) =>
    views.flatMap((view) => elementAt(view, category, 'category')).sort((a, b) => a - b)
  )
  const mean = (measures: (fold: (typeof folds)[number]) => PromptMeasures): CategoryScore => {
    const scores = folds.map((fold) => viewMeans(measures(fold), fold.scoredOn))
    const average = (measure: keyof CategoryScore): number =>
      scores.reduce((sum, score) => sum + score[measure], 0) / scores.length
    return { validity: average('validity'), diversity: average('diversity') }
  }
  const comparison: HeldOut = {
    ...pairedDifference(perPrompt, compared, seed),
    found: mean(({ found }) => found.measures),
    range: mean(({ range }) => range.measures),
    post: mean(() => post),
    recipes: folds.map(({ found }) => recipeFor(found, source))
  }
  if (holdOutSplit !== null) comparison.split = sizesOf(holdOutSplit)
  return comparison
}

const sizesOf = ({ selection, holdOut }: HoldOutSplit): HeldOut['split'] => ({
  selectionPromptCount: selection.length,
  holdOutPromptCount: holdOut.length
})

/** Judges a search by the recipe's gain over the best range, and whether unseen prompts confirm it. */
function verdictOf(difference: number, heldOut: HeldOut | null, rho: number): SearchVerdict {
  if (difference <= 0) return 'none'
  const confirmed = heldOut !== null && heldOut.interval[0] > 0 && heldOut.found.validity >= rho * heldOut.post.validity
  return confirmed ? 'confirmed' : 'unproven'
}

/** Subtracts the diversity of two recipes on each prompt. */
const differences = (left: PromptMeasures, right: PromptMeasures): number[] =>
  left.diversity.map((diversity, prompt) => diversity - elementAt(right.diversity, prompt, 'prompt'))

/** Extracts the measures of a score on each prompt. */
function measuresOf(
  { prompts: decided }: Pick<SweepDocument, 'prompts'>,
  score: Pick<Score, 'prompts'>
): PromptMeasures {
  const prompts = countedScores(decided, score.prompts)
  const distinctRight = prompts.map((prompt) => prompt.distinctRight).filter((value) => value !== undefined)
  const measures: PromptMeasures = {
    validity: prompts.map(({ validity }) => validity),
    diversity: prompts.map(({ diversity }) => diversity)
  }
  const isByOneTask = distinctRight.length === prompts.length && prompts === score.prompts
  if (!isByOneTask) return measures
  return { ...measures, distinctRight, effectiveChoices: prompts.map(({ effectiveChoices }) => effectiveChoices) }
}

/** Names a recipe by its strengths, which restore layers to the source; base for null. */
function recipeFor({ layers }: Pick<ScoredLayers, 'layers'>, source: RestoredTo): Recipe {
  const sourced = setSource(layers, source)
  return recipeOf(nameStrengths(sourced), sourced)
}
