import type { CrcPrompt, PromptScore, Score } from '../../../contract/documents/crc'
import { elementAt } from '../../../contract/model/look-up'
import { multimap } from '../../../contract/model/multimap'
import { mean, sum } from '../../base/sums'

/*
 * Measures that take a model's answer distribution as a forecast: its divergence from base's distribution, and its
 * calibration against a fair draw.
 */

/** A smaller probability of unlisted answers counts as rounding of float32 sums, and becomes 0. */
const ROUNDING = 1e-6
/** Number of equal bins from 0 to 1 for the calibration error. */
const BINS = 10

/**
 * Computes the KL divergence of a model from base, in nats, over the listed answers and one class of all other answers.
 * @param model probability of each listed answer
 * @returns Infinity if the model gives an answer that base never gives
 */
export function divergence(model: readonly number[], base: readonly number[]): number {
  const terms = [...model, unlisted(model)].map((p, index) => {
    const q = index < base.length ? elementAt(base, index, 'answer') : unlisted(base)
    return p === 0 ? 0 : p * Math.log(p / q)
  })
  return Math.max(0, sum(terms))
}

/** Returns the probability of all answers that are not listed. */
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

/**
 * Computes both measures of a model, averaged over prompts and then over categories.
 * @param base scores of base; undefined if base was not scored, which omits the divergence.
 * @param isFair true if prompts ask for a random answer; otherwise the calibration error is omitted
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
  const measures: Pick<Score, 'klToBase' | 'calibrationError'> = {}
  if (base !== undefined) {
    const kl = meanOf((indices) =>
      mean(indices.map((index) => divergence(probabilitiesOf(scores, index), probabilitiesOf(base, index))))
    )
    measures.klToBase = Number.isFinite(kl) ? kl : null
  }
  if (isFair) {
    measures.calibrationError = meanOf((indices) =>
      calibrationError(indices.map((index) => probabilitiesOf(scores, index)))
    )
  }
  return measures
}
