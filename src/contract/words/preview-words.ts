import { type CheckResult, rejectedRanges } from '../documents/answer-check'
import type { CategoryScore, Selection, SweepPreview } from '../documents/crc'
import type { Work } from '../documents/sweep-work'
import type { ScoredBy } from '../documents/scored-by'
import type { RestorationRange } from '../model/recipe'
import { rangeCount } from '../model/strengths'
import { byDiversity } from '../model/by-diversity'
import { formatCount, formatPercent, formatScore, plural, rangePhrase } from './format'
import { scoreWords } from './score-words'

/** Smaller chances are all the same to a reader. */
const LEAST_CHANCE = 0.001
/** From it on, what is selected may well be another range. */
const DOUBTFUL = 0.05
/** From it on, another range is as likely as the selected one, or likelier. */
export const UNRELIABLE = 0.5

/** Of a sweep that was asked for a preview. */
export const NO_PREVIEW = 'The prompts are too few for a preview: every range is scored on all of them.'

/** What a preview says besides its selection. */
export interface PreviewFacts {
  /** What is exact, and what the rest rests on. */
  basis: string
  /** How likely the whole sweep would select another range, and which; where that is not known, why, and what may be better. */
  elsewhere: string
  /** Both in a few words. */
  brief: string
  /** Whether that is more than a reader should pass over. */
  isDoubtful: boolean
}

type ScoredRange = RestorationRange & CategoryScore

/** A sweep of which most ranges may be estimated only, and what is selected in it. */
export interface PreviewEvidence {
  layerCount: number
  scoredBy: Pick<ScoredBy, 'kind'>
  post: CategoryScore
  /** Those that are exact. */
  ranges: readonly ScoredRange[]
  /** Null of a whole sweep. */
  preview:
    | (Pick<
        SweepPreview,
        'prompts' | 'probabilityOtherSelected' | 'likeliest' | 'rho' | 'rows' | 'wholeRows'
      > & {
        ranges: readonly (ScoredRange & { margins: CategoryScore })[]
      })
    | null
  selection: Pick<Selection, 'rho' | 'minimumValidity' | 'selected'>
  check: CheckResult | null
}

export type Previewed = PreviewEvidence & { preview: NonNullable<PreviewEvidence['preview']> }

/** Whether most ranges may be estimated only. */
export const isPreviewed = (evidence: PreviewEvidence): evidence is Previewed => evidence.preview !== null

/** A chance, never as none and never as certain. */
export function chanceWords(chance: number): string {
  if (chance < LEAST_CHANCE) return 'less than 0.1 %'
  if (chance > 1 - LEAST_CHANCE) return 'more than 99.9 %'
  return chance < 0.01 ? `${(100 * chance).toFixed(1)} %` : formatPercent(chance)
}

/**
 * The ranges that certainty is about where a preview has estimated the others: " among 4 exact ranges"; empty of a whole sweep.
 *
 * @param leftOut how many of the exact ones a check has thrown out
 */
export function amongExact(
  { preview, ranges }: { preview: object | null; ranges: readonly unknown[] },
  leftOut: number
): string {
  if (preview === null) return ''
  return ` among ${plural(ranges.length - leftOut, 'exact range')}${leftOut === 0 ? '' : ' that a check has left'}`
}

/** What stands beside whatever a preview selects: `preview, 4 of 78 ranges exact`; null for a whole sweep. */
export const previewMark = ({
  rangeCount,
  estimatedCount
}: {
  rangeCount: number
  estimatedCount: number | null
}): string | null =>
  estimatedCount === null
    ? null
    : `preview, ${formatCount(rangeCount)} of ${plural(rangeCount + estimatedCount, 'range')} exact`

/**
 * What a sweep computed, counted. Of a preview in rows that go through a block, as its plan is: its block evaluations are of few prompts
 * each, and more of them are less work.
 */
export function workWords(
  { blockEvaluations }: Pick<Work, 'blockEvaluations'>,
  preview: Pick<SweepPreview, 'rows' | 'wholeRows'> | null
): string {
  if (preview === null) return plural(blockEvaluations, 'block evaluation')
  const { rows, wholeRows } = preview
  return rows === 0
    ? `${plural(blockEvaluations, 'block evaluation')} on some prompts each`
    : `${formatCount(rows)} rows through blocks, ${formatPercent(rows / wholeRows)} of the ${formatCount(wholeRows)} of a whole sweep`
}

/** What stands behind that count where an earlier sweep had the rest: ", of the 616 of a whole sweep"; empty where it had nothing. */
export const restWords = (blockEvaluations: number, whole: number): string =>
  blockEvaluations < whole ? `, of the ${formatCount(whole)} of a whole sweep` : ''

/**
 * The same with the prompts it is of: "776 block evaluations of 431 distinct prompt prefixes (688 prompt tokens)". A preview computes
 * the same prompts in stages, whose counts add up to no number of prompts, so that none is told of it.
 */
export function workOfPrompts(
  work: Pick<Work, 'blockEvaluations' | 'packedTokens' | 'promptTokens'>,
  preview: Pick<SweepPreview, 'rows' | 'wholeRows'> | null
): string {
  const done = workWords(work, preview)
  if (preview !== null) return done
  const prefixes = `${formatCount(work.packedTokens)} distinct prompt ${work.packedTokens === 1 ? 'prefix' : 'prefixes'}`
  return `${done} of ${prefixes} (${plural(work.promptTokens, 'prompt token')})`
}

/**
 * Whether a score is below the limit: an estimate only where it is by more than its margin, for the whole sweep may find it above.
 *
 * @param margin half the width of an estimate's 95 % interval; null of what is exact
 */
export const isBelowLimit = (validity: number, margin: number | null, minimum: number): boolean =>
  validity + (margin === null ? 0 : margin) < minimum

/** What a sweep rests on that has scored most ranges on few prompts. */
export function previewFacts(evidence: Previewed & { promptCount: number }): PreviewFacts {
  const { scoredBy, promptCount, ranges, preview } = evidence
  const words = scoreWords(scoredBy)
  const { rows, wholeRows } = preview
  const others =
    unknownCount(evidence) > 0
      ? `${formatCount(unknownCount(evidence))} were estimated as swept, are not known as asked here, and take no part`
      : `${formatCount(preview.ranges.length)} are estimated from ${formatCount(preview.prompts.length)} of them` +
        (rows === 0 ? '' : `, in ${formatPercent(rows / wholeRows)} of the work`)
  const chance = chanceOfAnother(evidence)
  return {
    basis: `${plural(ranges.length, 'range')} ${ranges.length === 1 ? 'is' : 'are'} exact, on all ${plural(promptCount, words.prompt)}; ${others}`,
    ...chance,
    brief: `${formatCount(ranges.length)} of ${plural(rangeCount(evidence.layerCount), 'range')} exact; ${chance.brief}`
  }
}

/**
 * How likely the whole sweep would select another range than the selected one; null where that is not known: the preview was asked for
 * another limit, nothing is known of the ranges that it estimated, or a check threw its best out.
 */
export function chanceElsewhere(evidence: Previewed): number | null {
  const { preview, selection } = evidence
  return unknownCount(evidence) > 0 || selection.rho !== preview.rho || isPassedOver(evidence)
    ? null
    : preview.probabilityOtherSelected
}

/** The chance is of what the preview was made for: its limit, its sampler, and what it had selected itself. */
function chanceOfAnother(evidence: Previewed): Omit<PreviewFacts, 'basis'> {
  const { preview, scoredBy, selection } = evidence
  const { probabilityOtherSelected, likeliest, rho } = preview
  const words = scoreWords(scoredBy)
  if (unknownCount(evidence) > 0) {
    const brief = 'whether another would be selected is not known'
    return {
      elsewhere: 'Whether one of them would be selected is not known: sweep the rest.',
      brief,
      isDoubtful: true
    }
  }
  if (selection.rho !== rho) {
    const limit = formatPercent(selection.rho)
    return withoutChance(
      evidence,
      `This preview was made to keep ${formatPercent(rho)} of post’s ${words.validity}; at ${limit} ranges count that it has only estimated`,
      `made for ${formatPercent(rho)} of ${words.validity}, not ${limit}`
    )
  }
  if (isPassedOver(evidence)) {
    return withoutChance(
      evidence,
      'The check has thrown out what this preview was made to find, and ranges count now that it has only estimated',
      'the check threw out its best'
    )
  }
  const which =
    likeliest === null || likeliest.chance < LEAST_CHANCE
      ? ''
      : `, most likely ${rangePhrase(likeliest)} (${chanceWords(likeliest.chance)})`
  // Where none of the exact ranges qualifies, the whole sweep selects the first, and not another.
  const isNone = selection.selected === null
  const another = isNone ? 'one' : 'another'
  return {
    elsewhere:
      `Scoring all ranges on all ${words.prompt}s would select ${another} at ${formatPercent(rho)} of post’s ${words.validity} ` +
      `with a chance of ${chanceWords(probabilityOtherSelected)}${which}.` +
      (probabilityOtherSelected >= UNRELIABLE && !isNone ? ' Do not rely on this selection.' : ''),
    brief: `${another} would be selected with a chance of ${chanceWords(probabilityOtherSelected)}`,
    isDoubtful: probabilityOtherSelected >= DOUBTFUL
  }
}

/** @param why there is no chance to name; @param brief that in a few words */
function withoutChance(evidence: Previewed, why: string, brief: string): Omit<PreviewFacts, 'basis'> {
  const words = betterWords(evidence)
  return {
    elsewhere: `${why}: ${words}. Sweep the rest${evidence.selection.selected === null ? '' : ' before you rely on this selection'}.`,
    brief: `${brief}: ${words}`,
    isDoubtful: true
  }
}

/** Ranges that what is asked has left no estimate of. */
const unknownCount = ({ layerCount, ranges, preview }: Previewed): number =>
  Math.max(0, rangeCount(layerCount) - ranges.length - preview.ranges.length)

/** Whether a more diverse exact range failed a check. */
function isPassedOver({ ranges, check, selection: { rho, selected } }: PreviewEvidence): boolean {
  const leader = ranges.find((range) => range.start === selected?.start && range.end === selected.end)
  return (
    leader !== undefined &&
    rejectedRanges(ranges, check, rho).some(({ diversity }) => diversity > leader.diversity)
  )
}

/** Which estimated ranges may qualify and be more diverse than what is selected, or than post where nothing is. */
export function betterWords(evidence: Previewed): string {
  const { ranges, preview, post, scoredBy, selection } = evidence
  const { selected, minimumValidity } = selection
  const leader = ranges.find((range) => range.start === selected?.start && range.end === selected.end)
  const least = (leader ?? post).diversity
  const may = byDiversity(
    preview.ranges.filter(
      ({ validity, diversity, margins }) =>
        validity + margins.validity >= minimumValidity && diversity + margins.diversity > least
    ),
    (range) => range
  ).flat()
  const best = may.find(({ validity, diversity }) => validity >= minimumValidity && diversity > least)
  const [named] = best === undefined ? may : [best]
  const than = leader === undefined ? 'may qualify' : 'may be better'
  if (named === undefined) return `none of the ${formatCount(preview.ranges.length)} estimated ones ${than}`
  const figures = `${scoreWords(scoredBy).diversity} estimated at ${formatScore(named.diversity)}`
  return may.length === 1
    ? `${rangePhrase(named)} ${than}, ${figures}`
    : `${formatCount(may.length)} of the estimated ones ${than}, such as ${rangePhrase(named)}, ${figures}`
}
