import { uniformInt } from 'pure-rand/distribution/uniformInt'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { elementAt } from './look-up'

/** Number of resamples of the prompts. */
export const RESAMPLES = 1_000
/** Level of all intervals. */
export const CONFIDENCE = 0.95
/** Default seed of resampling. It is fixed, so that intervals are reproducible. */
export const DEFAULT_SEED = 1

/** Draws as many prompts of each category as it has, with replacement. */
export function drawPrompts(random: RandomGenerator, categories: readonly (readonly number[])[]): number[][] {
  return categories.map((indices) =>
    indices.map(() => elementAt(indices, uniformInt(random, 0, indices.length - 1), 'prompt'))
  )
}

/** Returns the middle 95 % of the values. */
export function interval(values: Float64Array): [number, number] {
  const sorted = values.toSorted()
  return [quantile(sorted, (1 - CONFIDENCE) / 2), quantile(sorted, (1 + CONFIDENCE) / 2)]
}

function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1)
  const below = elementAt(sorted, Math.floor(position), 'value')
  const above = elementAt(sorted, Math.ceil(position), 'value')
  return below + (above - below) * (position - Math.floor(position))
}
