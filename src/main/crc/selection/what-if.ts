import type { PromptScore, Score, SweepDocument } from '../../../contract/documents/crc'
import type { WhatIf } from '../../../contract/documents/what-if'
import { WorkbenchError } from '../../../contract/model/problem'
import type { MinPDraw } from '../../../contract/model/sampling'
import { noSamplersWords } from '../../../contract/words/what-if-words'
import type { Steps } from '../../base/steps'
import { averageScores } from '../task/scoring'
import { type Scorer, scorerOf } from '../task/scorer'
import { at } from '../../../contract/model/look-up'

/** A range under another sampler than the sweep's. */
export interface Tempered {
  readonly sampler: MinPDraw
  readonly score: Score
}

/** A score under each of the sweep's other samplers; none where they were not asked about. */
export function* temperedScores(
  { prompts, scoredBy, whatIf }: Pick<SweepDocument, 'prompts' | 'scoredBy' | 'whatIf'>,
  score: Score
): Steps<Tempered[]> {
  const scorer = scorerOf(scoredBy)
  const tempered: Tempered[] = []
  for (const [index, sampler] of whatIf.entries()) {
    const under = underSampler(score.prompts, prompts, scorer, index)
    if (under !== null) tempered.push({ sampler, score: averageScores(prompts, under) })
    yield
  }
  return tempered
}

/**
 * A sweep as it would be under another sampler or for another number of draws: every number as a sweep that is run so has it, but
 * for float32's rounding. Models of which that is not known are left out, and what no sampler of the sweep's changes stays.
 *
 * @throws WorkbenchError `bad-input` for a sampler that the sweep did not ask about, a mix that it did not score, or draws where
 *   none are counted
 */
export function* sweepUnder(sweep: SweepDocument, { sampler, draws, mix }: WhatIf): Steps<SweepDocument> {
  const { prompts } = sweep
  const scoredBy = scoredByUnder(sweep, { sampler, draws })
  const index = sampler === null ? null : samplerIndex(sweep, sampler)
  requireMix(sweep, mix)
  const scorer = scorerOf(scoredBy)
  /** For another number of draws; the limit and the mix change no score. */
  const recounted = <Scored extends Score>(score: Scored): Scored => {
    if (draws === null) return score
    const counted = score.prompts.map((prompt) => scorer.score(scorer.groupsOf(prompt), prompt.whatIf))
    return { ...score, ...averageScores(prompts, counted) }
  }
  const rescored = <Scored extends Score>(score: Scored): Scored[] => {
    if (index === null) return [recounted(score)]
    const under = underSampler(score.prompts, prompts, scorer, index)
    return under === null ? [] : [{ ...score, ...averageScores(prompts, under) }]
  }
  const all = function* <Scored extends Score>(
    scores: readonly Scored[],
    one: (score: Scored) => Scored[] = rescored
  ): Steps<Scored[]> {
    const under: Scored[] = []
    for (const score of scores) {
      under.push(...one(score))
      yield
    }
    return under
  }
  const [post] = rescored(sweep.post)
  if (post === undefined) throw new Error('a sweep without what it would be under its own samplers')
  const asSwept = sampler === null && draws === null && mix === null
  return {
    ...sweep,
    scoredBy,
    // Estimates are of the sweep's own sampler; that only few ranges are exact stays to be told.
    preview: asSwept || sweep.preview === null ? sweep.preview : { ...sweep.preview, ranges: [], soup: [] },
    base: sweep.base === null ? null : (rescored(sweep.base)[0] ?? null),
    post,
    ranges: yield* all(sweep.ranges),
    recipes: yield* all(sweep.recipes),
    checkpoints: yield* all(sweep.checkpoints),
    soup: yield* all(sweep.soup),
    rivals: yield* all(
      sweep.rivals.filter(({ rival }) => mix === null || rival.kind !== 'mix' || rival.share === mix),
      // One of another sampler has a sampler of its own.
      (score) => (score.rival.kind === 'sampler' ? [recounted(score)] : rescored(score))
    )
  }
}

function scoredByUnder(
  { scoredBy }: SweepDocument,
  { sampler, draws }: Pick<WhatIf, 'sampler' | 'draws'>
): SweepDocument['scoredBy'] {
  if (scoredBy.kind === 'task') {
    return {
      ...scoredBy,
      sampling: { ...scoredBy.sampling, ...sampler },
      draws: draws ?? scoredBy.draws
    }
  }
  if (draws === null) return scoredBy
  throw new WorkbenchError('bad-input', 'The character task counts no draws.')
}

function requireMix({ rivals }: Pick<SweepDocument, 'rivals'>, mix: number | null): void {
  const shares = rivals.flatMap(({ rival }) => (rival.kind === 'mix' ? [rival.share] : []))
  if (mix === null || shares.includes(mix)) return
  throw new WorkbenchError(
    'bad-input',
    `This sweep scored no mix with ${mix} of base's logits.`,
    shares.length === 0 ? undefined : `Take one of ${shares.join(', ')}.`
  )
}

function samplerIndex(sweep: SweepDocument, { temperature, minP }: MinPDraw): number {
  const { whatIf } = sweep
  const index = whatIf.findIndex((one) => one.temperature === temperature && one.minP === minP)
  if (index !== -1) return index
  const none = noSamplersWords(sweep)
  if (none !== null) throw new WorkbenchError('bad-input', none)
  const list = (values: number[]): string => [...new Set(values)].join(', ')
  throw new WorkbenchError(
    'bad-input',
    `This sweep knows nothing of temperature ${temperature} with min-p ${minP}.`,
    `Take one of temperature ${list(whatIf.map((one) => one.temperature))} with one of min-p ${list(whatIf.map((one) => one.minP))}.`
  )
}

/** Null where one of them is not known. */
function underSampler(
  scores: readonly PromptScore[],
  prompts: SweepDocument['prompts'],
  scorer: Scorer,
  sampler: number
): PromptScore[] | null {
  const under = scores.flatMap(({ whatIf }, index) =>
    whatIf === undefined ? [] : [scorer.under(whatIf, sampler, at(prompts, index, 'prompt').valid.length)]
  )
  return under.length < scores.length ? null : under
}
