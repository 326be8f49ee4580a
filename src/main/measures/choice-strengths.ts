import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import type { Interval } from '../../contract/documents/crc'
import { FEWEST_PROMPTS } from '../../contract/documents/evaluation'
import { elementAt, mapGet } from '../../contract/model/look-up'
import { multimap } from '../../contract/model/multimap'

/** A person's or a judge's choice of the best of some candidates, such as the variants of an evaluation. */
export interface PreferenceChoice {
  readonly prompt: number
  /** Numbers of the candidates, without repetition. */
  readonly candidates: readonly number[]
  /** Null for a tie. */
  readonly preferred: number | null
}

/** Probability that a candidate is preferred to the reference. */
interface PreferredTo {
  chance: number
  /** 95 % interval; null for too few prompts. */
  interval: Interval | null
}

/** Wins of each candidate in comparisons of the same candidates. A tie gives each an equal share of a win. */
interface WinCounts {
  readonly candidates: readonly number[]
  readonly wins: readonly number[]
}

interface Fit {
  /** The logarithm of each candidate's strength; 0 for the reference. */
  readonly strengths: readonly number[]
  readonly likelihood: number
}

/** Newton's method ends when no strength changes by more than this. */
const STEP_TOLERANCE = 1e-11
/** Largest step of Newton's method. Larger steps may leave the region in which it converges. */
const MAX_STEP = 2
/** Newton's method needs about ten rounds; rounding may keep its step above the tolerance forever. */
const MAX_ROUNDS = 100
/** Drop of twice the log-likelihood at the ends of a 95 % interval: a chi-square quantile, one degree of freedom. */
const DROP = 3.841458820694124
/** Largest log strength that is searched, a probability of 1 in 10^13. */
const MAX_DISTANCE = 30

/**
 * Computes the probability that each candidate is preferred to a reference, from Bradley-Terry strengths (1952). With
 * more than two candidates, choices follow Luce's axiom (1959). Among candidates S with strengths s, candidate i is
 * preferred with probability exp(s_i) / sum over S of exp(s).
 * - A tie counts as an equal share of a win for each of its candidates: half a win with two.
 * - Comparisons of the same candidates on one prompt count together as one.
 * - One tie of all candidates is added, worth half a win to each, which keeps strengths finite if a candidate always
 *   won. For two candidates, or choices among all, this is Jeffreys's prior, and the estimate is Firth's (1993).
 * - The interval is where the profile likelihood has not dropped too far. If the variance clustered over prompts
 *   exceeds the variance of independent comparisons, the allowed drop is multiplied by their ratio (Pace, Salvan and
 *   Sartori 2011).
 * @param count number of candidates.
 * @param reference the candidate that the others are compared with.
 * @returns one entry per candidate; null for the reference, and if the reference or the candidate was never compared
 */
export function preferredTo(
  choices: readonly PreferenceChoice[],
  count: number,
  reference: number
): (PreferredTo | null)[] {
  const compared = [...new Set(choices.flatMap(({ candidates }) => candidates))].sort((a, b) => a - b)
  const results = Array.from({ length: count }, (): PreferredTo | null => null)
  if (!compared.includes(reference)) return results
  // The reference comes first. Candidates that were never compared are omitted, even from the added tie.
  const ordered = [reference, ...compared.filter((candidate) => candidate !== reference)]
  const indexOf = new Map(ordered.map((candidate, index) => [candidate, index]))
  const indexIn = (candidate: number): number => mapGet(indexOf, candidate, 'candidate')
  const model = new ChoiceModel(
    choices.map(({ prompt, candidates, preferred }) => ({
      prompt,
      candidates: candidates.map(indexIn),
      preferred: preferred === null ? null : indexIn(preferred)
    })),
    ordered.length
  )
  for (const [index, candidate] of ordered.entries()) {
    if (index > 0) results[candidate] = model.preferredToFirst(index)
  }
  return results
}

/** The likelihood of choices for given strengths of the candidates. Candidate 0 is the reference. */
class ChoiceModel {
  /** Wins on each prompt. */
  private readonly prompts: readonly (readonly WinCounts[])[]
  /** Wins over all prompts, with the added tie. */
  private readonly counted: readonly WinCounts[]
  /** Strengths of maximum likelihood. */
  private readonly best: Fit
  /** Clustered variance of each strength divided by its variance without clusters; the reference has none. */
  private readonly inflation: readonly number[]

  constructor(choices: readonly PreferenceChoice[], size: number) {
    this.prompts = [...multimap(choices.map((choice) => [choice.prompt, choice])).values()].map(countPromptWins)
    const allCandidates = Array.from({ length: size }, (_, candidate) => candidate)
    const addedTie = { candidates: allCandidates, wins: allCandidates.map(() => 0.5) }
    this.counted = groupByCandidates([...this.prompts.flat(), addedTie]).map(sumWins)
    this.best = this.maximise(allCandidates.map(() => 0))
    this.inflation = this.inflations()
  }

  /** Computes the probability that a candidate is preferred to the reference, candidate 0. */
  preferredToFirst(candidate: number): PreferredTo {
    const chance = logistic(elementAt(this.best.strengths, candidate, 'strength'))
    if (this.prompts.length < FEWEST_PROMPTS) return { chance, interval: null }
    return { chance, interval: [this.profileEnd(candidate, -1), this.profileEnd(candidate, 1)] }
  }

  /** Finds the end of an interval. @param direction -1 for its lower end, 1 for its upper end */
  private profileEnd(candidate: number, direction: -1 | 1): number {
    const middle = elementAt(this.best.strengths, candidate, 'strength')
    const allowedRoot = Math.sqrt(DROP * Math.max(1, elementAt(this.inflation, candidate - 1, 'variance')))
    let start = this.best.strengths
    // Returns by how much the root of the drop exceeds the allowed root. It is almost linear, so secants converge fast.
    const excess = (distance: number): number => {
      const strength = middle + direction * distance
      const fit = this.maximise(start.with(candidate, strength), candidate)
      start = fit.strengths
      return Math.sqrt(Math.max(0, 2 * (this.best.likelihood - fit.likelihood))) - allowedRoot
    }
    let near = { distance: 0, value: -allowedRoot }
    let far = { distance: 1, value: excess(1) }
    while (far.value < 0) {
      if (far.distance > MAX_DISTANCE) return direction < 0 ? 0 : 1
      near = far
      far = { distance: far.distance * 2, value: excess(far.distance * 2) }
    }
    const distance = falsePosition(excess, near, far)
    return logistic(middle + direction * distance)
  }

  /** Maximises the likelihood by Newton's method. @param fixed candidate whose strength stays as in `start` */
  private maximise(start: readonly number[], fixed?: number): Fit {
    // The strength of candidate 0, the reference, always stays 0.
    const free = start.flatMap((_, candidate) => (candidate === 0 || candidate === fixed ? [] : candidate))
    const strengths = [...start]
    for (let round = 1; ; round++) {
      const { likelihood, gradient, information } = slopes(this.counted, strengths, free)
      if (free.length === 0) return { strengths, likelihood }
      const step = new CholeskyDecomposition(information).solve(Matrix.columnVector(gradient)).to1DArray()
      const largest = Math.max(...step.map(Math.abs))
      const scale = Math.min(1, MAX_STEP / largest)
      for (const [row, candidate] of free.entries()) {
        strengths[candidate] = elementAt(strengths, candidate, 'strength') + scale * elementAt(step, row, 'step')
      }
      if (largest < STEP_TOLERANCE || round === MAX_ROUNDS) return { strengths, likelihood }
    }
  }

  /** Computes `inflation` from the variance of the strengths with clusters (sandwich estimator) and without. */
  private inflations(): number[] {
    const free = this.best.strengths.flatMap((_, candidate) => (candidate === 0 ? [] : candidate))
    const { information } = slopes(this.counted, this.best.strengths, free)
    const covariance = new CholeskyDecomposition(information).solve(Matrix.eye(free.length))
    const spread = Matrix.zeros(free.length, free.length)
    for (const prompt of this.prompts) {
      const gradient = Matrix.columnVector(slopes(prompt, this.best.strengths, free).gradient)
      spread.add(gradient.mmul(gradient.transpose()))
    }
    const { length } = this.prompts
    const clustered = covariance
      .mmul(spread)
      .mmul(covariance)
      .mul(length / Math.max(1, length - 1))
    return free.map((_, row) => clustered.get(row, row) / covariance.get(row, row))
  }
}

/**
 * Computes the log-likelihood of wins, and its derivatives by the free strengths.
 * @param free candidates whose strengths are estimated
 * @returns `gradient` as [free], and `information`, the negative second derivatives, as [free, free]
 */
function slopes(
  counted: readonly WinCounts[],
  strengths: readonly number[],
  free: readonly number[]
): { likelihood: number; gradient: number[]; information: Matrix } {
  const rows = new Map(free.map((candidate, row) => [candidate, row]))
  const gradient = free.map(() => 0)
  const information = Matrix.zeros(free.length, free.length)
  let likelihood = 0
  for (const { candidates, wins } of counted) {
    const candidateStrengths = candidates.map((candidate) => elementAt(strengths, candidate, 'strength'))
    const greatest = Math.max(...candidateStrengths)
    const weights = candidateStrengths.map((strength) => Math.exp(strength - greatest))
    const sum = weights.reduce((total, weight) => total + weight, 0)
    const count = wins.reduce((total, won) => total + won, 0)
    const freeRows = candidates.map((candidate) => rows.get(candidate))
    for (const [index, row] of freeRows.entries()) {
      const won = elementAt(wins, index, 'count of wins')
      const share = elementAt(weights, index, 'weight') / sum
      likelihood += won * (elementAt(candidateStrengths, index, 'strength') - greatest - Math.log(sum))
      if (row === undefined) continue
      gradient[row] = elementAt(gradient, row, 'slope') + won - count * share
      for (const [other, column] of freeRows.entries()) {
        if (column === undefined) continue
        const curvature = share * ((row === column ? 1 : 0) - elementAt(weights, other, 'weight') / sum)
        information.set(row, column, information.get(row, column) + count * curvature)
      }
    }
  }
  return { likelihood, gradient, information }
}

interface Point {
  readonly distance: number
  readonly value: number
}

/** Finds the zero of a function between a point with a negative and one with a positive value (Illinois method). */
function falsePosition(evaluate: (distance: number) => number, low: Point, high: Point): number {
  let [left, right] = [low, high]
  while (right.distance - left.distance > 1e-10 * right.distance) {
    const distance = (left.distance * right.value - right.distance * left.value) / (right.value - left.value)
    const value = evaluate(distance)
    if (Math.abs(value) < 1e-11) return distance
    if (value < 0)
      [left, right] = [
        { distance, value },
        { ...right, value: right.value / 2 }
      ]
    else
      [left, right] = [
        { ...left, value: left.value / 2 },
        { distance, value }
      ]
  }
  return right.distance
}

const logistic = (strength: number): number => 1 / (1 + Math.exp(-strength))

const candidatesKey = ({ candidates }: { candidates: readonly number[] }): string =>
  candidates.toSorted((a, b) => a - b).join(',')

const groupByCandidates = <Item extends { candidates: readonly number[] }>(items: readonly Item[]): Item[][] => [
  ...multimap(items.map((item) => [candidatesKey(item), item])).values()
]

/** Counts the wins on one prompt. Choices among the same candidates count together as one choice. */
function countPromptWins(choices: readonly PreferenceChoice[]): WinCounts[] {
  return groupByCandidates(choices).map((same) => {
    const candidates = elementAt(same, 0, 'choice').candidates.toSorted((a, b) => a - b)
    const parts = same.map(({ preferred }) =>
      candidates.map((candidate) => (preferred === null ? 1 / candidates.length : Number(candidate === preferred)))
    )
    return { candidates, wins: candidates.map((_, candidate) => total(parts, candidate) / same.length) }
  })
}

function sumWins(same: readonly WinCounts[]): WinCounts {
  const { candidates } = elementAt(same, 0, 'count')
  const parts = same.map(({ wins }) => wins)
  return { candidates, wins: candidates.map((_, candidate) => total(parts, candidate)) }
}

const total = (parts: readonly (readonly number[])[], candidate: number): number =>
  parts.reduce((sum, part) => sum + elementAt(part, candidate, 'count of wins'), 0)
