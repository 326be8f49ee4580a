import type { LayerStrength } from '../../../contract/model/recipe'
import { componentStrength, postStrengths, withComponents } from '../../../contract/model/strengths'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import type { PromptView, ScoredLayers, SearchMethod, SearchProblem, Strand } from './search-problem'
import { layersKey, rank } from './search-problem'

/** Number of the best ranges that may be added to a recipe as a whole. */
const WHOLE_RANGES = 8

/**
 * Grows recipes by beam search: it looks for the most diverse recipe that keeps at least rho times post's validity.
 * @param options.beam number of best recipes that are kept after each step.
 * @param options.strengths shares of base that a layer may take besides 0 and 1
 */
export function growRecipes(
  problem: SearchProblem,
  { beam, strengths }: { beam: number; strengths: readonly number[] }
): SearchMethod {
  const beams = new Map(problem.views.map((view) => [view, startOf(problem, view, beam)]))
  return {
    strands: problem.views.map((view) => grow(problem, view, { beam, strengths }, beams)),
    best: (view) => rank(mapGet(beams, view, 'view'), view, problem)
  }
}

/** Returns the first beam: the best ranges, or post if no range qualifies. */
function startOf(problem: SearchProblem, view: PromptView, beam: number): ScoredLayers[] {
  const post: ScoredLayers = { layers: postStrengths(problem.layerCount), measures: problem.post }
  const ranked = rank(problem.ranges, view, problem)
  return ranked.length === 0 ? [post] : ranked.slice(0, beam)
}

/** Yields the neighbours of the beam's recipes for scoring, until no neighbour enters the beam. */
function* grow(
  problem: SearchProblem,
  view: PromptView,
  { beam: width, strengths }: { beam: number; strengths: readonly number[] },
  beams: Map<PromptView, ScoredLayers[]>
): Strand {
  const wholeRanges = rank(problem.ranges, view, problem)
    .slice(0, WHOLE_RANGES)
    .map(({ layers }) => layers)
  const expanded = new Set<string>()
  let beam = mapGet(beams, view, 'view')
  for (;;) {
    beams.set(view, beam)
    const parents = beam.filter(({ layers }) => !expanded.has(layersKey(layers)))
    for (const { layers } of parents) expanded.add(layersKey(layers))
    const children = parents.flatMap(({ layers }) => neighbours(layers, wholeRanges, strengths))
    if (children.length === 0) return
    const scored = yield children
    const before = new Set(beam.map(({ layers }) => layersKey(layers)))
    const next = rank([...beam, ...scored], view, problem).slice(0, width)
    if (next.every(({ layers }) => before.has(layersKey(layers)))) {
      if (next.length > 0) beams.set(view, next)
      return
    }
    beam = next
  }
}

/** Lists all recipes one step from a recipe: another strength of a layer or half, or one more range. */
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
    values.map((value) => layers.map((strength, changedLayer) => (changedLayer === layer ? value : strength)))
  )
  const joined = wholeRanges.map((range) => unionOf(layers, range))
  const unchanged = layersKey(layers)
  const distinct = new Map([...changed, ...joined].map((candidate) => [layersKey(candidate), candidate]))
  distinct.delete(unchanged)
  return [...distinct.values()]
}

/** Returns the recipe that takes the larger of two recipes' strengths for each component. */
export const unionOf = (a: readonly LayerStrength[], b: readonly LayerStrength[]): LayerStrength[] =>
  a.map((layerStrength, layer) => {
    const other = elementAt(b, layer, 'layer')
    return withComponents(layerStrength, (half, component, strength) =>
      Math.max(strength, componentStrength(other, half, component))
    )
  })
