import type { CrcPrompt, PromptScore, Score } from '../../../contract/documents/crc'
import { elementAt } from '../../../contract/model/look-up'
import { multimap } from '../../../contract/model/multimap'
import { mean, sum } from '../../base/sums'

/** Probability of unlisted answers below which it counts as rounding of float32 sums. */
const ROUNDING = 1e-6
const BINS = 10

/**
 * Computes the Kullback-Leibler divergence of a model from base, in nats, over the listed answers of a prompt and all
 * other answers together.
 *
 * @returns Infinity if base never gives an answer that the model gives
 */
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
 * Computes the expected calibration error of a model's probabilities as forecasts of a fair draw (Naeini, Cooper and
 * Hauskrecht 2015). Each listed answer to a prompt of n answers occurs with frequency 1 / n. Forecasts lie in ten bins
 * of equal width, and every prompt has the same weight.
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

/**
 * Computes both measures of a model of a sweep. Means go over the prompts of a category, then over categories.
 *
 * @param base scores of base; undefined if base is not scored
 * @param isFair true if the prompts ask for a random answer
 */
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
          mean(
            indices.map((index) => divergence(probabilitiesOf(scores, index), probabilitiesOf(base, index)))
          )
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
