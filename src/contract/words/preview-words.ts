import { type CheckResult, rejectedRanges } from '../documents/answer-check'
import type { CategoryScore, Selection, SweepPreview } from '../documents/crc'
import type { WorkCounts } from '../documents/sweep-work'
import type { RestorationRange } from '../model/recipe'
import { rangeCount } from '../model/strengths'
import { byDiversity } from '../model/by-diversity'
import { formatCount, formatPercent, formatScore, plural, rangePhrase } from './format'
import { type NamedScoring, scoreWords } from './score-words'

/** Smaller chances are not told apart. */
const LEAST_CHANCE = 0.001
/** At this chance and above, another range may well be selected. */
const DOUBTFUL = 0.05
/** At this chance and above, another range is at least as likely as the selected one. */
export const UNRELIABLE = 0.5

export const NO_PREVIEW = 'The prompts are too few for a preview: every range is scored on all of them.'

/** Statements about a preview besides its selection. */
export interface PreviewFacts {
  /** Number of exact ranges, and basis of the estimates. */
  basis: string
  /** Chance that a full sweep selects another range, and which, or why it is unknown. */
  chanceOfOther: string
  brief: string
  /** True if the chance is too large to ignore. */
  isDoubtful: boolean
}

type ScoredRange = RestorationRange & CategoryScore

/** A sweep whose ranges may be estimates, with its selection. */
export interface PreviewEvidence {
  layerCount: number
  scoredBy: NamedScoring
  post: CategoryScore
  /** Exact ranges. */
  ranges: readonly ScoredRange[]
  /** Null for a full sweep. */
  preview:
    | (Pick<SweepPreview, 'prompts' | 'probabilityOtherSelected' | 'likeliest' | 'rho' | 'rows' | 'wholeRows'> & {
        ranges: readonly (ScoredRange & { margins: CategoryScore })[]
      })
    | null
  selection: Pick<Selection, 'rho' | 'minimumValidity' | 'selected'>
  check: CheckResult | null
}

export type Previewed = PreviewEvidence & { preview: NonNullable<PreviewEvidence['preview']> }

/** Reports whether most ranges may be estimates. */
export const hasPreview = (evidence: PreviewEvidence): evidence is Previewed => evidence.preview !== null

/** Formats a chance, never as 0 % or 100 %. */
export function chanceWords(chance: number): string {
  if (chance < LEAST_CHANCE) return 'less than 0.1 %'
  if (chance > 1 - LEAST_CHANCE) return 'more than 99.9 %'
  return chance < 0.01 ? `${(100 * chance).toFixed(1)} %` : formatPercent(chance)
}

/** Names the ranges that a certainty covers: " among 4 exact ranges"; empty for a full sweep. */
export function amongExact(
  { preview, ranges }: { preview: object | null; ranges: readonly unknown[] },
  leftOut: number
): string {
  if (preview === null) return ''
  return ` among ${plural(ranges.length - leftOut, 'exact range')}${leftOut === 0 ? '' : ' left by the check'}`
}

/** Returns the badge of a preview: `preview, 4 of 78 ranges exact`; null for a full sweep. */
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

/** Describes the work of a sweep, of a preview in rows through blocks. */
export function sweepWorkWords(
  { blockEvaluations }: Pick<WorkCounts, 'blockEvaluations'>,
  preview: Pick<SweepPreview, 'rows' | 'wholeRows'> | null
): string {
  if (preview === null) return plural(blockEvaluations, 'block evaluation')
  const { rows, wholeRows } = preview
  return rows === 0
    ? `${plural(blockEvaluations, 'block evaluation')} on some prompts each`
    : `${formatCount(rows)} rows through blocks, ${formatPercent(rows / wholeRows)} of the ` +
        `${formatCount(wholeRows)} of a full sweep`
}

/** Follows that count where an earlier sweep supplied the rest: ", of the 616 of a full sweep"; empty elsewhere. */
export const restWords = (blockEvaluations: number, whole: number): string =>
  blockEvaluations < whole ? `, of the ${formatCount(whole)} of a full sweep` : ''

/** Describes the work and its prompts, such as "776 block evaluations of 431 distinct prompt prefixes". */
export function workOfPrompts(
  work: Pick<WorkCounts, 'blockEvaluations' | 'packedTokens' | 'promptTokens'>,
  preview: Pick<SweepPreview, 'rows' | 'wholeRows'> | null
): string {
  const done = sweepWorkWords(work, preview)
  if (preview !== null) return done
  const tokens = plural(work.promptTokens, 'prompt token')
  const noun = work.packedTokens === 1 ? 'prefix' : 'prefixes'
  return `${done} of ${formatCount(work.packedTokens)} distinct prompt ${noun} (${tokens})`
}

/** Reports whether a score is below the limit, an estimate by more than its margin. */
export const isBelowLimit = (validity: number, margin: number | null, minimum: number): boolean =>
  validity + (margin === null ? 0 : margin) < minimum

export function previewFacts(evidence: Previewed & { promptCount: number }): PreviewFacts {
  const { scoredBy, promptCount, ranges, preview } = evidence
  const words = scoreWords(scoredBy)
  const { rows, wholeRows } = preview
  const others =
    unknownCount(evidence) > 0
      ? `${formatCount(unknownCount(evidence))} have estimates for the swept settings only, and take no part`
      : `${formatCount(preview.ranges.length)} are estimated from ${formatCount(preview.prompts.length)} of them` +
        (rows === 0 ? '' : `, in ${formatPercent(rows / wholeRows)} of the work`)
  const chance = chanceOfAnother(evidence)
  const exact = `${plural(ranges.length, 'range')} ${ranges.length === 1 ? 'is' : 'are'}`
  return {
    basis: `${exact} exact, on all ${plural(promptCount, words.prompt)}; ${others}`,
    ...chance,
    brief: `${formatCount(ranges.length)} of ${plural(rangeCount(evidence.layerCount), 'range')} exact; ${chance.brief}`
  }
}

/** Returns the chance that a full sweep selects another range; null where it is unknown. */
export function chanceElsewhere(evidence: Previewed): number | null {
  const { preview, selection } = evidence
  return unknownCount(evidence) > 0 || selection.rho !== preview.rho || isPassedOver(evidence)
    ? null
    : preview.probabilityOtherSelected
}

/** Describes the chance, which holds for the limit, sampler and selection of the preview. */
function chanceOfAnother(evidence: Previewed): Omit<PreviewFacts, 'basis'> {
  const { preview, scoredBy, selection } = evidence
  const { probabilityOtherSelected, likeliest, rho } = preview
  const words = scoreWords(scoredBy)
  if (unknownCount(evidence) > 0) {
    const brief = 'the chance of another selection is unknown'
    return {
      chanceOfOther: 'The chance that one of them would be selected is unknown. Sweep the rest.',
      brief,
      isDoubtful: true
    }
  }
  if (selection.rho !== rho) {
    const limit = formatPercent(selection.rho)
    return withoutChance(evidence, `made for ${formatPercent(rho)} of ${words.validity}, not ${limit}`)
  }
  if (isPassedOver(evidence)) {
    return withoutChance(evidence, 'the check rejects its best range')
  }
  const which =
    likeliest === null || likeliest.chance < LEAST_CHANCE
      ? ''
      : `, most likely ${rangePhrase(likeliest)} (${chanceWords(likeliest.chance)})`
  // Without a qualifying exact range, a full sweep may select a first one.
  const isNone = selection.selected === null
  const another = isNone ? 'a' : 'another'
  return {
    chanceOfOther:
      `${chanceWords(probabilityOtherSelected)} chance that a full sweep selects ${another} range ` +
      `at ${formatPercent(rho)} of post’s ${words.validity}${which}.` +
      (probabilityOtherSelected >= UNRELIABLE && !isNone ? ' Do not rely on this selection.' : ''),
    brief: `${chanceWords(probabilityOtherSelected)} chance that a full sweep selects ${another} range`,
    isDoubtful: probabilityOtherSelected >= DOUBTFUL
  }
}

function withoutChance(evidence: Previewed, reason: string): Omit<PreviewFacts, 'basis'> {
  const brief = `${reason}: ${betterWords(evidence)}`
  const before = evidence.selection.selected === null ? '' : ' before you rely on this selection'
  return { chanceOfOther: `Preview ${brief}. Sweep the rest${before}.`, brief, isDoubtful: true }
}

/** Counts ranges without a score or an estimate. */
const unknownCount = ({ layerCount, ranges, preview }: Previewed): number =>
  Math.max(0, rangeCount(layerCount) - ranges.length - preview.ranges.length)

/** Reports whether a more diverse exact range failed the check. */
function isPassedOver({ ranges, check, selection: { rho, selected } }: PreviewEvidence): boolean {
  const leader = ranges.find((range) => range.start === selected?.start && range.end === selected.end)
  return (
    leader !== undefined && rejectedRanges(ranges, check, rho).some(({ diversity }) => diversity > leader.diversity)
  )
}

/** Names the estimated ranges that may qualify and be more diverse than the selected one, or than post. */
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
  if (named === undefined) return `none of the ${formatCount(preview.ranges.length)} estimated ranges ${than}`
  const figures = `${scoreWords(scoredBy).diversity} estimated at ${formatScore(named.diversity)}`
  return may.length === 1
    ? `${rangePhrase(named)} ${than}, ${figures}`
    : `${formatCount(may.length)} of the estimated ranges ${than}, such as ${rangePhrase(named)}, ${figures}`
}
