import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import type { Interval } from '../../contract/documents/crc'
import { FEWEST_PROMPTS } from '../../contract/documents/evaluation'
import { elementAt, mapGet } from '../../contract/model/look-up'
import { multimap } from '../../contract/model/multimap'

export interface Choice {
  readonly prompt: number
  /** Numbers of the candidates, without repetition. */
  readonly candidates: readonly number[]
  readonly preferred: number | null
}

export interface PreferredTo {
  chance: number
  interval: Interval | null
}

/** Wins among the same candidates; a tie gives each candidate an equal share of a win. */
interface WinCounts {
  readonly candidates: readonly number[]
  readonly wins: readonly number[]
}

interface Fit {
  /** The logarithm of each candidate's strength; 0 for the reference. */
  readonly strengths: readonly number[]
  readonly likelihood: number
}

/** Newton's method ends when no strength moves by more. */
const STEP_TOLERANCE = 1e-11
/** Largest step of Newton's method. Larger steps may leave the region in which it converges. */
const MAX_STEP = 2
/** Newton's method needs about ten rounds; rounding may keep its step above the tolerance forever. */
const MAX_ROUNDS = 100
/** Allowed drop of twice the log-likelihood: the 0.95 quantile of chi-square with one degree of freedom. */
const DROP = 3.841458820694124
/** Largest log strength that is searched, a probability of 1 in 10^13. */
const MAX_DISTANCE = 30

/**
 * Computes probabilities from Bradley-Terry strengths (1952). More than two candidates follow Luce's axiom
 * (1959): of candidates S, i is preferred with probability exp(s_i) / sum over S of exp(s).
 * - A tie counts as an equal share of a win for each of its candidates: half a win with two.
 * - Comparisons of the same candidates on one prompt count together as one.
 * - One tie of all candidates is added, worth half a win to each, which keeps strengths finite if a candidate
 * always won. For two candidates, or choices among all, this is Jeffreys's prior, and the estimate is Firth's
 * (1993).
 * - The interval is where the profile likelihood has not dropped too far. The drop is scaled by the variance
 * clustered over prompts relative to the variance of independent comparisons. It is so if that ratio exceeds 1 (Pace,
 * Salvan and Sartori 2011).
 *
 * @param count of candidates.
 * @param reference the candidate that the others are compared with.
 * @returns for each candidate; null for the reference, and if the reference or the candidate was never
 * compared
 */
export function preferredTo(choices: readonly Choice[], count: number, reference: number): (PreferredTo | null)[] {
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

/** The likelihood of choices. Candidate 0 is the reference. */
class ChoiceModel {
  private readonly prompts: readonly (readonly WinCounts[])[]
  private readonly counted: readonly WinCounts[]
  private readonly best: Fit
  /** Variance clustered over prompts, as a multiple of the variance without clusters. */
  private readonly inflation: readonly number[]

  constructor(choices: readonly Choice[], size: number) {
    this.prompts = [...multimap(choices.map((choice) => [choice.prompt, choice])).values()].map(countedOnce)
    const everyone = Array.from({ length: size }, (_, candidate) => candidate)
    const added = { candidates: everyone, wins: everyone.map(() => 0.5) }
    this.counted = bySet([...this.prompts.flat(), added]).map(summed)
    this.best = this.maximise(everyone.map(() => 0))
    this.inflation = this.inflations()
  }

  preferredToFirst(candidate: number): PreferredTo {
    const chance = logistic(elementAt(this.best.strengths, candidate, 'strength'))
    if (this.prompts.length < FEWEST_PROMPTS) return { chance, interval: null }
    return { chance, interval: [this.profileEnd(candidate, -1), this.profileEnd(candidate, 1)] }
  }

  /** Finds the probability at which the profile likelihood has dropped too far. */
  private profileEnd(candidate: number, direction: -1 | 1): number {
    const middle = elementAt(this.best.strengths, candidate, 'strength')
    const furthest = Math.sqrt(DROP * Math.max(1, elementAt(this.inflation, candidate - 1, 'variance')))
    let from = this.best.strengths
    // The root of the drop is almost a straight line, so the secants below converge in a few steps.
    const beyond = (distance: number): number => {
      const strength = middle + direction * distance
      const fit = this.maximise(from.with(candidate, strength), candidate)
      from = fit.strengths
      return Math.sqrt(Math.max(0, 2 * (this.best.likelihood - fit.likelihood))) - furthest
    }
    let near = { distance: 0, value: -furthest }
    let far = { distance: 1, value: beyond(1) }
    while (far.value < 0) {
      if (far.distance > MAX_DISTANCE) return direction < 0 ? 0 : 1
      near = far
      far = { distance: far.distance * 2, value: beyond(far.distance * 2) }
    }
    const distance = falsePosition(beyond, near, far)
    return logistic(middle + direction * distance)
  }

  /** Maximises the likelihood. @param fixed a candidate whose strength stays unchanged, besides the first */
  private maximise(start: readonly number[], fixed?: number): Fit {
    const free = start.flatMap((_, candidate) => (candidate === 0 || candidate === fixed ? [] : candidate))
    const strengths = [...start]
    for (let round = 1; ; round++) {
      const { likelihood, gradient, information } = slopes(this.counted, strengths, free)
      if (free.length === 0) return { strengths, likelihood }
      const step = new CholeskyDecomposition(information).solve(Matrix.columnVector(gradient)).to1DArray()
      const length = Math.max(...step.map(Math.abs))
      const cut = Math.min(1, MAX_STEP / length)
      for (const [row, candidate] of free.entries()) {
        strengths[candidate] = elementAt(strengths, candidate, 'strength') + cut * elementAt(step, row, 'step')
      }
      if (length < STEP_TOLERANCE || round === MAX_ROUNDS) return { strengths, likelihood }
    }
  }

  private inflations(): number[] {
    const free = this.best.strengths.flatMap((_, candidate) => (candidate === 0 ? [] : candidate))
    const { information } = slopes(this.counted, this.best.strengths, free)
    const plain = new CholeskyDecomposition(information).solve(Matrix.eye(free.length))
    const spread = Matrix.zeros(free.length, free.length)
    for (const prompt of this.prompts) {
      const gradient = Matrix.columnVector(slopes(prompt, this.best.strengths, free).gradient)
      spread.add(gradient.mmul(gradient.transpose()))
    }
    const { length } = this.prompts
    const clustered = plain
      .mmul(spread)
      .mmul(plain)
      .mul(length / Math.max(1, length - 1))
    return free.map((_, row) => clustered.get(row, row) / plain.get(row, row))
  }
}

/** Computes the log-likelihood with its gradient and negative second derivatives by the free strengths. */
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
        const both = share * ((row === column ? 1 : 0) - elementAt(weights, other, 'weight') / sum)
        information.set(row, column, information.get(row, column) + count * both)
      }
    }
  }
  return { likelihood, gradient, information }
}

interface Point {
  readonly distance: number
  readonly value: number
}

/** Finds the zero of a function between points of different sign (Illinois method). */
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

const setKey = ({ candidates }: { candidates: readonly number[] }): string =>
  candidates.toSorted((a, b) => a - b).join(',')

/** Groups items with the same candidates. */
const bySet = <Item extends { candidates: readonly number[] }>(items: readonly Item[]): Item[][] => [
  ...multimap(items.map((item) => [setKey(item), item])).values()
]

function countedOnce(choices: readonly Choice[]): WinCounts[] {
  return bySet(choices).map((same) => {
    const candidates = elementAt(same, 0, 'choice').candidates.toSorted((a, b) => a - b)
    const parts = same.map(({ preferred }) =>
      candidates.map((candidate) => (preferred === null ? 1 / candidates.length : Number(candidate === preferred)))
    )
    return { candidates, wins: candidates.map((_, candidate) => total(parts, candidate) / same.length) }
  })
}

function summed(same: readonly WinCounts[]): WinCounts {
  const { candidates } = elementAt(same, 0, 'count')
  const parts = same.map(({ wins }) => wins)
  return { candidates, wins: candidates.map((_, candidate) => total(parts, candidate)) }
}

const total = (parts: readonly (readonly number[])[], candidate: number): number =>
  parts.reduce((sum, part) => sum + elementAt(part, candidate, 'count of wins'), 0)
