import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import type { Interval } from '../../contract/documents/crc'
import { FEWEST_PROMPTS } from '../../contract/documents/evaluation'
import { elementAt, mapGet } from '../../contract/model/look-up'
import { multimap } from '../../contract/model/multimap'

/** One comparison: of some candidates one was preferred, or none was. */
export interface Choice {
  readonly prompt: number
  /** Candidates by number, each once. */
  readonly among: readonly number[]
  /** Null: a tie of all of them. */
  readonly preferred: number | null
}

/** How often a candidate would be preferred to another if these two alone were compared. */
export interface PreferredTo {
  /** 0 to 1. */
  chance: number
  /** 95 %, over prompts; null below FEWEST_PROMPTS of them. */
  interval: Interval | null
}

/** Choices among the same candidates, counted; shares of a win are wins in part. */
interface Counted {
  readonly among: readonly number[]
  /** Parallel to `among`. */
  readonly wins: readonly number[]
}

interface Fit {
  /** The logarithm of each candidate's strength; 0 for the reference. */
  readonly strengths: readonly number[]
  readonly likelihood: number
}

/** Newton's method ends where it moves no strength by more. */
const SETTLED = 1e-11
/** A step of it is cut to this, so that it cannot leave the region in which it converges. */
const LONGEST_STEP = 2
/** It needs about ten rounds; rounding may keep a step just above SETTLED for ever. */
const MOST_ROUNDS = 100
/** How far twice the log-likelihood may drop: the 0.95 quantile of chi-square with one degree of freedom. */
const DROP = 3.841458820694124
/** Strengths farther out are not looked for: a chance of 1 in 10^13. */
const FARTHEST = 30

/**
 * Chances from Bradley-Terry strengths (1952), for more than two candidates at once by Luce's axiom (1959): of candidates S, i
 * is preferred with probability exp(s_i) / sum over S of exp(s).
 * - A tie is an equal part of a win for each of its candidates: half a win where there are two.
 * - Comparisons of the same candidates on one prompt count as one together.
 * - One tie of all candidates is added, worth half a win to each, which keeps strengths finite where somebody always won. For
 *   two candidates, or choices among all, that is Jeffreys's prior, and the estimate Firth's (1993).
 * - The interval is where the profile of this likelihood has not dropped too far, the drop scaled by the variance clustered over
 *   prompts against the one that takes comparisons for independent, where that is larger (Pace, Salvan and Sartori 2011).
 *
 * @param count of candidates
 * @param reference the candidate that the others are compared with
 * @returns for each candidate; null for the reference, and for all where it or the candidate was in no comparison
 */
export function preferredTo(
  choices: readonly Choice[],
  count: number,
  reference: number
): (PreferredTo | null)[] {
  const compared = [...new Set(choices.flatMap(({ among }) => among))].sort((a, b) => a - b)
  const found = Array.from({ length: count }, (): PreferredTo | null => null)
  if (!compared.includes(reference)) return found
  // The reference comes first; who was never compared takes no part, not even in the tie that is added.
  const placed = [reference, ...compared.filter((candidate) => candidate !== reference)]
  const places = new Map(placed.map((candidate, place) => [candidate, place]))
  const place = (candidate: number): number => mapGet(places, candidate, 'candidate')
  const model = new ChoiceModel(
    choices.map(({ prompt, among, preferred }) => ({
      prompt,
      among: among.map(place),
      preferred: preferred === null ? null : place(preferred)
    })),
    placed.length
  )
  for (const [index, candidate] of placed.entries()) {
    if (index > 0) found[candidate] = model.preferredToFirst(index)
  }
  return found
}

/** The likelihood of choices, candidate 0 being the one that others are compared with. */
class ChoiceModel {
  private readonly prompts: readonly (readonly Counted[])[]
  private readonly counted: readonly Counted[]
  private readonly best: Fit
  /** Of each candidate behind the first: its variance clustered over prompts, as a multiple of the one without. */
  private readonly inflation: readonly number[]

  constructor(choices: readonly Choice[], size: number) {
    this.prompts = [...multimap(choices.map((choice) => [choice.prompt, choice])).values()].map(countedOnce)
    const everyone = Array.from({ length: size }, (_, place) => place)
    const added = { among: everyone, wins: everyone.map(() => 0.5) }
    this.counted = bySet([...this.prompts.flat(), added]).map(summed)
    this.best = this.maximise(everyone.map(() => 0))
    this.inflation = this.inflations()
  }

  preferredToFirst(place: number): PreferredTo {
    const chance = logistic(elementAt(this.best.strengths, place, 'strength'))
    if (this.prompts.length < FEWEST_PROMPTS) return { chance, interval: null }
    return { chance, interval: [this.profileEnd(place, -1), this.profileEnd(place, 1)] }
  }

  /** The chance at which the likelihood, all other strengths at their best for it, has dropped too far. */
  private profileEnd(place: number, direction: -1 | 1): number {
    const middle = elementAt(this.best.strengths, place, 'strength')
    const furthest = Math.sqrt(DROP * Math.max(1, elementAt(this.inflation, place - 1, 'variance')))
    let from = this.best.strengths
    // The root of the drop is close to a straight line, which the secants below find in a few steps.
    const beyond = (distance: number): number => {
      const strength = middle + direction * distance
      const fit = this.maximise(from.with(place, strength), place)
      from = fit.strengths
      return Math.sqrt(Math.max(0, 2 * (this.best.likelihood - fit.likelihood))) - furthest
    }
    let near = { distance: 0, value: -furthest }
    let far = { distance: 1, value: beyond(1) }
    while (far.value < 0) {
      if (far.distance > FARTHEST) return direction < 0 ? 0 : 1
      near = far
      far = { distance: far.distance * 2, value: beyond(far.distance * 2) }
    }
    const distance = falsePosition(beyond, near, far)
    return logistic(middle + direction * distance)
  }

  /** @param held besides the first candidate, one whose strength stays as it is */
  private maximise(start: readonly number[], held?: number): Fit {
    const free = start.flatMap((_, place) => (place === 0 || place === held ? [] : place))
    const strengths = [...start]
    for (let round = 1; ; round++) {
      const { likelihood, gradient, information } = slopes(this.counted, strengths, free)
      if (free.length === 0) return { strengths, likelihood }
      const step = new CholeskyDecomposition(information).solve(Matrix.columnVector(gradient)).to1DArray()
      const length = Math.max(...step.map(Math.abs))
      const cut = Math.min(1, LONGEST_STEP / length)
      for (const [row, place] of free.entries()) {
        strengths[place] = elementAt(strengths, place, 'strength') + cut * elementAt(step, row, 'step')
      }
      if (length < SETTLED || round === MOST_ROUNDS) return { strengths, likelihood }
    }
  }

  private inflations(): number[] {
    const free = this.best.strengths.flatMap((_, place) => (place === 0 ? [] : place))
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

/** The log-likelihood, and its first and second derivatives by the free strengths (the second with their sign changed). */
function slopes(
  counted: readonly Counted[],
  strengths: readonly number[],
  free: readonly number[]
): { likelihood: number; gradient: number[]; information: Matrix } {
  const rows = new Map(free.map((place, row) => [place, row]))
  const gradient = free.map(() => 0)
  const information = Matrix.zeros(free.length, free.length)
  let likelihood = 0
  for (const { among, wins } of counted) {
    const own = among.map((place) => elementAt(strengths, place, 'strength'))
    const greatest = Math.max(...own)
    const weights = own.map((strength) => Math.exp(strength - greatest))
    const sum = weights.reduce((total, weight) => total + weight, 0)
    const count = wins.reduce((total, won) => total + won, 0)
    const inFree = among.map((place) => rows.get(place))
    for (const [index, row] of inFree.entries()) {
      const won = elementAt(wins, index, 'count of wins')
      const share = elementAt(weights, index, 'weight') / sum
      likelihood += won * (elementAt(own, index, 'strength') - greatest - Math.log(sum))
      if (row === undefined) continue
      gradient[row] = elementAt(gradient, row, 'slope') + won - count * share
      for (const [other, column] of inFree.entries()) {
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

/** Where a function between two points of different sign is zero (Illinois: a point that stays loses half of its weight). */
function falsePosition(of: (distance: number) => number, low: Point, high: Point): number {
  let [left, right] = [low, high]
  while (right.distance - left.distance > 1e-10 * right.distance) {
    const distance = (left.distance * right.value - right.distance * left.value) / (right.value - left.value)
    const value = of(distance)
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

const setKey = ({ among }: { among: readonly number[] }): string => among.toSorted((a, b) => a - b).join(',')

/** Those among the same candidates together. */
const bySet = <Item extends { among: readonly number[] }>(items: readonly Item[]): Item[][] => [
  ...multimap(items.map((item) => [setKey(item), item])).values()
]

/** The choices on one prompt, those among the same candidates as one together. */
function countedOnce(choices: readonly Choice[]): Counted[] {
  return bySet(choices).map((same) => {
    const among = elementAt(same, 0, 'choice').among.toSorted((a, b) => a - b)
    const parts = same.map(({ preferred }) =>
      among.map((candidate) => (preferred === null ? 1 / among.length : Number(candidate === preferred)))
    )
    return { among, wins: among.map((_, place) => total(parts, place) / same.length) }
  })
}

/** Counts of the same candidates as one. */
function summed(same: readonly Counted[]): Counted {
  const { among } = elementAt(same, 0, 'count')
  const parts = same.map(({ wins }) => wins)
  return { among, wins: among.map((_, place) => total(parts, place)) }
}

const total = (parts: readonly (readonly number[])[], place: number): number =>
  parts.reduce((sum, part) => sum + elementAt(part, place, 'count of wins'), 0)
