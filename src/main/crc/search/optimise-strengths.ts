import type { CategoryScore } from '../../../contract/documents/crc'
import type { StrengthStart } from '../../../contract/documents/search'
import type { LayerStrength } from '../../../contract/model/recipe'
import { elementAt } from '../../../contract/model/look-up'
import { HALVES, meanStrength } from '../../../contract/model/strengths'
import type { PromptView, ScoredLayers, SearchMethod, SearchProblem, Strand } from './search-problem'
import { meansOver, rank } from './search-problem'

/** What a strength may be: from post's weights to base's, 0 to 1, or beyond. Everything here that bounds one asks this. */
export interface StrengthBounds {
  readonly least: number
  readonly most: number
}

/**
 * How far a strength is moved to see what that changes: far at first, over what is rough near by (halves of layers gain little
 * from a little), and less far where that led no further.
 */
const PROBES = [0.2, 0.05] as const

/** How far a step may move any strength: at first, at least, and at most. */
const RADIUS = { first: 0.3, least: 0.02, most: 0.5 }

/** Steps on one measured gradient, corrected by what each step shows. */
const STEPS_PER_GRADIENT = 6

/** Of the validity that a step fell short, so much is asked for beyond the least of the next, which is half as long. */
const SPARE = 0.5

/** A gradient that promises less diversity than this, within a small step, is no reason to go on. */
const LEAST_PROMISE = 3e-4
const PROMISE_RADIUS = 0.1

/** Strengths are kept to so many parts of 1, so that recipes read well and equal ones are found equal. */
const PARTS = 1000

/**
 * Strengths of every layer by sequential linear programming: maximise diversity D subject to validity Q >= rho x Q(post) over
 * the box of all strengths. The gradients of D and Q are finite differences, which the recipes' trie makes cheap: to move layer l costs the
 * layers from l on, L + L(L+1)/2 block evaluations for all. Within a trust region the linear programme has one constraint and
 * is solved exactly; between gradients Broyden's rank-one update takes in what each step showed.
 *
 * @param halves whether attention and MLP of a layer have strengths of their own
 */
export function optimiseStrengths(
  problem: SearchProblem,
  { halves, starts, ...bounds }: { halves: boolean; starts: readonly StrengthStart[] } & StrengthBounds
): SearchMethod {
  const visited = new Map<PromptView, ScoredLayers[]>(
    problem.views.map((view) => [
      view,
      starts.flatMap((start) =>
        rank(start === 'range' ? problem.ranges : problem.blends, view, problem).slice(0, 1)
      )
    ])
  )
  const seen = (view: PromptView): ScoredLayers[] => {
    const list = visited.get(view)
    if (list === undefined) throw new Error('a view that is not searched')
    return list
  }
  return {
    strands: problem.views.flatMap((view) =>
      seen(view).map((start) => climb(problem, view, start, { halves, bounds, visited: seen(view) }))
    ),
    best: (view) => rank(seen(view), view, problem).slice(0, 1)
  }
}

/** A linear model of diversity and validity around a point. */
interface Slopes {
  diversity: number[]
  validity: number[]
}

interface ClimbOptions {
  halves: boolean
  bounds: StrengthBounds
  /** Takes in all that the view has looked at. */
  visited: ScoredLayers[]
}

function* climb(
  problem: SearchProblem,
  view: PromptView,
  start: ScoredLayers,
  { halves, bounds, visited }: ClimbOptions
): Strand {
  const least = problem.rho * meansOver(problem.post, view).validity
  const place: Place = { point: toVector(start.layers, halves), score: meansOver(start.measures, view) }
  const ask = function* (points: readonly number[][]): Asking<CategoryScore[]> {
    const scored = yield points.map((point) => toLayers(point, halves))
    visited.push(...scored)
    return scored.map(({ measures }) => meansOver(measures, view))
  }
  let radius = RADIUS.first
  for (const reach of PROBES) {
    let moved = true
    while (moved) {
      const slopes = yield* slopesAt(place, reach, bounds, ask)
      const promised = bestStep(place.point, slopes, least - place.score.validity, PROMISE_RADIUS, bounds)
      if (dot(slopes.diversity, promised) < LEAST_PROMISE) break
      const steps = yield* walk(
        place,
        slopes,
        { least, bounds, radius: Math.max(radius, PROMISE_RADIUS) },
        ask
      )
      radius = steps.radius
      moved = steps.moves > 0
    }
  }
}

/** Where a climb is. */
interface Place {
  point: number[]
  score: CategoryScore
}

type Asking<Answer> = Generator<(readonly LayerStrength[])[], Answer, readonly ScoredLayers[]>
type Ask = (points: readonly number[][]) => Asking<CategoryScore[]>

/** Finite differences, inwards where a strength stands at its upper bound. */
function* slopesAt({ point, score }: Place, reach: number, bounds: StrengthBounds, ask: Ask): Asking<Slopes> {
  const probes = point.map((strength) => (strength + reach <= bounds.most ? reach : -reach))
  const moved = (index: number, by: number): number[] =>
    point.map((strength, place) => (place === index ? rounded(strength + by, bounds) : strength))
  const there = yield* ask(probes.map((by, index) => moved(index, by)))
  const slopes = (measure: keyof CategoryScore): number[] =>
    probes.map((by, index) => (elementAt(there, index, 'probe')[measure] - score[measure]) / by)
  return { diversity: slopes('diversity'), validity: slopes('validity') }
}

/** Steps along slopes, which each corrects, in a region that grows where they hold. @returns how many led further, and that region */
function* walk(
  place: Place,
  slopes: Slopes,
  { least, bounds, radius: first }: { least: number; bounds: StrengthBounds; radius: number },
  ask: Ask
): Asking<{ moves: number; radius: number }> {
  let radius = first
  let moves = 0
  // Along the limit validity falls faster than its slopes say, and every step would end just below it.
  let spare = 0
  for (let step = 0; step < STEPS_PER_GRADIENT && radius >= RADIUS.least; step++) {
    const wanted = bestStep(place.point, slopes, least + spare - place.score.validity, radius, bounds)
    const next = place.point.map((strength, index) =>
      rounded(strength + elementAt(wanted, index, 'strength'), bounds)
    )
    const by = next.map((strength, index) => strength - elementAt(place.point, index, 'strength'))
    const length = dot(by, by)
    if (length === 0) break
    const there = elementAt(yield* ask([next]), 0, 'step')
    correct(slopes.diversity, by, there.diversity - place.score.diversity, length)
    correct(slopes.validity, by, there.validity - place.score.validity, length)
    const better = there.validity >= least && there.diversity > place.score.diversity
    spare = SPARE * Math.max(0, least - there.validity)
    if (better) {
      place.point = next
      place.score = there
      moves++
    }
    radius = better ? Math.min(radius * 1.3, RADIUS.most) : radius / 2
  }
  return { moves, radius }
}

/** Broyden's update: the slopes that agree with what a step changed and differ least from those before. */
function correct(slopes: number[], by: readonly number[], change: number, squaredLength: number): void {
  const error = (change - dot(slopes, by)) / squaredLength
  for (const [index, step] of by.entries()) slopes[index] = elementAt(slopes, index, 'slope') + error * step
}

/**
 * The step s that maximises slopes.diversity · s where slopes.validity · s >= need and every strength stays within its bounds and
 * within the radius: a fractional knapsack. From the step that is best for diversity alone, validity is bought back where it
 * costs least diversity, whole moves first and a part of the last. Where the need cannot be met, the step that comes closest.
 */
export function bestStep(
  point: readonly number[],
  slopes: { diversity: readonly number[]; validity: readonly number[] },
  need: number,
  radius: number,
  { least, most }: StrengthBounds
): number[] {
  const low = point.map((strength) => Math.max(-radius, least - strength))
  const high = point.map((strength) => Math.min(radius, most - strength))
  const end = (slope: number, index: number): number =>
    slope === 0 ? 0 : elementAt(slope > 0 ? high : low, index, 'bound')
  const step = slopes.diversity.map((slope, index) =>
    end(slope !== 0 ? slope : elementAt(slopes.validity, index, 'slope'), index)
  )
  let missing = need - dot(slopes.validity, step)
  const purchases = step
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
  for (const { index, from, to, gain } of purchases) {
    if (missing <= 0) break
    step[index] = from + (to - from) * Math.min(1, missing / gain)
    missing -= gain
  }
  return step
}

const rounded = (strength: number, { least, most }: StrengthBounds): number =>
  Math.round(Math.min(most, Math.max(least, strength)) * PARTS) / PARTS

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * elementAt(b, index, 'number'), 0)

/** One number for each layer, or two. */
const toVector = (layers: readonly LayerStrength[], halves: boolean): number[] =>
  layers.flatMap((layer) => (halves ? HALVES : HALVES.slice(0, 1)).map((half) => meanStrength(layer, half)))

const toLayers = (vector: readonly number[], halves: boolean): LayerStrength[] =>
  Array.from({ length: halves ? vector.length / 2 : vector.length }, (_, layer) => {
    const attention = elementAt(vector, halves ? 2 * layer : layer, 'strength')
    return { attention, mlp: halves ? elementAt(vector, 2 * layer + 1, 'strength') : attention }
  })
