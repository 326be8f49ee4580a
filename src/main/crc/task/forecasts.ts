import type { CrcPrompt, PromptScore, Score } from '../../../contract/documents/crc'
import { elementAt } from '../../../contract/model/look-up'
import { multimap } from '../../../contract/model/multimap'
import { mean, sum } from '../../base/sums'

/** Probability of unlisted answers below which it counts as rounding of float32 sums. */
const ROUNDING = 1e-6
const BINS = 10

/** Computes the KL divergence from base in nats over listed and other answers; Infinity if base never gives one. */
export function divergence(model: readonly number[], base: readonly number[]): number {
  const terms = [...model, unlisted(model)].map((p, index) => {
    const q = index < base.length ? elementAt(base, index, 'answer') : unlisted(base)
    return p === 0 ? 0 : p * Math.log(p / q)
  })
  return Math.max(0, sum(terms))
}

function unlisted(probabilities: readonly number[]): number {
  const probability = 1 - sum(probabilities)
  return probability < ROUNDING ? 0 : probability
}

/**
 * Computes the expected calibration error (Naeini, Cooper and Hauskrecht 2015) of forecasts of a fair draw, in ten
 * equal bins. Each of n listed answers occurs with frequency 1 / n, and prompts have equal weight.
 */
export function calibrationError(prompts: readonly (readonly number[])[]): number {
  const forecasts = prompts.flatMap((probabilities) =>
    probabilities.map((probability) => ({ probability, fair: 1 / probabilities.length }))
  )
  const bins = multimap(
    forecasts.map((forecast) => [Math.min(BINS - 1, Math.floor(forecast.probability * BINS)), forecast])
  )
  const gaps = [...bins.values()].map((bin) =>
    Math.abs(sum(bin.map(({ probability, fair }) => fair * (probability - fair))))
  )
  return sum(gaps) / prompts.length
}

/** Computes both measures of a model. @param base undefined if not scored @param isFair true for random answers */
export function forecastMeasures(
  prompts: readonly Pick<CrcPrompt, 'category'>[],
  scores: readonly PromptScore[],
  base: readonly PromptScore[] | undefined,
  isFair: boolean
): Pick<Score, 'klToBase' | 'calibrationError'> {
  const byCategory = [
    ...multimap(scores.map((_, index) => [elementAt(prompts, index, 'prompt').category, index])).values()
  ]
  const meanOf = (valueOf: (indices: number[]) => number): number => mean(byCategory.map(valueOf))
  const probabilitiesOf = (of: readonly PromptScore[], index: number): readonly number[] =>
    elementAt(of, index, 'score').probabilities
  const kl =
    base === undefined
      ? undefined
      : meanOf((indices) =>
          mean(indices.map((index) => divergence(probabilitiesOf(scores, index), probabilitiesOf(base, index))))
        )
  return {
    ...(kl === undefined ? {} : { klToBase: Number.isFinite(kl) ? kl : null }),
    ...(isFair
      ? {
          calibrationError: meanOf((indices) =>
            calibrationError(indices.map((index) => probabilitiesOf(scores, index)))
          )
        }
      : {})
  }
}
