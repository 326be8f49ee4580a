import { elementAt } from '../../../contract/model/look-up'
import type { TruncatedBaseline } from '../../../contract/model/sampling-baseline'
import { standardDeviation } from './sampler'

/*
 * Indices below are not checked, because these loops go over the whole vocabulary. They stay within the arrays.
 */

/**
 * Computes probabilities of tokens under many cuts of one row, which is sorted once for all of them. Tokens that tie
 * with the last kept one are kept.
 *
 * @param logits [vocabulary]; not changed
 * @returns the probabilities of `tokens` for each baseline
 */
export function truncatedProbabilities(
  logits: Float32Array,
  baselines: readonly TruncatedBaseline[],
  tokens: readonly number[]
): Float64Array[] {
  const descending = logits.slice().sort().reverse()
  const greatest = elementAt(descending, 0, 'logit')
  const deviation = standardDeviation(logits)
  const sumsAt = new Map<number, Float64Array>()
  return baselines.map((baseline) => {
    const { temperature } = baseline
    const sums = sumsAt.get(temperature) ?? cumulativeWeights(descending, temperature)
    sumsAt.set(temperature, sums)
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

/** Sums the weights of the likeliest 1, 2, … tokens. The likeliest token has weight 1. */
function cumulativeWeights(descending: Float32Array, temperature: number): Float64Array {
  const sums = new Float64Array(descending.length)
  const greatest = elementAt(descending, 0, 'logit')
  let sum = 0
  for (let i = 0; i < sums.length; i++) {
    sum += Math.exp(((descending[i] ?? 0) - greatest) / temperature)
    sums[i] = sum
  }
  return sums
}

function keptCount(
  { kind, limit }: TruncatedBaseline,
  descending: Float32Array,
  sums: Float64Array,
  deviation: number
): number {
  const { length } = descending
  const least = limit * elementAt(sums, length - 1, 'sum of weights')
  const lowest = elementAt(descending, 0, 'logit') - limit * deviation
  const reached = (index: number): boolean =>
    kind === 'top-p' ? (sums[index] ?? 0) >= least : (descending[index + 1] ?? -Infinity) < lowest
  let count = kind === 'top-k' ? Math.min(limit, length) : firstIndex(length, reached) + 1
  while (count < length && descending[count] === descending[count - 1]) count++
  return count
}

/** Returns the first index below `length` at which a condition holds that then holds at all later ones. */
function firstIndex(length: number, holds: (index: number) => boolean): number {
  let [first, end] = [0, length - 1]
  while (first < end) {
    const middle = (first + end) >>> 1
    if (holds(middle)) end = middle
    else first = middle + 1
  }
  return first
}
