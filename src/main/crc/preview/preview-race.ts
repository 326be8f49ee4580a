import { errorFunction } from 'simple-statistics'
import type { CategoryScore } from '../../../contract/documents/crc'
import { elementAt } from '../../../contract/model/look-up'
import { NORMAL_QUANTILE, tQuantile } from '../../../contract/model/t-quantile'
import { mean as meanOf, sum } from '../../base/sums'

/** Weight, in degrees of freedom, of all candidates' mean spread when a candidate's own spread is estimated. */
const PRIOR_FREEDOM = 2

type Measure = keyof CategoryScore

/** Scores and prompts of a sweep that a race compares. */
interface RaceScores {
  /** Prompts of each category that decide the selection. */
  categories: readonly (readonly number[])[]
  /** Deciding prompts of each category that every candidate is scored on. */
  drawn: readonly (readonly number[])[]
  /** Index of post among the models. */
  post: number
  /** Index of base; null if base was not scored. */
  base: number | null
  /** Share of post's validity that a selected model must keep. */
  rho: number
  /** Returns an exact score. @throws Error if the model is not scored on the prompt */
  scoreOf: (model: number, prompt: number) => CategoryScore
}

/** An estimated mean over all prompts. */
export interface MeanEstimate {
  mean: number
  /** Standard error, widened so that 1.96 times it is half the width of Student's 95 % interval. 0 if exact. */
  spread: number
}

/** Expected benefit of scoring a candidate on all prompts. */
interface Prospect {
  /** Probability that the candidate would replace the leader. */
  chance: number
  /** Expected increase in diversity over the leader. */
  gain: number
}

/**
 * Estimates which candidate the selection rule would select if all candidates were scored on all prompts. The leader is
 * the candidate that it selects by the scores known so far.
 *
 * A candidate is compared on the drawn prompts with a reference that is scored on all prompts. The reference is the
 * leader, or post before there is a leader. Candidates differ most on prompts where the reference is far from post
 * (for post: where base is far from post). The difference d on a prompt is therefore modelled as b x + e. Here x is
 * that distance, known for all prompts, and b is fitted. The mean of d is b mean(x) + mean(e). The mean of x is over
 * all prompts, that of e over the drawn prompts (a regression estimate; Cochran 1977, 7.3).
 *
 * The standard error is that of drawing prompts of a category without replacement, computed from the spread of e.
 * A spread from few prompts is uncertain, so it is moderated by the spread of all candidates.
 * The prompts are chosen better than at random, so the error is too wide rather than too narrow.
 */
export class PreviewRace {
  /** Scores of the candidates that are scored on all prompts. */
  private readonly exact = new Map<number, CategoryScore>()
  private readonly means = new Map<number, CategoryScore>()

  constructor(
    private readonly scores: RaceScores,
    readonly candidates: readonly number[]
  ) {}

  /** Candidates that are scored on all prompts. */
  get finished(): number[] {
    return [...this.exact.keys()]
  }

  /** Records models that are now scored on all prompts. Models that are no candidates are ignored. */
  finish(models: readonly number[]): void {
    for (const model of models) if (this.candidates.includes(model)) this.exact.set(model, this.exactOf(model))
  }

  /** Returns the candidate that exact scores select, or expected scores before any is exact; null if none qualifies. */
  leader(): number | null {
    const post = this.exactOf(this.scores.post)
    const scores = this.exact.size === 0 ? this.expected() : this.exact
    let leader: number | null = null
    let greatest = post.diversity
    for (const [model, { validity, diversity }] of scores) {
      if (validity < this.scores.rho * post.validity || diversity <= greatest) continue
      leader = model
      greatest = diversity
    }
    return leader
  }

  /** Estimates the scores of every candidate. Exact scores have spread 0. */
  estimates(): Map<number, Record<Measure, MeanEstimate>> {
    const reference = this.reference()
    const referenceScore = this.exactOf(reference)
    const [validity, diversity] = [
      this.differences('validity', this.candidates, reference),
      this.differences('diversity', this.candidates, reference)
    ]
    const estimate = (exact: number | undefined, start: number, difference: MeanEstimate): MeanEstimate =>
      exact === undefined ? { mean: start + difference.mean, spread: difference.spread } : { mean: exact, spread: 0 }
    return new Map(
      this.candidates.map((model, index) => {
        const exact = this.exact.get(model)
        const estimates = {
          validity: estimate(exact?.validity, referenceScore.validity, elementAt(validity, index, 'candidate')),
          diversity: estimate(exact?.diversity, referenceScore.diversity, elementAt(diversity, index, 'candidate'))
        }
        return [model, estimates]
      })
    )
  }

  /** Returns the estimated means of every candidate. */
  expected(): Map<number, CategoryScore> {
    return new Map(
      Array.from(this.estimates(), ([model, { validity, diversity }]) => [
        model,
        { validity: validity.mean, diversity: diversity.mean }
      ])
    )
  }

  /** Estimates the benefit of each candidate that is not scored on all prompts yet. */
  prospects(): Map<number, Prospect> {
    const unfinished = this.candidates.filter((model) => !this.exact.has(model))
    const leader = this.leader()
    const reference = this.reference()
    const validityMargin = this.exactOf(reference).validity - this.scores.rho * this.exactOf(this.scores.post).validity
    const validity = this.differences('validity', unfinished, reference)
    const diversity = this.differences('diversity', unfinished, leader ?? this.scores.post)
    return new Map(
      unfinished.map((model, index) => {
        const validityDifference = elementAt(validity, index, 'candidate')
        const valid = probabilityAboveZero(validityDifference.mean + validityMargin, validityDifference.spread)
        const { mean, spread } = elementAt(diversity, index, 'candidate')
        const chance = model === leader ? valid : valid * probabilityAboveZero(mean, spread)
        return [model, { chance, gain: valid * expectedGain(mean, spread) }]
      })
    )
  }

  /** Returns the leader if any candidate is exact, and post otherwise. */
  private reference(): number {
    return this.exact.size === 0 ? this.scores.post : (this.leader() ?? this.scores.post)
  }

  /** Returns the mean score over all prompts of a model that is scored on them. */
  private exactOf(model: number): CategoryScore {
    const cached = this.means.get(model)
    if (cached !== undefined) return cached
    const mean = (measure: Measure): number =>
      meanOver(this.scores.categories, (prompt) => this.scores.scoreOf(model, prompt)[measure])
    const means = { validity: mean('validity'), diversity: mean('diversity') }
    this.means.set(model, means)
    return means
  }

  /**
   * Estimates the mean difference of each model from another model by the regression that the class describes. The
   * other model is scored on all prompts, or is expected to lead.
   */
  private differences(measure: Measure, models: readonly number[], other: number): MeanEstimate[] {
    const { categories, drawn, scoreOf } = this.scores
    const distance = this.distanceFromPost(measure, other)
    const meanDistance = meanOver(categories, distance)
    const fitted = models.map((model) => {
      const difference = (prompt: number): number => scoreOf(model, prompt)[measure] - scoreOf(other, prompt)[measure]
      const prompts = drawn.flat()
      const squares = sum(prompts.map((prompt) => distance(prompt) ** 2))
      const products = sum(prompts.map((prompt) => difference(prompt) * distance(prompt)))
      const slope = squares === 0 ? 0 : products / squares
      const residual = (prompt: number): number => difference(prompt) - slope * distance(prompt)
      return {
        slope,
        mean: slope * meanDistance + meanOver(drawn, residual),
        variances: drawn.map((categoryPrompts) => varianceOf(categoryPrompts.map(residual)))
      }
    })
    const priors = drawn.map(({ length }, category) =>
      length === 1 ? null : meanOf(fitted.map(({ variances }) => elementAt(variances, category, 'category')))
    )
    const distanceVariances = categories.map((prompts) => varianceOf(prompts.map(distance)))
    // A spread cannot be computed from one prompt. The residual is then assumed to vary as much as the explained part.
    const priorOf = (slope: number, category: number): number => {
      const shared = elementAt(priors, category, 'category')
      return shared === null ? slope ** 2 * elementAt(distanceVariances, category, 'category') : shared
    }
    const freedom = PRIOR_FREEDOM + sum(drawn.map(({ length }) => length - 1))
    return fitted.map(({ slope, mean, variances }) => {
      const parts = drawn.map(({ length }, category) => {
        const categoryFreedom = length - 1
        const pooledVariance =
          (PRIOR_FREEDOM * priorOf(slope, category) + categoryFreedom * elementAt(variances, category, 'category')) /
          (PRIOR_FREEDOM + categoryFreedom)
        const undrawnShare = 1 - length / elementAt(categories, category, 'category').length
        return (undrawnShare * pooledVariance) / length
      })
      const error = Math.sqrt(sum(parts)) / drawn.length
      return { mean, spread: (error * tQuantile(freedom)) / NORMAL_QUANTILE }
    })
  }

  /** Returns x of the class comment: the distance from post by prompt, of the reference or, for post, of base. */
  private distanceFromPost(measure: Measure, reference: number): (prompt: number) => number {
    const { post, base, scoreOf } = this.scores
    const model = reference === post || !this.exact.has(reference) ? base : reference
    return model === null ? () => 0 : (prompt) => scoreOf(model, prompt)[measure] - scoreOf(post, prompt)[measure]
  }
}

/** Averages over the prompts of each category, then over categories. */
function meanOver(categories: readonly (readonly number[])[], valueOf: (prompt: number) => number): number {
  return meanOf(categories.map((prompts) => meanOf(prompts.map(valueOf))))
}

/** Returns the expected value of max(0, x) for a normal x. */
function expectedGain(mean: number, spread: number): number {
  const density = Math.exp(-((mean / spread) ** 2) / 2) / Math.sqrt(2 * Math.PI)
  return spread === 0 ? Math.max(0, mean) : mean * probabilityAboveZero(mean, spread) + spread * density
}

function probabilityAboveZero(mean: number, spread: number): number {
  return spread === 0 ? Number(mean > 0) : (1 + errorFunction(mean / spread / Math.SQRT2)) / 2
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values)
  return sum(values.map((value) => (value - mean) ** 2)) / Math.max(1, values.length - 1)
}
