import { needsBase } from '../../../contract/model/sampling-baseline'
import type { PromptScore, Score, SweepDocument } from '../../../contract/documents/crc'
import type { WhatIf } from '../../../contract/documents/what-if'
import { inputError } from '../../../contract/model/problem'
import type { MinPDraw } from '../../../contract/model/sampling'
import { noSamplersWords } from '../../../contract/words/what-if-words'
import type { Steps } from '../../base/steps'
import { averageScores } from '../task/scoring'
import { type Scorer, scorerOf } from '../task/scorer'
import { elementAt } from '../../../contract/model/look-up'

/** A score under another sampler than the sweep's. */
export interface Tempered {
  readonly sampler: MinPDraw
  readonly score: Score
}

/** Computes a score under each of the sweep's other samplers. Empty if the sweep stored none. */
export function* temperedScores(
  { prompts, scoredBy, whatIf }: Pick<SweepDocument, 'prompts' | 'scoredBy' | 'whatIf'>,
  score: Score
): Steps<Tempered[]> {
  const scorer = scorerOf(scoredBy)
  const tempered: Tempered[] = []
  for (const [index, sampler] of whatIf.entries()) {
    const tempering = underSampler(score.prompts, prompts, scorer, index)
    if (tempering !== null) tempered.push({ sampler, score: averageScores(prompts, tempering) })
    yield
  }
  return tempered
}

/**
 * Recalculates a sweep under another sampler or number of draws, exactly except for float32 rounding, from values that
 * the sweep stored. Models without stored values are left out. Of the baselines that mix logits, only `mix` is kept.
 * @throws WorkbenchError `bad-input` for values that the sweep did not store
 */
export function* sweepUnder(sweep: SweepDocument, { sampler, draws, mix }: WhatIf): Steps<SweepDocument> {
  const { fewShot, ...swept } = sweep
  const { prompts } = sweep
  const scoredBy = scoredByUnder(sweep, { sampler, draws })
  const index = sampler === null ? null : samplerIndex(sweep, sampler)
  requireMix(sweep, mix)
  const scorer = scorerOf(scoredBy)
  /** Recomputes a score for another number of draws. The share of validity and the mix change no score. */
  const recounted = <Scored extends Score>(score: Scored): Scored => {
    if (draws === null) return score
    const counted = score.prompts.map((prompt) => scorer.score(scorer.groupsOf(prompt), prompt.whatIf))
    return { ...score, ...averageScores(prompts, counted) }
  }
  /** Recalculates a score; empty if the model has no stored values. */
  const rescoredOne = <Scored extends Score>(score: Scored): Scored[] => {
    if (index === null) return [recounted(score)]
    const promptScores = underSampler(score.prompts, prompts, scorer, index)
    return promptScores === null ? [] : [{ ...score, ...averageScores(prompts, promptScores) }]
  }
  const rescoreAll = function* <Scored extends Score>(
    scores: readonly Scored[],
    rescore: (score: Scored) => Scored[] = rescoredOne
  ): Steps<Scored[]> {
    const results: Scored[] = []
    for (const score of scores) {
      results.push(...rescore(score))
      yield
    }
    return results
  }
  const [post] = rescoredOne(sweep.post)
  if (post === undefined) throw new Error('post of a sweep has no scores under a sampler of the sweep')
  const isUnchanged = sampler === null && draws === null && mix === null
  const [rescoredFewShot] = fewShot === undefined ? [] : rescoredOne(fewShot)
  return {
    ...swept,
    scoredBy,
    // Estimates hold for the sweep's own sampler only. The preview itself stays, because few ranges are exact.
    preview:
      isUnchanged || sweep.preview === null ? sweep.preview : { ...sweep.preview, ranges: [], uniformBlends: [] },
    base: sweep.base === null ? null : (rescoredOne(sweep.base)[0] ?? null),
    post,
    ...(rescoredFewShot !== undefined && { fewShot: rescoredFewShot }),
    ranges: yield* rescoreAll(sweep.ranges),
    recipes: yield* rescoreAll(sweep.recipes),
    checkpoints: yield* rescoreAll(sweep.checkpoints),
    uniformBlends: yield* rescoreAll(sweep.uniformBlends),
    baselines: yield* rescoreAll(
      sweep.baselines.filter(({ baseline }) => mix === null || baseline.kind !== 'mix' || baseline.share === mix),
      // A baseline of post is a sampler by itself, so another sampler does not change its score.
      (score) => (needsBase(score.baseline) ? rescoredOne(score) : [recounted(score)])
    )
  }
}

/** Returns the sweep's scoring with another sampler or number of draws. */
function scoredByUnder(
  { scoredBy }: SweepDocument,
  { sampler, draws }: Pick<WhatIf, 'sampler' | 'draws'>
): SweepDocument['scoredBy'] {
  if (scoredBy.kind === 'task') {
    return { ...scoredBy, sampling: { ...scoredBy.sampling, ...sampler }, draws: draws ?? scoredBy.draws }
  }
  if (draws === null) return scoredBy
  throw inputError('The character task counts no draws.')
}

/** @throws WorkbenchError `bad-input` if the sweep scored no mix of base's and post's logits with this share of base */
function requireMix({ baselines }: Pick<SweepDocument, 'baselines'>, mix: number | null): void {
  const shares = baselines.flatMap(({ baseline }) => (baseline.kind === 'mix' ? [baseline.share] : []))
  if (mix === null || shares.includes(mix)) return
  throw inputError(
    `This sweep scored no mix with ${mix} of base's logits.`,
    shares.length === 0 ? undefined : `Take one of ${shares.join(', ')}.`
  )
}

/** @throws WorkbenchError `bad-input` if the sweep stored no scores under the sampler */
function samplerIndex(sweep: SweepDocument, { temperature, minP }: MinPDraw): number {
  const { whatIf } = sweep
  const index = whatIf.findIndex((other) => other.temperature === temperature && other.minP === minP)
  if (index !== -1) return index
  const noSamplers = noSamplersWords(sweep)
  if (noSamplers !== null) throw inputError(noSamplers)
  const list = (values: number[]): string => [...new Set(values)].join(', ')
  throw inputError(
    `This sweep has no scores for temperature ${temperature} with min-p ${minP}.`,
    `Take one of temperature ${list(whatIf.map((sampler) => sampler.temperature))} ` +
      `with one of min-p ${list(whatIf.map((sampler) => sampler.minP))}.`
  )
}

/**
 * Reads the scores under a sampler; null if any prompt has none stored.
 * @param sampler index into the sweep's `whatIf`
 */
function underSampler(
  scores: readonly PromptScore[],
  prompts: SweepDocument['prompts'],
  scorer: Scorer,
  sampler: number
): PromptScore[] | null {
  const promptScores = scores.flatMap(({ whatIf }, index) =>
    whatIf === undefined ? [] : [scorer.scoreUnder(whatIf, sampler, elementAt(prompts, index, 'prompt').valid.length)]
  )
  return promptScores.length < scores.length ? null : promptScores
}
