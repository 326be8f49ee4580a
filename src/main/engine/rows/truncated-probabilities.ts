import { elementAt, mapGet } from '../../../contract/model/look-up'
import type { TruncatedBaseline } from '../../../contract/model/sampling-baseline'
import { standardDeviation } from './sampler'
import { sortDescending } from './sort-descending'

/* Indices below are not checked, because these loops go over the whole vocabulary. They stay within the arrays. */

/**
 * Computes the probabilities of some tokens after each baseline has removed unlikely tokens (top-k, top-p or
 * top-n-sigma). Tokens that are as likely as the last remaining token are kept too.
 *
 * @param logits of one row, for the whole vocabulary
 * @returns one list of probabilities per baseline, in the order of `tokens`
 */
export function truncatedProbabilities(
  logits: Float32Array,
  baselines: readonly TruncatedBaseline[],
  tokens: readonly number[]
): Float64Array[] {
  const descending = sortDescending(logits)
  const greatest = elementAt(descending, 0, 'logit')
  const deviation = standardDeviation(logits)
  const sumsAt = cumulativeWeights(descending, new Set(baselines.map(({ temperature }) => temperature)))
  return baselines.map((baseline) => {
    const { temperature } = baseline
    const sums = mapGet(sumsAt, temperature, 'temperature')
    const count = keptCount(baseline, descending, sums, deviation)
    const lowest = elementAt(descending, count - 1, 'logit')
    const total = elementAt(sums, count - 1, 'sum of weights')
    return Float64Array.from(tokens, (token) => {
      const logit = elementAt(logits, token, 'logit')
      if (logit < lowest) return 0
      return Math.exp((logit - greatest) / temperature) / total
    })
  })
}

/** Returns, for each temperature, the sums of weights of the likeliest 1, 2, … tokens. The likeliest has weight 1. */
function cumulativeWeights(descending: Float32Array, temperatures: ReadonlySet<number>): Map<number, Float64Array> {
  const weightsAt = new Map<number, Float64Array>()
  for (const temperature of [...temperatures].sort((a, b) => b - a)) {
    // Weights at a temperature are the squares of weights at twice the temperature. Squares are faster than exp.
    const atDouble = weightsAt.get(2 * temperature)
    weightsAt.set(temperature, atDouble === undefined ? weightsOf(descending, temperature) : squaresOf(atDouble))
  }
  for (const weights of weightsAt.values()) accumulate(weights)
  return weightsAt
}

function weightsOf(descending: Float32Array, temperature: number): Float64Array {
  const weights = new Float64Array(descending.length)
  const greatest = elementAt(descending, 0, 'logit')
  for (let i = 0; i < weights.length; i++) {
    weights[i] = Math.exp(((descending[i] ?? 0) - greatest) / temperature)
  }
  return weights
}

function squaresOf(values: Float64Array): Float64Array {
  const squares = new Float64Array(values.length)
  for (let i = 0; i < squares.length; i++) {
    const value = values[i] ?? 0
    squares[i] = value * value
  }
  return squares
}

function accumulate(values: Float64Array): void {
  let sum = 0
  for (let i = 0; i < values.length; i++) values[i] = sum += values[i] ?? 0
}

/** Returns the number of likeliest tokens that a baseline keeps. @param deviation standard deviation of the logits */
function keptCount(
  { kind, limit }: TruncatedBaseline,
  descending: Float32Array,
  sums: Float64Array,
  deviation: number
): number {
  const { length } = descending
  const minSum = limit * elementAt(sums, length - 1, 'sum of weights')
  const lowest = elementAt(descending, 0, 'logit') - limit * deviation
  const reached = (index: number): boolean =>
    kind === 'top-p' ? (sums[index] ?? 0) >= minSum : (descending[index + 1] ?? -Infinity) < lowest
  let count = kind === 'top-k' ? Math.min(limit, length) : firstIndex(length, reached) + 1
  while (count < length && descending[count] === descending[count - 1]) count++
  return count
}

/**
 * Returns the first index at which a condition holds, by bisection. The condition must then hold at all later indices.
 */
function firstIndex(length: number, holds: (index: number) => boolean): number {
  let [first, end] = [0, length - 1]
  while (first < end) {
    const middle = (first + end) >>> 1
    if (holds(middle)) end = middle
    else first = middle + 1
  }
  return first
}
