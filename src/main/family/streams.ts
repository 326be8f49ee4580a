import type { ConfigReader } from './config-reader'

/**
 * Gemma 3n's rows with several hidden states, here called streams (AltUp, arXiv 2301.13310): layers compute the first
 * state and predict all others. LAuReL (arXiv 2411.07501) is a low-rank path beside attention.
 */
export interface Streams {
  /** Hidden states of a row. */
  readonly count: number
  /** True if the state that meets a layer's input is multiplied by stored numbers. */
  readonly isScaled: boolean
  /** Inner size of the path beside attention. */
  readonly rank: number
}

export function readStreams(reader: ConfigReader): Streams {
  return {
    count: reader.count('altup_num_inputs', 2),
    isScaled: reader.flag('altup_correct_scale', true),
    rank: reader.count('laurel_rank')
  }
}

/**
 * Reads each layer's share of gates that are zero. It is converted to a limit in standard deviations above the mean, as
 * for a normal distribution. Null if the share is 0.
 */
export function readGateCutoffs(reader: ConfigReader, key: string, layerCount: number): (number | null)[] {
  const shares = reader.value(key) ?? defaultShares(layerCount)
  const isShare = (share: unknown): share is number => typeof share === 'number' && share >= 0 && share < 1
  if (!Array.isArray(shares) || shares.length !== layerCount || !shares.every(isShare))
    throw reader.bad(key, `${layerCount} numbers from 0 to below 1, one per layer`)
  return shares.map((share) => (share === 0 ? null : normalQuantile(share)))
}

/** Gives the class default: 0.95 in the first ten layers of models with more. */
function defaultShares(layerCount: number): number[] {
  return Array.from({ length: layerCount }, (_, layer) => (layerCount > 10 && layer < 10 ? 0.95 : 0))
}

/**
 * Inverts the cumulative normal distribution by Newton's method. Steps from 0 never overshoot,
 * because the function is concave above 0. The inner loop sums the function's power series.
 */
function normalQuantile(share: number): number {
  if (share < 0.5) return -normalQuantile(1 - share)
  let quantile = 0
  for (let step = 0; step < 60; step++) {
    const density = Math.exp(-(quantile ** 2) / 2) / Math.sqrt(2 * Math.PI)
    let term = quantile
    let sum = 0
    for (let odd = 3; sum + term !== sum; odd += 2) {
      sum += term
      term *= quantile ** 2 / odd
    }
    quantile += (share - 0.5) / density - sum
  }
  return quantile
}
