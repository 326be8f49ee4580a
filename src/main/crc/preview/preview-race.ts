import { errorFunction } from 'simple-statistics'
import type { CategoryScore } from '../../../contract/documents/crc'
import { at } from '../../../contract/model/look-up'
import { NORMAL_QUANTILE, tQuantile } from '../../../contract/model/t-quantile'
import { mean as meanOf, sum } from '../../base/sums'

/** How many degrees of freedom the spread that all candidates share counts for beside a candidate's own. */
const PRIOR_FREEDOM = 2

type Measure = keyof CategoryScore

/** What of a sweep a race goes over. */
export interface RaceScores {
  /** Of each category the prompts that decide. */
  categories: readonly (readonly number[])[]
  /** Those of them that every candidate is scored on. */
  drawn: readonly (readonly number[])[]
  post: number
  /** Null where it was not scored. */
  base: number | null
  rho: number
  /** @throws Error where it is not scored */
  scoreOf: (model: number, prompt: number) => CategoryScore
}

/** What is thought of a mean over all prompts that decide. */
export interface Estimate {
  mean: number
  /** Its standard error, widened so that 1.96 of it are Student's 95 %. */
  spread: number
}

/** What scoring a candidate on all prompts may bring. */
export interface Prospect {
  /** How likely it would be taken instead of the leader. */
  chance: number
  /** How much more diverse than the leader what is taken would be on average. */
  gain: number
}

/**
 * Which of the candidates the rule of the selection would take if all were scored on all prompts.
 *
 * A candidate is compared on the drawn prompts with a reference that is scored on all: with the leader, or with post before there is
 * one. Prompts on which the reference is far from post (for post: on which base is) are those on which candidates differ, so the
 * difference d of a prompt is taken to be b x + e, where x is how far that is, known of all prompts, and b is fitted: the mean of d is b
 * times the mean of x over all prompts, and the mean of e over the drawn ones (a regression estimate; Cochran 1977, 7.3). Its standard
 * error is that of drawing some of a category's prompts without replacement, from the spread of e, moderated by that of all
 * candidates since it is of a few prompts only. The prompts are chosen better than at random: it is too wide rather than too narrow.
 */
export class PreviewRace {
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

  /** @param models scored on all prompts now; those that are no candidates do not matter */
  finish(models: readonly number[]): void {
    for (const model of models)
      if (this.candidates.includes(model)) this.exact.set(model, this.exactOf(model))
  }

  /** The candidate that the rule takes by what is known exactly, or, before anything is, by what is expected; null for none. */
  leader(): number | null {
    const post = this.exactOf(this.scores.post)
    const among = this.exact.size === 0 ? this.expected() : this.exact
    let leader: number | null = null
    let greatest = post.diversity
    for (const [model, { validity, diversity }] of among) {
      if (validity < this.scores.rho * post.validity || diversity <= greatest) continue
      leader = model
      greatest = diversity
    }
    return leader
  }

  /** What is thought of the scores of every candidate. */
  estimates(): Map<number, Record<Measure, Estimate>> {
    const reference = this.reference()
    const from = this.exactOf(reference)
    const [validity, diversity] = [
      this.differences('validity', this.candidates, reference),
      this.differences('diversity', this.candidates, reference)
    ]
    const over = (start: number, { mean, spread }: Estimate): Estimate => ({ mean: start + mean, spread })
    return new Map(
      this.candidates.map((model, index) => {
        const known = this.exact.get(model)
        return [
          model,
          known === undefined
            ? {
                validity: over(from.validity, at(validity, index, 'candidate')),
                diversity: over(from.diversity, at(diversity, index, 'candidate'))
              }
            : {
                validity: { mean: known.validity, spread: 0 },
                diversity: { mean: known.diversity, spread: 0 }
              }
        ]
      })
    )
  }

  /** The means of the estimates. */
  expected(): Map<number, CategoryScore> {
    return new Map(
      Array.from(this.estimates(), ([model, { validity, diversity }]) => [
        model,
        { validity: validity.mean, diversity: diversity.mean }
      ])
    )
  }

  /** What may be expected of each candidate that is not finished. */
  prospects(): Map<number, Prospect> {
    const left = this.candidates.filter((model) => !this.exact.has(model))
    const leader = this.leader()
    const reference = this.reference()
    const slack = this.exactOf(reference).validity - this.scores.rho * this.exactOf(this.scores.post).validity
    const validity = this.differences('validity', left, reference)
    const diversity = this.differences('diversity', left, leader ?? this.scores.post)
    return new Map(
      left.map((model, index) => {
        const kept = at(validity, index, 'candidate')
        const valid = above(kept.mean + slack, kept.spread)
        const { mean, spread } = at(diversity, index, 'candidate')
        const chance = model === leader ? valid : valid * above(mean, spread)
        return [model, { chance, gain: valid * excess(mean, spread) }]
      })
    )
  }

  /** The leader once something is exact; otherwise post. */
  private reference(): number {
    return this.exact.size === 0 ? this.scores.post : (this.leader() ?? this.scores.post)
  }

  private exactOf(model: number): CategoryScore {
    const known = this.means.get(model)
    if (known !== undefined) return known
    const mean = (measure: Measure): number =>
      meanOver(this.scores.categories, (prompt) => this.scores.scoreOf(model, prompt)[measure])
    const means = { validity: mean('validity'), diversity: mean('diversity') }
    this.means.set(model, means)
    return means
  }

  /** By how much models differ from another, which is scored on all prompts or is a candidate that is expected to lead. */
  private differences(measure: Measure, models: readonly number[], other: number): Estimate[] {
    const { categories, drawn, scoreOf } = this.scores
    const far = this.farness(measure, other)
    const farOnAverage = meanOver(categories, far)
    const fitted = models.map((model) => {
      const of = (prompt: number): number => scoreOf(model, prompt)[measure] - scoreOf(other, prompt)[measure]
      const prompts = drawn.flat()
      const squares = sum(prompts.map((prompt) => far(prompt) ** 2))
      const slope = squares === 0 ? 0 : sum(prompts.map((prompt) => of(prompt) * far(prompt))) / squares
      const rest = (prompt: number): number => of(prompt) - slope * far(prompt)
      return {
        slope,
        mean: slope * farOnAverage + meanOver(drawn, rest),
        variances: drawn.map((some) => varianceOf(some.map(rest)))
      }
    })
    const priors = drawn.map((some, category) =>
      some.length === 1 ? null : meanOf(fitted.map(({ variances }) => at(variances, category, 'category')))
    )
    const farVariances = categories.map((prompts) => varianceOf(prompts.map(far)))
    // One prompt says nothing of the spread: what is left is taken to vary as much as what is explained.
    const priorOf = (slope: number, category: number): number => {
      const shared = at(priors, category, 'category')
      return shared === null ? slope ** 2 * at(farVariances, category, 'category') : shared
    }
    const freedom = PRIOR_FREEDOM + sum(drawn.map((some) => some.length - 1))
    return fitted.map(({ slope, mean, variances }) => {
      const parts = drawn.map((some, category) => {
        const own = some.length - 1
        const moderated =
          (PRIOR_FREEDOM * priorOf(slope, category) + own * at(variances, category, 'category')) /
          (PRIOR_FREEDOM + own)
        const left = 1 - some.length / at(categories, category, 'category').length
        return (left * moderated) / some.length
      })
      const error = Math.sqrt(sum(parts)) / drawn.length
      return { mean, spread: (error * tQuantile(freedom)) / NORMAL_QUANTILE }
    })
  }

  /** How far a reference is from post on a prompt, or base where post is the reference; 0 where neither is known of all prompts. */
  private farness(measure: Measure, reference: number): (prompt: number) => number {
    const { post, base, scoreOf } = this.scores
    const far = reference === post || !this.exact.has(reference) ? base : reference
    return far === null ? () => 0 : (prompt) => scoreOf(far, prompt)[measure] - scoreOf(post, prompt)[measure]
  }
}

/** Over the prompts of each category, then over categories. */
function meanOver(categories: readonly (readonly number[])[], valueOf: (prompt: number) => number): number {
  return meanOf(categories.map((prompts) => meanOf(prompts.map(valueOf))))
}

/** How much what is estimated is above 0 on average, counting what is below as 0. */
function excess(mean: number, spread: number): number {
  const density = Math.exp(-((mean / spread) ** 2) / 2) / Math.sqrt(2 * Math.PI)
  return spread === 0 ? Math.max(0, mean) : mean * above(mean, spread) + spread * density
}

/** The probability that what is estimated is above 0. */
function above(mean: number, spread: number): number {
  return spread === 0 ? Number(mean > 0) : (1 + errorFunction(mean / spread / Math.SQRT2)) / 2
}

/** Of a single value 0. */
function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values)
  return sum(values.map((value) => (value - mean) ** 2)) / Math.max(1, values.length - 1)
}
