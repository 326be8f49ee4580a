import type { CategoryScore } from '../../../contract/documents/crc'
import type { LayerStrength } from '../../../contract/model/recipe'
import type { SearchSettings } from '../../../contract/documents/search'
import { postStrengths } from '../../../contract/model/strengths'
import { at, got } from '../../base/look-up'

/** Validity and diversity of one recipe on every prompt. */
export interface PromptMeasures {
  validity: readonly number[]
  diversity: readonly number[]
}

/** Strengths with their scores. */
export interface ScoredLayers {
  layers: readonly LayerStrength[]
  measures: PromptMeasures
}

/** The prompts that a search may look at: for each category their indices. */
export type PromptView = readonly (readonly number[])[]

export interface SearchProblem {
  layerCount: number
  rho: number
  post: PromptMeasures
  /** Where it starts: the ranges of a sweep. */
  ranges: readonly ScoredLayers[]
  /** Keys of layers that are known not to do, however diverse they seem; see `layersKey`. */
  rejected: ReadonlySet<string>
  /** Each view is searched on its own, on its own prompts; they only share the scoring of what several of them try. */
  views: readonly PromptView[]
}

export interface GenerationReport {
  candidates: number
  blockEvaluations: number
  /** The best of each view after it; null while none qualifies. */
  best: readonly (ScoredLayers | null)[]
}

export interface SearchOutcome {
  /** For each view the best range it started from; null when none qualifies. */
  bestRanges: readonly (ScoredLayers | null)[]
  /** For each view its last beam, best first; empty when nothing qualifies. */
  beams: readonly (readonly ScoredLayers[])[]
  generations: GenerationReport[]
  stopped: 'nothing-better' | 'generations' | 'budget'
}

export interface SearchWork {
  /** Scores candidates, all in one sweep, so that they share what their layers have in common. */
  score: (candidates: readonly (readonly LayerStrength[])[], generation: number) => Promise<PromptMeasures[]>
  /** Block evaluations that scoring them takes. */
  cost: (candidates: readonly (readonly LayerStrength[])[]) => number
  onGeneration?: (report: GenerationReport) => void
}

/** The best ranges that a recipe may take in as a whole: longer jumps than a layer at a time. */
const WHOLE_RANGES = 8

/** Diversities closer than this are one: they differ by rounding, not by the model. */
const DIVERSITY_STEP = 1e-9

/**
 * Beam search for the recipe of greatest diversity with validity Q >= rho x Q(post) and more diversity than post: the best
 * recipes of a generation are changed in one place each, and of parents and children the best go on, until that changes
 * nothing. Equal diversity: the recipe that restores less, then the one that begins earlier, so that the outcome is determined.
 */
export async function searchRecipes(
  problem: SearchProblem,
  settings: Pick<SearchSettings, 'beam' | 'generations' | 'blockEvaluations' | 'strengths'>,
  { score, cost, onGeneration }: SearchWork
): Promise<SearchOutcome> {
  const known = new Map(problem.ranges.map((range) => [layersKey(range.layers), range]))
  const searches = problem.views.map((view) => startOn(view, problem, settings.beam))
  const generations: GenerationReport[] = []
  let spent = 0

  const outcome = (stopped: SearchOutcome['stopped']): SearchOutcome => ({
    bestRanges: searches.map(({ bestRange }) => bestRange),
    beams: searches.map(({ beam, view }) => rank(beam, view, problem)),
    generations,
    stopped
  })
  for (let generation = 1; generation <= settings.generations; generation++) {
    const children = searches.map((search) => expand(search, settings.strengths))
    if (children.every((list) => list.length === 0)) return outcome('nothing-better')
    const candidates = unknownOf(children.flat(), known)
    const blockEvaluations = candidates.length === 0 ? 0 : cost(candidates)
    if (spent + blockEvaluations > settings.blockEvaluations) return outcome('budget')
    spent += blockEvaluations
    const measures = candidates.length === 0 ? [] : await score(candidates, generation)
    for (const [index, layers] of candidates.entries()) {
      known.set(layersKey(layers), { layers, measures: at(measures, index, 'score of a candidate') })
    }
    for (const [index, search] of searches.entries()) {
      const scored = at(children, index, 'view').map((layers) => got(known, layersKey(layers), 'recipe'))
      takeBest(search, rank([...search.beam, ...scored], search.view, problem).slice(0, settings.beam))
    }
    const report = {
      candidates: candidates.length,
      blockEvaluations,
      best: searches.map(({ beam, view }) => rank(beam, view, problem)[0] ?? null)
    }
    generations.push(report)
    onGeneration?.(report)
    if (searches.every(({ over }) => over)) return outcome('nothing-better')
  }
  return outcome('generations')
}

/** The search on one view of the prompts. */
interface ViewSearch {
  readonly view: PromptView
  readonly bestRange: ScoredLayers | null
  readonly wholeRanges: readonly (readonly LayerStrength[])[]
  beam: ScoredLayers[]
  /** Keys of recipes whose neighbours were looked at. */
  readonly expanded: Set<string>
  /** The last generation changed nothing. */
  over: boolean
}

/** A search begins with the best ranges, or with post where none qualifies. */
function startOn(view: PromptView, problem: SearchProblem, beam: number): ViewSearch {
  const post: ScoredLayers = { layers: postStrengths(problem.layerCount), measures: problem.post }
  const ranked = rank(problem.ranges, view, problem)
  return {
    view,
    bestRange: ranked[0] ?? null,
    wholeRanges: ranked.slice(0, WHOLE_RANGES).map(({ layers }) => layers),
    beam: ranked.length === 0 ? [post] : ranked.slice(0, beam),
    expanded: new Set(),
    over: false
  }
}

/** Those that have no score yet, each once. */
function unknownOf(
  candidates: readonly (readonly LayerStrength[])[],
  known: ReadonlyMap<string, ScoredLayers>
): (readonly LayerStrength[])[] {
  const keyed = candidates.map((layers) => [layersKey(layers), layers] as const)
  return [...new Map(keyed.filter(([key]) => !known.has(key))).values()]
}

/** What the recipes of the beam lead to, those that have not been asked yet. */
function expand(
  { beam, expanded, wholeRanges, over }: ViewSearch,
  strengths: readonly number[]
): LayerStrength[][] {
  const parents = over ? [] : beam.filter(({ layers }) => !expanded.has(layersKey(layers)))
  for (const { layers } of parents) expanded.add(layersKey(layers))
  return parents.flatMap(({ layers }) => neighbours(layers, wholeRanges, strengths))
}

/** @param next the best of parents and children, which go on */
function takeBest(search: ViewSearch, next: ScoredLayers[]): void {
  const before = new Set(search.beam.map(({ layers }) => layersKey(layers)))
  search.over = next.every(({ layers }) => before.has(layersKey(layers)))
  if (next.length > 0) search.beam = next
}

/** Every recipe that differs in one place: a layer, a half of it, a coarse strength, or one more whole range. */
export function neighbours(
  layers: readonly LayerStrength[],
  wholeRanges: readonly (readonly LayerStrength[])[],
  strengths: readonly number[]
): LayerStrength[][] {
  const values: LayerStrength[] = [
    { attention: 0, mlp: 0 },
    { attention: 1, mlp: 0 },
    { attention: 0, mlp: 1 },
    { attention: 1, mlp: 1 },
    ...strengths.map((strength) => ({ attention: strength, mlp: strength }))
  ]
  const changed = layers.flatMap((_, layer) =>
    values.map((value) => layers.map((own, place) => (place === layer ? value : own)))
  )
  const joined = wholeRanges.map((range) =>
    layers.map((own, layer) => ({
      attention: Math.max(own.attention, at(range, layer, 'layer').attention),
      mlp: Math.max(own.mlp, at(range, layer, 'layer').mlp)
    }))
  )
  const own = layersKey(layers)
  const distinct = new Map([...changed, ...joined].map((candidate) => [layersKey(candidate), candidate]))
  distinct.delete(own)
  return [...distinct.values()]
}

/** Those that qualify on a view's prompts and are not rejected, best first, each once. */
function rank(
  candidates: readonly ScoredLayers[],
  view: PromptView,
  { post, rho, rejected }: SearchProblem
): ScoredLayers[] {
  const ofPost = meansOver(post, view)
  const distinct = new Map(candidates.map((candidate) => [layersKey(candidate.layers), candidate]))
  return [...distinct]
    .filter(([key]) => !rejected.has(key))
    .map(([key, candidate]) => ({ key, candidate, ...meansOver(candidate.measures, view) }))
    .filter(({ validity, diversity }) => validity >= rho * ofPost.validity && diversity > ofPost.diversity)
    .map((entry) => ({
      ...entry,
      steps: Math.round(entry.diversity / DIVERSITY_STEP),
      restored: entry.candidate.layers.reduce((sum, { attention, mlp }) => sum + attention + mlp, 0)
    }))
    .sort((a, b) => b.steps - a.steps || a.restored - b.restored || (a.key > b.key ? -1 : 1))
    .map(({ candidate }) => candidate)
}

/** Means over the view's prompts of each category, then over categories. */
export function meansOver(measures: PromptMeasures, view: PromptView): CategoryScore {
  const mean = (values: readonly number[]): number =>
    view.reduce(
      (sum, indices) => sum + indices.reduce((s, i) => s + at(values, i, 'prompt'), 0) / indices.length,
      0
    ) / view.length
  return { validity: mean(measures.validity), diversity: mean(measures.diversity) }
}

/** A name that is equal for equal strengths. */
export function layersKey(layers: readonly LayerStrength[]): string {
  return layers.map(({ attention, mlp }) => `${attention}/${mlp}`).join(' ')
}
