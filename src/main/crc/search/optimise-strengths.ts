import type { CategoryScore } from '../../../contract/documents/crc'
import type { StrengthStart } from '../../../contract/documents/search'
import type { LayerStrength } from '../../../contract/model/recipe'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { HALVES, meanStrength } from '../../../contract/model/strengths'
import type { PromptView, ScoredLayers, SearchMethod, SearchProblem, Strand } from './search-problem'
import { viewMeans, rank } from './search-problem'

/** Smallest and largest strength of a layer. */
interface StrengthBounds {
  readonly least: number
  readonly most: number
}

/** Changes of a strength that measure slopes. The small one is used when the large one finds no better recipe. */
const PROBES = [0.2, 0.05] as const

/** Trust region: the largest change of any strength in one step. */
const RADIUS = { first: 0.3, min: 0.02, max: 0.5 }

/** Steps on one measured gradient, which each step corrects. */
const STEPS_PER_GRADIENT = 6

/** Share of a step's missing validity that is added to the required validity of the next step. */
const VALIDITY_MARGIN = 0.5

/** The climb ends when a step within `PROMISE_RADIUS` promises a smaller gain of diversity than this. */
const MIN_PROMISE = 3e-4
const PROMISE_RADIUS = 0.1

/** Strengths are rounded to 1/1000, which keeps recipes readable and makes equal recipes compare as equal. */
const PARTS = 1000

/**
 * Optimises the strength of every layer by sequential linear programming: maximise diversity D subject to
 * validity Q >= rho x Q(post) within the bounds. The gradients of D and Q are finite differences, which the
 * trie of recipes makes cheap. A move of layer l recomputes only the layers from l on. All moves take
 * L + L(L+1)/2 block evaluations. Within a trust region the linear programme has one constraint and is solved exactly.
 * Between gradients Broyden's rank-one update uses the result of each step.
 * @param options.halves true if attention and MLP of a layer have separate strengths.
 * @param options.starts recipes to climb from: the best range, the best blend or both
 */
export function optimiseStrengths(
  problem: SearchProblem,
  { halves, starts, ...bounds }: { halves: boolean; starts: readonly StrengthStart[] } & StrengthBounds
): SearchMethod {
  const visited = new Map<PromptView, ScoredLayers[]>(
    problem.views.map((view) => [
      view,
      starts.flatMap((start) => rank(start === 'range' ? problem.ranges : problem.blends, view, problem).slice(0, 1))
    ])
  )
  const visitedOn = (view: PromptView): ScoredLayers[] => {
    return mapGet(visited, view, 'view')
  }
  return {
    strands: problem.views.flatMap((view) =>
      visitedOn(view).map((start) => climb(problem, view, start, { halves, bounds, visited: visitedOn(view) }))
    ),
    best: (view) => rank(visitedOn(view), view, problem).slice(0, 1)
  }
}

/** Derivatives of the scores by each strength. */
interface Slopes {
  diversity: number[]
  validity: number[]
}

interface ClimbOptions {
  halves: boolean
  bounds: StrengthBounds
  visited: ScoredLayers[]
}

/** Climbs from a start until the slopes promise no gain. Every scored recipe is added to `visited`. */
function* climb(
  problem: SearchProblem,
  view: PromptView,
  start: ScoredLayers,
  { halves, bounds, visited }: ClimbOptions
): Strand {
  const minValidity = problem.rho * viewMeans(problem.post, view).validity
  const position: ClimbPosition = { point: toVector(start.layers, halves), score: viewMeans(start.measures, view) }
  const ask = function* (points: readonly number[][]): ScoreRequests<CategoryScore[]> {
    const scored = yield points.map((point) => toLayers(point, halves))
    visited.push(...scored)
    return scored.map(({ measures }) => viewMeans(measures, view))
  }
  let radius = RADIUS.first
  for (const reach of PROBES) {
    let moved = true
    while (moved) {
      const slopes = yield* slopesAt(position, reach, bounds, ask)
      const predictedStep = bestStep(
        position.point,
        slopes,
        minValidity - position.score.validity,
        PROMISE_RADIUS,
        bounds
      )
      if (dot(slopes.diversity, predictedStep) < MIN_PROMISE) break
      const steps = yield* walk(
        position,
        slopes,
        { minValidity, bounds, radius: Math.max(radius, PROMISE_RADIUS) },
        ask
      )
      radius = steps.radius
      moved = steps.moves > 0
    }
  }
}

/** Strengths that a climb has reached, with their score. */
interface ClimbPosition {
  point: number[]
  score: CategoryScore
}

/** Yields recipes for scoring, and receives their scores. */
type ScoreRequests<Answer> = Generator<(readonly LayerStrength[])[], Answer, readonly ScoredLayers[]>
type ScoreFunction = (points: readonly number[][]) => ScoreRequests<CategoryScore[]>

/**
 * Measures slopes by finite differences. A strength near its upper bound is moved downwards.
 * @param reach the change
 */
function* slopesAt(
  { point, score }: ClimbPosition,
  reach: number,
  bounds: StrengthBounds,
  ask: ScoreFunction
): ScoreRequests<Slopes> {
  const probes = point.map((strength) => (strength + reach <= bounds.most ? reach : -reach))
  const moved = (index: number, by: number): number[] =>
    point.map((strength, other) => (other === index ? rounded(strength + by, bounds) : strength))
  const scores = yield* ask(probes.map((by, index) => moved(index, by)))
  const slopes = (measure: keyof CategoryScore): number[] =>
    probes.map((by, index) => (elementAt(scores, index, 'probe')[measure] - score[measure]) / by)
  return { diversity: slopes('diversity'), validity: slopes('validity') }
}

/** Takes steps along slopes, which each step corrects. @returns the number of better steps, and the last radius */
function* walk(
  position: ClimbPosition,
  slopes: Slopes,
  { minValidity, bounds, radius: firstRadius }: { minValidity: number; bounds: StrengthBounds; radius: number },
  ask: ScoreFunction
): ScoreRequests<{ moves: number; radius: number }> {
  let radius = firstRadius
  let moves = 0
  // Near the limit validity falls faster than its slopes say, so every step would end just below the limit.
  let margin = 0
  for (let step = 0; step < STEPS_PER_GRADIENT && radius >= RADIUS.min; step++) {
    const proposed = bestStep(position.point, slopes, minValidity + margin - position.score.validity, radius, bounds)
    const next = position.point.map((strength, index) =>
      rounded(strength + elementAt(proposed, index, 'strength'), bounds)
    )
    const change = next.map((strength, index) => strength - elementAt(position.point, index, 'strength'))
    const length = dot(change, change)
    if (length === 0) break
    const score = elementAt(yield* ask([next]), 0, 'step')
    correct(slopes.diversity, change, score.diversity - position.score.diversity, length)
    correct(slopes.validity, change, score.validity - position.score.validity, length)
    const better = score.validity >= minValidity && score.diversity > position.score.diversity
    margin = VALIDITY_MARGIN * Math.max(0, minValidity - score.validity)
    if (better) {
      position.point = next
      position.score = score
      moves++
    }
    radius = better ? Math.min(radius * 1.3, RADIUS.max) : radius / 2
  }
  return { moves, radius }
}

/** Applies Broyden's update: the slopes that agree with the last step and differ least from the slopes before. */
function correct(slopes: number[], step: readonly number[], change: number, squaredLength: number): void {
  const error = (change - dot(slopes, step)) / squaredLength
  for (const [index, value] of step.entries()) slopes[index] = elementAt(slopes, index, 'slope') + error * value
}

/**
 * Solves the linear programme of one step s: maximise slopes.diversity · s with slopes.validity · s >= need.
 * Each move stays within the radius and the bounds. This is a fractional knapsack. It starts from the step
 * that is best for diversity alone and buys validity back where that costs least diversity. Only the last
 * purchase may be partial. If the need cannot be met, the result is the step that comes closest.
 */
export function bestStep(
  point: readonly number[],
  slopes: { diversity: readonly number[]; validity: readonly number[] },
  need: number,
  radius: number,
  { least: min, most: max }: StrengthBounds
): number[] {
  const low = point.map((strength) => Math.max(-radius, min - strength))
  const high = point.map((strength) => Math.min(radius, max - strength))
  // Returns the largest move in the direction of a slope.
  const end = (slope: number, index: number): number =>
    slope === 0 ? 0 : elementAt(slope > 0 ? high : low, index, 'bound')
  const step = slopes.diversity.map((slope, index) =>
    end(slope !== 0 ? slope : elementAt(slopes.validity, index, 'slope'), index)
  )
  let missing = need - dot(slopes.validity, step)
  // Each exchange moves one strength to the end that is best for validity. Its price is the diversity lost per
  // validity.
  const exchanges = step
    .map((from, index) => {
      const to = end(elementAt(slopes.validity, index, 'slope'), index)
      const gain = elementAt(slopes.validity, index, 'slope') * (to - from)
      return {
        index,
        from,
        to,
        gain,
        price: (elementAt(slopes.diversity, index, 'slope') * (from - to)) / gain
      }
    })
    .filter(({ gain }) => gain > 0)
    .sort((a, b) => a.price - b.price)
  for (const { index, from, to, gain } of exchanges) {
    if (missing <= 0) break
    step[index] = from + (to - from) * Math.min(1, missing / gain)
    missing -= gain
  }
  return step
}

const rounded = (strength: number, { least: min, most: max }: StrengthBounds): number =>
  Math.round(Math.min(max, Math.max(min, strength)) * PARTS) / PARTS

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * elementAt(b, index, 'number'), 0)

/** Converts layers to one number for each layer, or for each half of a layer. */
const toVector = (layers: readonly LayerStrength[], halves: boolean): number[] =>
  layers.flatMap((layer) => (halves ? HALVES : HALVES.slice(0, 1)).map((half) => meanStrength(layer, half)))

/** Converts numbers back to layers, see {@link toVector}. */
const toLayers = (vector: readonly number[], halves: boolean): LayerStrength[] =>
  Array.from({ length: halves ? vector.length / 2 : vector.length }, (_, layer) => {
    const attention = elementAt(vector, halves ? 2 * layer : layer, 'strength')
    return { attention, mlp: halves ? elementAt(vector, 2 * layer + 1, 'strength') : attention }
  })
