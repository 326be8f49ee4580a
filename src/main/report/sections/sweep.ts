import { formatMemory } from '../../../contract/model/bytes'
import { DEVICE_LABELS } from '../../../contract/model/device'
import {
  capitalised,
  formatCount,
  formatDelta,
  formatDeltas,
  formatDuration,
  formatPercent,
  formatScore,
  formatUtc,
  plural,
  rangeLabel,
  rangeName,
  rangePhrase
} from '../../../contract/words/format'
import {
  answerLimit,
  passesCheck,
  rangePasses,
  type WholeAnswers
} from '../../../contract/documents/answer-check'
import { checkCertainty, passingWords, validitySpan } from '../../../contract/words/check-certainty'
import {
  baselineName,
  comparedScores,
  takenName,
  differenceWords,
  halfOfWords,
  tooFewWords
} from '../../../contract/words/baseline-words'
import {
  distinctWords,
  scoredByWords,
  type ScoreWords,
  scoreWords,
  unlistedWords
} from '../../../contract/words/score-words'
import { type ScoredBy } from '../../../contract/documents/scored-by'
import type { Interval, Selection } from '../../../contract/documents/crc'
import { holdOutPrompts, onSelectionPrompts, selectionPrompts } from '../../../contract/words/split-words'
import { crossFitAt } from '../../../contract/words/cross-fit-words'
import { assurances } from '../../../contract/words/assurances'
import { isPreviewed, previewFacts, workOfPrompts } from '../../../contract/words/preview-words'
import { uncheckedMark } from '../../../contract/words/recipe-check'
import { exactness, isSame, shareOf } from '../../../contract/words/range-facts'
import { SAFETY_NOTE } from '../../../contract/words/safety'
import type { Report, ReportedRange, ReportedScore, ReportedSweep } from '../../../contract/documents/report'
import { keptStyle, baselineTone, type ModelTone } from '../../../contract/model/model-style'
import { bestRanges } from '../../crc/selection/best-ranges'
import { renderingFacts } from '../samples-page/settings-facts'
import type { Block, Cell, Column, Section } from '../blocks'
import { emptySection, fold, markBlocks, numberColumn, paragraph, textColumn } from '../blocks'
import { originFacts } from './origin'
import { rangesWords } from './work-cell'
import { rangesChart } from './ranges-chart'
import { verdictBlocks } from './verdict'

const BEST_RANGES = 10

type Fact = [name: string, value: string]

/** What the sweep found, how sure that is, all models in the plane of its two measures, and its settings. */
export function sweepSection({ sweep, sweepCount }: Report): Section {
  const section = { id: 'sweep', title: 'The sweep' }
  if (sweep === null)
    return emptySection(section, 'No sweep yet: “Sweep all ranges” in the Ranges view scores every range.')
  const { selection, ranges } = sweep
  const words = scoreWords(sweep.scoredBy)
  // Of prompts that post itself fails ranges say nothing.
  const sure = sweep.verdict?.state === 'unfit-prompts' ? null : selection
  const best = selection?.selected ?? null
  const selected = ranges.find(({ start, end }) => start === best?.start && end === best.end)
  return {
    ...section,
    blocks: [
      ...headlineBlocks(sweep),
      ...markBlocks(sweep.runMarks),
      scoredByBlock(sweep),
      ...(sure === null
        ? []
        : [
            {
              kind: 'figures',
              figures: assurances({ ...sweep, selection: sure, check: sweep.check })
            } as const
          ]),
      {
        kind: 'chart',
        label: `${capitalised(words.diversity)} of every range by its first and last restored layer; ${words.diversity} against ${words.validity} of ${rangesWords(sweep)}, base, post and other recipes.`,
        chart: rangesChart(sweep)
      },
      ...fullAnswersBlocks(sweep),
      modelsTable(sweep, selected),
      ...(sure === null ? [] : selectionBlocks(sweep, sure)),
      ...(sure === null ? [] : baselineBlocks(sweep, sure)),
      ...soupBlocks(sweep),
      ...allRangesBlocks(sweep),
      ...sweep.notices.map((text): Block => ({ kind: 'note', text })),
      fold('Settings of the sweep', [{ kind: 'facts', facts: sweepFacts(sweep, sweepCount) }])
    ]
  }
}

/** The verdict, what a preview rests on, and what restored layers may weaken. */
export function headlineBlocks(sweep: ReportedSweep): Block[] {
  const { verdict } = sweep
  if (verdict === null) return [{ kind: 'lead', text: 'No ranges were scored, so none is selected.' }]
  // The blocks of a preview say more than its caveat.
  const caveats = verdict.caveats.filter(({ state }) => state !== 'previewed')
  return [
    ...verdictBlocks({ ...verdict, caveats }),
    ...previewBlocks(sweep),
    ...(verdict.range === null ? [] : [{ kind: 'note', text: SAFETY_NOTE } as const])
  ]
}

/** What a preview's numbers rest on. */
function previewBlocks({ selection, ...sweep }: ReportedSweep): Block[] {
  if (selection === null) return []
  const evidence = { ...sweep, selection }
  if (!isPreviewed(evidence)) return []
  const { basis, elsewhere, isDoubtful } = previewFacts({ ...evidence, promptCount: sweep.promptCount })
  return [{ kind: isDoubtful ? 'warning' : 'note', text: `A preview: ${basis}. ${elsewhere}` }]
}

/** Ranges, recipes and baselines of the full-answer check, and whether they pass. */
function fullAnswersBlocks({ check, selection }: ReportedSweep): Block[] {
  if (check === null || selection === null) return []
  const outcomeOf = (model: WholeAnswers): string =>
    passesCheck(model, check, selection.rho) ? 'passes' : 'fails'
  const row = (name: string, tone: ModelTone, model: WholeAnswers, outcome: string): Cell[] => {
    const sure = checkCertainty(check, model, selection.rho)
    const span = sure === null ? '' : `, ${validitySpan(sure)}`
    const passing = sure === null || outcome === '' ? '' : `, ${passingWords(sure)}`
    return [
      { text: name, tone },
      { text: formatScore(model.firstToken.validity) },
      { text: formatScore(model.answers.validity), detail: `${exactness(model)}${span}` },
      { text: formatScore(model.answers.diversity) },
      { text: `${outcome}${passing}` }
    ]
  }
  return [
    {
      kind: 'table',
      label: `Full answers: the probability that an answer is one valid character and ends, limit ${formatScore(answerLimit(check, selection.rho))}`,
      columns: [
        textColumn('Model'),
        numberColumn('first token', 'validity'),
        numberColumn('full answers', 'validity, 95 % interval'),
        numberColumn('diversity', 'of full answers'),
        textColumn('check')
      ],
      rows: [
        row('post', 'post', check.post, ''),
        ...check.models.map((model) => row(model.recipe.name, 'hybrid', model, outcomeOf(model))),
        ...check.baselines.map((model) =>
          row(takenName(model.baseline), baselineTone(model.baseline), model, outcomeOf(model))
        )
      ]
    }
  ]
}

function scoreColumns(scoredBy: ScoredBy): Column[] {
  const { validity, diversity, choices } = scoreWords(scoredBy)
  const distinct = distinctWords(scoredBy)
  return [validity, diversity, choices, ...(distinct === null ? [] : [distinct])].map((name) =>
    numberColumn(name)
  )
}

function scoreCells({ validity, diversity, effectiveChoices, distinctRight }: ReportedScore): Cell[] {
  return [
    { text: formatScore(validity) },
    { text: formatScore(diversity) },
    { text: effectiveChoices.toFixed(1) },
    ...(distinctRight === undefined ? [] : [{ text: distinctRight.toFixed(2) }])
  ]
}

const toneOfMark = (mark: number | null, otherwise: ModelTone): ModelTone =>
  mark === null ? otherwise : keptStyle(mark).tone

function modelsTable(
  { base, post, recipes, checkpoints, promptCount, scoredBy, source }: ReportedSweep,
  selected: ReportedRange | undefined
): Block {
  const models: [string, ModelTone, ReportedScore, string?][] = [['post', 'post', post]]
  if (base !== null) models.unshift(['base', 'base', base])
  if (selected !== undefined) models.push([rangeName(selected, source), 'hybrid', selected])
  for (const score of recipes) {
    const { recipe, mark, halfOf } = score
    models.push([recipe.name, toneOfMark(mark, 'hybrid'), score, halfWords(halfOf, selected)])
  }
  for (const score of checkpoints) models.push([score.name, toneOfMark(score.mark, 'checkpoint'), score])
  const categories = Object.keys(post.categories)
  const words = scoreWords(scoredBy)
  return {
    kind: 'table',
    label: `Means over ${plural(promptCount, words.prompt)}, then over categories`,
    columns: [
      textColumn('Model'),
      ...scoreColumns(scoredBy),
      ...categories.map((category) => numberColumn(category, `${words.validity} / ${words.diversity}`))
    ],
    rows: models.map(([name, tone, score, detail]) => [
      { text: name, tone, ...(detail !== undefined && { detail }) },
      ...scoreCells(score),
      ...categories.map((category): Cell => {
        const found = score.categories[category]
        if (found === undefined) return { text: '–' }
        return { text: `${formatScore(found.validity)} / ${formatScore(found.diversity)}` }
      })
    ])
  }
}

/** Of which range a half was scored, where that is not the one selected now. */
function halfWords(
  halfOf: ReportedSweep['recipes'][number]['halfOf'],
  selected: ReportedRange | undefined
): string | undefined {
  if (halfOf === null || (selected !== undefined && isSame(selected, halfOf))) return undefined
  return halfOfWords(halfOf)
}

type ReportedSelection = NonNullable<ReportedSweep['selection']>

function selectionBlocks(sweep: ReportedSweep, selection: ReportedSelection): Block[] {
  const { post, ranges, scoredBy } = sweep
  const words = scoreWords(scoredBy)
  const best = bestRanges(ranges, selection.minimumValidity, BEST_RANGES)
  const tooFew = tooFewWords(sweep.promptCount, selection, words)
  const share = (range: ReportedRange): string =>
    tooFew === null ? formatPercent(shareOf(selection.bootstrap, range)) : '–'
  const { check } = sweep
  const checked = (range: ReportedRange): Cell[] => {
    if (check === null) return []
    const passes = rangePasses(check, range, selection.rho)
    return [{ text: passes === null ? 'not checked' : passes ? 'passes' : 'fails check' }]
  }
  const table: Block = {
    kind: 'table',
    label:
      `The ranges of greatest ${words.diversity}, of ${rangesWords(sweep)} those that keep the ${words.validity}${check === null ? '' : ' on first tokens'}` +
      (selection.reported === null ? '' : `; scores on all ${plural(sweep.promptCount, words.prompt)}`),
    columns: [
      textColumn('Layers'),
      ...scoreColumns(scoredBy),
      numberColumn('gain over post'),
      numberColumn('wins', `of the resamples${onSelectionPrompts(selection, words, 'of')}`),
      ...(check === null ? [] : [textColumn('full answers')])
    ],
    rows: best.map((range): Cell[] => [
      { text: rangeLabel(range), tone: 'hybrid' },
      ...scoreCells(range),
      { text: formatDelta(range.diversity - post.diversity) },
      { text: share(range) },
      ...checked(range)
    ])
  }
  return [
    { kind: 'facts', facts: selectionFacts(selection, words, tooFew, sweep.check) },
    ...(best.length === 0 ? [] : [table])
  ]
}

function selectionFacts(
  selection: ReportedSelection,
  words: ScoreWords,
  tooFew: string | null,
  check: ReportedSweep['check']
): Fact[] {
  const { rho, minimumValidity, bootstrap, crossFit, crossFitReason } = selection
  const { post, selected, noSelectionShare } = bootstrap
  const onSelection = onSelectionPrompts(selection, words, 'on')
  const rule: Fact = [
    'Rule',
    `the range of greatest ${words.diversity} with a ${words.validity} of at least ${formatScore(minimumValidity)} (ρ = ${rho} of post's${onSelection})`
  ]
  if (tooFew !== null) return [rule, ['Intervals', `none, ${tooFew}`]]
  const interval = ([low, high]: readonly [number, number]): string =>
    `${formatScore(low)} to ${formatScore(high)}`
  const both = ({ validity, diversity }: typeof post): string =>
    `${words.validity} ${interval(validity)}, ${words.diversity} ${interval(diversity)}`
  const facts: Fact[] = [rule, [`Post${onSelection}`, both(post)]]
  if (selected !== null) {
    facts.push(
      [`Selected range${onSelection}`, both(selected)],
      gainFact(selection, words, selected.diversityGain)
    )
  }
  facts.push([
    'Intervals',
    `${formatPercent(bootstrap.confidence)}, ${plural(bootstrap.resamples, 'bootstrap resample')} of ${selectionPrompts(selection, words)} by category, seed ${bootstrap.seed}`
  ])
  if (noSelectionShare > 0)
    facts.push(['No range qualifies', `in ${formatPercent(noSelectionShare)} of the resamples`])
  if (crossFit === null) return [...facts, ['Cross-fitted', crossFitReason ?? 'no score']]
  const picked = crossFit.folds.map((fold) =>
    fold.selected === null ? 'none' : rangeLabel(fold.selected) + uncheckedMark(check, fold.selected)
  )
  return [
    ...facts,
    [
      'Cross-fitted',
      `${words.diversity} ${formatScore(crossFit.diversity)} ${crossFitAt(crossFit, minimumValidity, words, [])}; post ` +
        `${formatScore(crossFit.postDiversity)} at ${formatScore(crossFit.postValidity)}; the halves${onSelectionPrompts(selection, words, 'of')} picked ${picked.join(' and ')}`
    ]
  ]
}

/** The gain of the selected range, in a split sweep on the hold-out prompts. @param interval from the resamples */
function gainFact({ reported }: ReportedSelection, words: ScoreWords, interval: Interval): Fact {
  const label = `Gain in ${words.diversity}`
  if (reported === null) return [label, formatDeltas(interval)]
  return [`${label} on ${holdOutPrompts(reported, words)}`, differenceWords(reported.gain.diversity)]
}

/** What the scores are of, and what the two in the chart are. */
function scoredByBlock({ scoredBy, post }: ReportedSweep): Block {
  const { validity, diversity, means } = scoreWords(scoredBy)
  const text = `Scored by ${scoredByWords(scoredBy)}. ${capitalised(validity)}: ${means.validity}; ${diversity}: ${means.diversity}.`
  const unlisted = unlistedWords(post)
  if (unlisted !== null) return paragraph(`${text} Of post's answers ${unlisted}.`)
  return paragraph(text)
}

/** The best baseline of each kind against the selected range, on full answers where both were checked. */
function baselineBlocks({ scoredBy }: ReportedSweep, selection: Selection): Block[] {
  const { rivals, selected, rho, reported } = selection
  if (selected === null || rivals.length === 0) return []
  const words = scoreWords(scoredBy)
  const label =
    `The best baseline of each kind at ${words.validity} of ${rho} of post's or more${onSelectionPrompts(selection, words, 'on')}, against ${rangePhrase(selected)}` +
    (reported === null ? '' : ` on ${holdOutPrompts(reported, words)}`)
  const isAnyChecked = rivals.some(({ answers }) => answers !== null)
  const rows = rivals.map((rival): Cell[] => {
    const { validity, diversity, difference, isOnFullAnswers } = comparedScores(rival)
    return [
      { text: baselineName(rival) },
      ...(isAnyChecked ? [{ text: isOnFullAnswers ? 'full answers' : 'first tokens' }] : []),
      { text: formatScore(validity) },
      { text: formatScore(diversity) },
      { text: differenceWords(difference.validity) },
      { text: differenceWords(difference.diversity) }
    ]
  })
  const columns = [
    textColumn('Baseline'),
    ...(isAnyChecked ? [textColumn('scored on')] : []),
    numberColumn(words.validity),
    numberColumn(words.diversity),
    numberColumn(words.validity, 'difference, 95 %, p'),
    numberColumn(words.diversity, 'difference, 95 %, p')
  ]
  return [
    { kind: 'table', label, columns, rows },
    {
      kind: 'note',
      text: 'Differences are by sign flips over prompts, each pair by itself: of the best of many the interval flatters. Attention or MLP of the same layers alone, and controls, ranges of the same length, may keep less.'
    }
  ]
}

function soupBlocks({ soup, scoredBy }: ReportedSweep): Block[] {
  if (soup.length === 0) return []
  const label = 'The soup: all layers blended alike, 0 post, 1 every layer of base'
  const rows = soup.map((blend): Cell[] => [{ text: String(blend.strength) }, ...scoreCells(blend)])
  return [
    fold(label, [
      { kind: 'table', label, columns: [textColumn('Strength'), ...scoreColumns(scoredBy)], rows }
    ])
  ]
}

function allRangesBlocks({ ranges, preview, scoredBy }: ReportedSweep): Block[] {
  if (ranges.length === 0) return []
  const label = preview === null ? `All ${plural(ranges.length, 'range')}` : rangesWords({ ranges, preview })
  const rows = ranges.map((range): Cell[] => [{ text: rangeLabel(range) }, ...scoreCells(range)])
  return [
    fold(label, [{ kind: 'table', label, columns: [textColumn('Layers'), ...scoreColumns(scoredBy)], rows }])
  ]
}

function sweepFacts(sweep: ReportedSweep, sweepCount: number): Fact[] {
  const { work, followUp, memory, promptCount, reusedPromptCount, baseUnavailable, rendering } = sweep
  const facts: Fact[] = [
    ['Sweep', `${sweep.id}${sweepCount > 1 ? `, one of ${sweepCount} in the project` : ''}`],
    [
      'Computed',
      `${formatUtc(sweep.createdAt)} by SLR Workbench ${sweep.programVersion || 'of an unknown version'}`
    ],
    [
      'Restored to',
      sweep.source === null ? 'base' : `${sweep.source.name}, fingerprint ${sweep.source.fingerprint}`
    ],
    ['Device', `${DEVICE_LABELS[sweep.device]} in ${sweep.precision}`],
    ['Time', formatDuration(sweep.seconds)],
    [
      'Work',
      `${workOfPrompts(work, sweep.preview)}, ${formatMemory(work.weightBytesRead)} of layer weights read` +
        (followUp === null
          ? ''
          : `; then ${formatCount(followUp.blockEvaluations)} for attention and MLP alone of the range that it selected itself`)
    ],
    [
      'Prompts',
      `${formatCount(promptCount)}${reusedPromptCount === 0 ? '' : `, of which ${formatCount(reusedPromptCount)} were computed by an earlier run`}`
    ]
  ]
  if (memory !== undefined) {
    facts.push([
      'Memory',
      `${formatMemory(memory.plannedPeakBytes)} planned of ${formatMemory(memory.budgetBytes)}, ${plural(memory.groupCount, 'group')} of prompts`
    ])
  }
  if (baseUnavailable !== null) facts.push(['Base as a whole', baseUnavailable])
  return [
    ...facts,
    ...renderingFacts(rendering),
    ...(sweep.scoredBy.kind === 'task'
      ? []
      : [['Leading white space', rendering.countLeadingSpace ? 'counts' : 'does not count'] satisfies Fact]),
    ...originFacts(sweep.origin)
  ]
}
