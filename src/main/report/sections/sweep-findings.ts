import { answerLimit, type CheckResult, rangePasses } from '../../../contract/documents/answer-check'
import type { Selection } from '../../../contract/documents/crc'
import type { ReportedRange, ReportedScore } from '../../../contract/documents/report'
import type { ScoredBy } from '../../../contract/documents/scored-by'
import type { BriefPreview } from '../../../contract/documents/shown-sweep'
import type { RestoredTo } from '../../../contract/model/checkpoint'
import type { ModelTone } from '../../../contract/model/model-style'
import type { Blend, RestorationRange } from '../../../contract/model/recipe'
import { assurances } from '../../../contract/words/assurances'
import {
  baselineName,
  comparedScores,
  baselineDifference,
  tooFewWords,
  familyOf,
  outOfBagText
} from '../../../contract/words/baseline-words'
import { checkCertainty, passingWords, validitySpan } from '../../../contract/words/check-certainty'
import { type CheckedRow, checkedRows } from '../../../contract/words/checked-rows'
import {
  formatDelta,
  formatPercent,
  formatScore,
  plural,
  rangeLabel,
  rangePhrase
} from '../../../contract/words/format'
import { exactness, winShare } from '../../../contract/words/range-facts'
import { distinctWords, scoreWords } from '../../../contract/words/score-words'
import { holdOutPrompts, onSelectionPrompts } from '../../../contract/words/split-words'
import type { VerdictEvidence } from '../../../contract/words/verdict-evidence'
import { bestRanges } from '../../crc/selection/best-ranges'
import {
  type Block,
  block,
  type ReportColumn,
  numberColumn,
  type TableBlock,
  type TableCell,
  textColumn
} from '../blocks'

/* The findings of a sweep as blocks, for the writers of HTML, Markdown and the terminal. */

const BEST_RANGES = 10

/** The parts of a sweep that its tables show. Both a stored sweep and a report have them. */
interface SweepScores {
  scoredBy: ScoredBy
  layerCount: number
  source: RestoredTo
  promptCount: number
  base: ReportedScore | null
  post: ReportedScore
  ranges: readonly ReportedRange[]
  preview: VerdictEvidence['preview'] & (Pick<BriefPreview, 'prompts'> | null)
}

/** Shows the most important numbers about how certain a selection is. */
export const confidenceBlock = (sweep: SweepScores, selection: Selection, check: CheckResult | null): Block => ({
  kind: 'figures',
  figures: assurances({ ...sweep, selection, check }).map(({ label, value, detail }) => ({
    label,
    value,
    detail
  }))
})

function scoreColumns(scoredBy: ScoredBy): ReportColumn[] {
  const { validity, diversity, choices } = scoreWords(scoredBy)
  const distinct = distinctWords(scoredBy)
  return [validity, diversity, choices, ...(distinct === null ? [] : [distinct])].map((name) => numberColumn(name))
}

function scoreCells({ validity, diversity, effectiveChoices, distinctRight }: ReportedScore): TableCell[] {
  return [
    { text: formatScore(validity) },
    { text: formatScore(diversity) },
    { text: effectiveChoices.toFixed(1) },
    ...(distinctRight === undefined ? [] : [{ text: distinctRight.toFixed(2) }])
  ]
}

/** @param kl divergence in nats; null if infinite, undefined if unknown */
const divergenceWords = (kl: number | null | undefined): string =>
  kl === undefined ? '–' : (kl?.toFixed(3) ?? 'infinite')

export interface ModelRow {
  name: string
  tone: ModelTone
  score: ReportedScore
  detail?: string
}

export function modelsTable(models: readonly ModelRow[], { post, promptCount, scoredBy }: SweepScores): Block {
  const categories = Object.keys(post.categories)
  const words = scoreWords(scoredBy)
  const ofCategories = scoreWords({ kind: scoredBy.kind })
  const hasKl = post.klToBase !== undefined
  const hasError = post.calibrationError !== undefined
  return block.table(
    `Means over ${plural(promptCount, words.prompt)}, then over categories`,
    [
      textColumn('Model'),
      ...scoreColumns(scoredBy),
      ...(hasKl ? [numberColumn('KL to base', 'nats, over listed answers')] : []),
      ...(hasError ? [numberColumn('calibration error', 'against a fair draw')] : []),
      ...categories.map((category) => numberColumn(category, `${ofCategories.validity} / ${ofCategories.diversity}`))
    ],
    models.map(({ name, tone, score, detail }) => [
      { text: name, tone, ...(detail !== undefined && { detail }) },
      ...scoreCells(score),
      ...(hasKl ? [{ text: divergenceWords(score.klToBase) }] : []),
      ...(hasError ? [{ text: score.calibrationError?.toFixed(3) ?? '–' }] : []),
      ...categories.map((category): TableCell => {
        const mean = score.categories[category]
        if (mean === undefined) return { text: '–' }
        return { text: `${formatScore(mean.validity)} / ${formatScore(mean.diversity)}` }
      })
    ])
  )
}

/** Returns the word for the outcome of a full-answer check. @param passes null if the model was not checked */
function outcomeWords(passes: boolean | null, notChecked: string, fails: string): string {
  if (passes === null) return notChecked
  return passes ? 'passes' : fails
}

/** Shows the ranges, recipes and baselines of a full-answer check, and whether they pass. */
export function fullAnswersTable(check: CheckResult, rho: number): Block {
  const row = ({ name, tone, scores, passes }: CheckedRow): TableCell[] => {
    const certainty = checkCertainty(check, scores, rho)
    const span = certainty === null ? '' : `, ${validitySpan(certainty)}`
    const passing = certainty === null || passes === null ? '' : `, ${passingWords(certainty)}`
    return [
      { text: name, tone },
      { text: formatScore(scores.firstToken.validity) },
      { text: formatScore(scores.answers.validity), detail: `${exactness(scores)}${span}` },
      { text: formatScore(scores.answers.diversity) },
      { text: `${outcomeWords(passes, '', 'fails')}${passing}` }
    ]
  }
  return {
    kind: 'table',
    label:
      'Full answers: the probability that an answer is one valid character and ends, limit ' +
      `${formatScore(answerLimit(check, rho))}`,
    columns: [
      textColumn('Model'),
      numberColumn('first token', 'validity'),
      numberColumn('full answers', 'validity, 95 % interval'),
      numberColumn('diversity', 'of full answers'),
      { ...textColumn('check'), essential: true }
    ],
    rows: checkedRows(check, rho).map(row)
  }
}

/** Counts the ranges of a sweep. For a preview, counts exact and estimated ranges separately. */
export const rangesWords = ({
  ranges,
  preview
}: {
  ranges: readonly unknown[]
  preview: { ranges: readonly unknown[]; prompts: readonly unknown[] } | null
}): string =>
  preview === null
    ? plural(ranges.length, 'range')
    : `${plural(ranges.length, 'range')} exact, ${preview.ranges.length} estimated from ` +
      `${plural(preview.prompts.length, 'prompt')}`

/** Shows the most diverse ranges that keep the limit. Empty if no range does. */
export function bestRangesBlocks(sweep: SweepScores, selection: Selection, check: CheckResult | null): Block[] {
  const { post, ranges, scoredBy, promptCount } = sweep
  const words = scoreWords(scoredBy)
  const best = bestRanges(ranges, selection.minimumValidity, BEST_RANGES)
  if (best.length === 0) return []
  const isSure = tooFewWords(promptCount, selection, words) === null
  const checked = (range: RestorationRange): TableCell[] => {
    if (check === null) return []
    return [{ text: outcomeWords(rangePasses(check, range, selection.rho), 'not checked', 'fails check') }]
  }
  return [
    {
      kind: 'table',
      label:
        `The ranges of greatest ${words.diversity} that keep the ${words.validity}` +
        `${check === null ? '' : ' on first tokens'}, of ${rangesWords(sweep)}` +
        (selection.holdOut === null ? '' : `; scores on all ${plural(promptCount, words.prompt)}`),
      columns: [
        textColumn('Layers'),
        ...scoreColumns(scoredBy),
        numberColumn('gain over post'),
        numberColumn('wins', `of the resamples${onSelectionPrompts(selection, words, 'of')}`),
        ...(check === null ? [] : [textColumn('full answers')])
      ],
      rows: best.map((range): TableCell[] => [
        { text: rangeLabel(range), tone: 'hybrid' },
        ...scoreCells(range),
        { text: formatDelta(range.diversity - post.diversity) },
        { text: isSure ? formatPercent(winShare(selection.bootstrap, range)) : '–' },
        ...checked(range)
      ])
    }
  ]
}

export function ruleWords(selection: Selection, scoredBy: ScoredBy): string {
  const words = scoreWords(scoredBy)
  const { minimumValidity, rho } = selection
  return (
    `the range of greatest ${words.diversity} with a ${words.validity} of at least ` +
    `${formatScore(minimumValidity)} (ρ = ${rho} of post's${onSelectionPrompts(selection, words, 'on')})`
  )
}

/** Compares the selected range with the best baseline of each kind. Empty without a selected range. */
export function baselineBlocks({ scoredBy }: Pick<SweepScores, 'scoredBy'>, selection: Selection): Block[] {
  const { baselines, selected, rho, holdOut } = selection
  if (selected === null || baselines.length === 0) return []
  const words = scoreWords(scoredBy)
  const label =
    `The best baseline of each kind at ${words.validity} of ${rho} of post's or ` +
    `more${onSelectionPrompts(selection, words, 'on')}, against ${rangePhrase(selected)}` +
    (holdOut === null ? '' : ` on ${holdOutPrompts(holdOut, words)}`)
  const isAnyChecked = baselines.some(({ answers }) => answers !== null)
  const ranges = selection.families.find(({ family }) => family === 'range')
  const rows = baselines.map((baseline): TableCell[] => {
    const family = familyOf(selection, baseline)
    const { validity, diversity, difference, isOnFullAnswers } = comparedScores(baseline)
    return [
      { text: baselineName(baseline) },
      { text: family === undefined ? '' : String(family.candidateCount) },
      ...(isAnyChecked ? [{ text: isOnFullAnswers ? 'full answers' : 'first tokens' }] : []),
      { text: formatScore(validity) },
      { text: formatScore(diversity) },
      { text: baselineDifference(difference.validity) },
      { text: baselineDifference(difference.diversity) },
      { text: family === undefined ? '' : outOfBagText(family) }
    ]
  })
  const columns = [
    textColumn('Baseline'),
    numberColumn('picked from'),
    ...(isAnyChecked ? [textColumn('scored on')] : []),
    numberColumn(words.validity),
    numberColumn(words.diversity),
    numberColumn(words.validity, 'difference, 95 %, p'),
    numberColumn(words.diversity, 'difference, 95 %, p'),
    numberColumn('out of bag', `${words.diversity} at ${words.validity}`)
  ]
  return [
    block.table(label, columns, rows),
    block.note(
      'Each difference has its own sign-flip test over prompts. ' +
        'Out of bag: each family is picked on resampled prompts and scored on the others. ' +
        (ranges === undefined || ranges.outOfBag === null
          ? ''
          : `Ranges, picked from ${ranges.candidateCount}, reach ${outOfBagText(ranges)}. `) +
        'Halves and controls may keep less.'
    )
  ]
}

export const blendsTable = (
  blends: readonly (ReportedScore & Blend)[],
  { scoredBy }: Pick<SweepScores, 'scoredBy'>
): TableBlock =>
  block.table(
    'Uniform blends and depth ramps of all layers: strength 0 is post, 1 is base',
    [textColumn('Strength', 'first layer to last'), ...scoreColumns(scoredBy)],
    blends.map((blend): TableCell[] => [{ text: strengthsText(blend) }, ...scoreCells(blend)])
  )

const strengthsText = ({ strength, last }: Blend): string =>
  [strength, ...(last === undefined ? [] : [last])].join(' to ')

export const rangesTable = (
  label: string,
  { ranges, scoredBy }: Pick<SweepScores, 'ranges' | 'scoredBy'>
): TableBlock =>
  block.table(
    label,
    [textColumn('Layers'), ...scoreColumns(scoredBy)],
    ranges.map((range): TableCell[] => [{ text: rangeLabel(range) }, ...scoreCells(range)])
  )
