import type { CategoryScore, Selection, SweepPreview } from '../documents/crc'
import type { WorkCounts } from '../documents/sweep-work'
import type { RestorationRange } from '../model/recipe'
import { findRange, rangeCount } from '../model/strengths'
import { byDiversity } from '../model/by-diversity'
import { capitalised, formatCount, formatPercent, formatScore, plural, rangePhrase } from './format'
import { type NamedScoring, scoreWords } from './score-words'

export const NO_PREVIEW = 'The prompts are too few for a preview: every range is scored on all of them.'

/** Statements about a preview besides its selection. */
interface PreviewFacts {
  /** Number of exact ranges, and basis of the estimates. */
  basis: string
  /** Sentence that names the estimated ranges that may be better than the selected one. */
  others: string
  brief: string
  /** True if any may be better. */
  isDoubtful: boolean
}

type ScoredRange = RestorationRange & CategoryScore
type EstimatedRange = ScoredRange & { margins: CategoryScore }

/** A sweep whose ranges may be estimates, with its selection. */
export interface PreviewEvidence {
  layerCount: number
  /** Source of the scores. A task scores full answers, which need no check. */
  scoredBy: NamedScoring
  post: CategoryScore
  /** Exact ranges. */
  ranges: readonly ScoredRange[]
  /** Ranges with estimates only; null for a full sweep. */
  preview:
    | (Pick<SweepPreview, 'prompts' | 'rows' | 'wholeRows'> & {
        ranges: readonly EstimatedRange[]
      })
    | null
  selection: Pick<Selection, 'minimumValidity' | 'selected'>
}

type Previewed = PreviewEvidence & { preview: NonNullable<PreviewEvidence['preview']> }

/** Reports whether most ranges may be estimates. */
export const hasPreview = (evidence: PreviewEvidence): evidence is Previewed => evidence.preview !== null

/** Names the ranges that a certainty covers: " among 4 exact ranges"; empty for a full sweep. */
export function amongExact(
  { preview, ranges }: { preview: object | null; ranges: readonly unknown[] },
  leftOut: number
): string {
  if (preview === null) return ''
  return ` among ${plural(ranges.length - leftOut, 'exact range')}${leftOut === 0 ? '' : ' left by the check'}`
}

/** Returns the badge of a preview: `preview, 4 of 78 ranges exact`; null for a full sweep. */
export const previewBadge = ({
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

/** Text after the count, ", of the 616 of a full sweep", if an earlier sweep has the other evaluations; else empty. */
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

/** Describes how far a preview can be trusted. */
export function previewFacts(evidence: Previewed & { promptCount: number }): PreviewFacts {
  const { scoredBy, promptCount, ranges, preview, selection } = evidence
  const words = scoreWords(scoredBy)
  const { rows, wholeRows } = preview
  const unknown = unknownCount(evidence)
  const estimates =
    unknown > 0
      ? `${formatCount(unknown)} have estimates for the swept settings only, and take no part`
      : `${formatCount(preview.ranges.length)} are estimated from ${formatCount(preview.prompts.length)} of them` +
        (rows === 0 ? '' : `, in ${formatPercent(rows / wholeRows)} of the work`)
  const exact = `${plural(ranges.length, 'range')} ${ranges.length === 1 ? 'is' : 'are'}`
  const isDoubtful = unknown > 0 || betterEstimates(evidence).possible.length > 0
  const others = unknown > 0 ? 'it is unknown whether one of them is better' : betterWords(evidence)
  const advice = !isDoubtful
    ? ''
    : ` Sweep the rest${selection.selected === null ? '' : ' before you rely on this selection'}.`
  return {
    basis: `${exact} exact, on all ${plural(promptCount, words.prompt)}; ${estimates}`,
    others: `${capitalised(others)}.${advice}`,
    brief: `${formatCount(ranges.length)} of ${plural(rangeCount(evidence.layerCount), 'range')} exact; ${others}`,
    isDoubtful
  }
}

/** Counts ranges without a score or an estimate. */
const unknownCount = ({ layerCount, ranges, preview }: Previewed): number =>
  Math.max(0, rangeCount(layerCount) - ranges.length - preview.ranges.length)

/**
 * Lists the estimated ranges that qualify and are more diverse than the selected range, or than post if none is
 * selected. Some may be so within their margins, others are so by their estimates.
 */
export function betterEstimates({
  ranges,
  preview,
  post,
  selection
}: Previewed): Record<'possible' | 'expected', EstimatedRange[]> {
  const { selected, minimumValidity } = selection
  const leader = findRange(ranges, selected)
  const least = (leader ?? post).diversity
  const better = (share: number): EstimatedRange[] =>
    preview.ranges.filter(
      ({ validity, diversity, margins }) =>
        validity + share * margins.validity >= minimumValidity && diversity + share * margins.diversity > least
    )
  const sorted = (found: EstimatedRange[]): EstimatedRange[] => byDiversity(found, (range) => range).flat()
  return { possible: sorted(better(1)), expected: sorted(better(0)) }
}

/** Names the estimated ranges that may be better than the selected one, or that may qualify without one. */
export function betterWords(evidence: Previewed): string {
  const { possible, expected } = betterEstimates(evidence)
  const named = expected[0] ?? possible[0]
  const than = evidence.selection.selected === null ? 'may qualify' : 'may be better'
  if (named === undefined) return `none of the ${formatCount(evidence.preview.ranges.length)} estimated ranges ${than}`
  const figures = `${scoreWords(evidence.scoredBy).diversity} estimated at ${formatScore(named.diversity)}`
  return possible.length === 1
    ? `${rangePhrase(named)} ${than}, ${figures}`
    : `${formatCount(possible.length)} of the estimated ranges ${than}, such as ${rangePhrase(named)}, ${figures}`
}
