import type { CategoryScore } from '../../../contract/documents/crc'
import type { SearchDocument, TaskShares } from '../../../contract/documents/search'
import { byDiversity } from '../../../contract/model/by-diversity'
import type { LayerStrength } from '../../../contract/model/recipe'
import { HALVES, layerKey, meanStrength, postStrengths } from '../../../contract/model/strengths'
import { elementAt, mapGet } from '../../../contract/model/look-up'

/** Validity and diversity of one recipe on every prompt, and of a task what else its layers share. */
export interface PromptMeasures extends Readonly<Partial<Record<TaskShares['measure'], readonly number[]>>> {
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
  /** The ranges of a sweep, whose scores are known. */
  ranges: readonly ScoredLayers[]
  /** The blends of all layers alike of the same sweep; empty where it has none. */
  blends: readonly ScoredLayers[]
  /** Keys of layers that are known not to do, however diverse they seem; see `layersKey`. */
  rejected: ReadonlySet<string>
  /** Each view is searched on its own, on its own prompts; they only share the scoring of what several of them try. */
  views: readonly PromptView[]
}

/**
 * One way of searching, at work. It asks for scores strand by strand: what all strands ask for at a time is scored in one
 * sweep, a generation, so that it shares what its layers have in common.
 */
export interface SearchMethod {
  /** Each yields what it wants to know and is given the scores in that order; it ends when it can find nothing better. */
  strands: readonly Strand[]
  /** The best so far on the prompts of a view, best first; empty when nothing qualifies. */
  best: (view: PromptView) => ScoredLayers[]
}

export type Strand = Generator<(readonly LayerStrength[])[], void, readonly ScoredLayers[]>

interface GenerationReport {
  candidates: number
  blockEvaluations: number
  /** The best of each view after it; null while none qualifies. */
  best: readonly (ScoredLayers | null)[]
}

export interface SearchOutcome {
  /** For each view the best range; null when none qualifies. */
  bestRanges: readonly (ScoredLayers | null)[]
  /** For each view what was found, best first; empty when nothing qualifies. */
  found: readonly (readonly ScoredLayers[])[]
  generations: GenerationReport[]
  stopped: SearchDocument['stopped']
}

export interface SearchWork {
  /** Scores candidates, all in one sweep, so that they share what their layers have in common. */
  score: (candidates: readonly (readonly LayerStrength[])[], generation: number) => Promise<PromptMeasures[]>
  /** Block evaluations that scoring them takes. */
  cost: (candidates: readonly (readonly LayerStrength[])[]) => number
  onGeneration?: (report: GenerationReport) => void
}

/** Everything that a search has scores of, by the key of its layers. */
export type Known = Map<string, ScoredLayers>

/** Post, the ranges and the blends: what a sweep has scored. */
export function knownFrom({ layerCount, post, ranges, blends }: SearchProblem): Known {
  const itself: ScoredLayers = { layers: postStrengths(layerCount), measures: post }
  return new Map([itself, ...blends, ...ranges].map((scored) => [layersKey(scored.layers), scored]))
}

/** Runs a method until its strands have ended, or a limit is met. Nothing is scored twice, and what the sweep knows not at all. */
export async function runSearch(
  problem: SearchProblem,
  known: Known,
  { strands, best }: SearchMethod,
  limits: { generations: number; blockEvaluations: number },
  { score, cost, onGeneration }: SearchWork
): Promise<SearchOutcome> {
  const generations: GenerationReport[] = []
  let spent = 0
  const outcome = (stopped: SearchOutcome['stopped']): SearchOutcome => ({
    bestRanges: problem.views.map((view) => rank(problem.ranges, view, problem)[0] ?? null),
    found: problem.views.map(best),
    generations,
    stopped
  })
  const asked = strands.map((strand) => strand.next())
  for (let generation = 1; asked.some(({ done }) => done !== true); generation++) {
    if (generation > limits.generations) return outcome('generations')
    const wanted = asked.flatMap((question) => (question.done === true ? [] : question.value))
    const candidates = unknownOf(wanted, known)
    const blockEvaluations = candidates.length === 0 ? 0 : cost(candidates)
    if (spent + blockEvaluations > limits.blockEvaluations) return outcome('budget')
    spent += blockEvaluations
    const measures = candidates.length === 0 ? [] : await score(candidates, generation)
    for (const [index, layers] of candidates.entries()) {
      known.set(layersKey(layers), { layers, measures: elementAt(measures, index, 'score of a candidate') })
    }
    for (const [index, strand] of strands.entries()) {
      const question = elementAt(asked, index, 'strand')
      if (question.done === true) continue
      asked[index] = strand.next(question.value.map((layers) => mapGet(known, layersKey(layers), 'recipe')))
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

/** Those that have no score yet, each once. */
function unknownOf(
  candidates: readonly (readonly LayerStrength[])[],
  known: Known
): (readonly LayerStrength[])[] {
  const keyed = candidates.map((layers) => [layersKey(layers), layers] as const)
  return [...new Map(keyed.filter(([key]) => !known.has(key))).values()]
}

/**
 * Those with validity Q >= rho x Q(post) and more diversity than post on a view's prompts that are not rejected, the best by diversity first,
 * each once. Of those equal in diversity and validity: the recipe that is nearer to post, then the one that begins earlier, so that the order is determined.
 */
export function rank(
  candidates: readonly ScoredLayers[],
  view: PromptView,
  { post, rho, rejected }: Pick<SearchProblem, 'post' | 'rho' | 'rejected'>
): ScoredLayers[] {
  const ofPost = meansOver(post, view)
  const distinct = new Map(candidates.map((candidate) => [layersKey(candidate.layers), candidate]))
  const qualifying = [...distinct]
    .filter(([key]) => !rejected.has(key))
    .map(([key, candidate]) => ({ key, candidate, ...meansOver(candidate.measures, view) }))
    .filter(({ validity, diversity }) => validity >= rho * ofPost.validity && diversity > ofPost.diversity)
    .map((entry) => ({
      ...entry,
      restored: entry.candidate.layers.reduce((sum, layer) => sum + distanceToPost(layer), 0)
    }))
  return byDiversity(qualifying, (entry) => entry)
    .flatMap((equal) => equal.sort((a, b) => a.restored - b.restored || (a.key > b.key ? -1 : 1)))
    .map(({ candidate }) => candidate)
}

/** Means over the view's prompts of each category, then over categories. */
export const meansOver = ({ validity, diversity }: PromptMeasures, view: PromptView): CategoryScore => ({
  validity: meanOver(validity, view),
  diversity: meanOver(diversity, view)
})

/** The same of one measure. */
export const meanOver = (values: readonly number[], view: PromptView): number =>
  view.reduce(
    (sum, indices) => sum + indices.reduce((s, i) => s + elementAt(values, i, 'prompt'), 0) / indices.length,
    0
  ) / view.length

/** A name that is equal for equal strengths. */
export function layersKey(layers: readonly LayerStrength[]): string {
  return layers.map(layerKey).join(' ')
}

const distanceToPost = (layer: LayerStrength): number =>
  HALVES.reduce((sum, half) => sum + Math.abs(meanStrength(layer, half)), 0)
