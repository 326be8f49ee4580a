import { FEW_SHOT_WORD } from '../../../contract/model/few-shot'
import { formatMemory } from '../../../contract/model/bytes'
import { DEVICE_LABELS } from '../../../contract/model/device'
import {
  capitalised,
  formatCount,
  formatDuration,
  formatPercent,
  formatScore,
  formatUtc,
  plural,
  rangeName
} from '../../../contract/words/format'
import { halfOfWords, tooFewWords } from '../../../contract/words/baseline-words'
import { scoredByWords, scoreWords, unlistedWords } from '../../../contract/words/score-words'
import type { Selection } from '../../../contract/documents/crc'
import { onSelectionPrompts, selectionPrompts } from '../../../contract/words/split-words'
import { hasPreview, previewFacts, workOfPrompts } from '../../../contract/words/preview-words'
import { isSame } from '../../../contract/words/range-facts'
import type { Report, ReportedRange, ReportedScore, ReportedSweep } from '../../../contract/documents/report'
import { keptStyle, type ModelTone } from '../../../contract/model/model-style'
import { type Block, block, emptySection, type Fact, annotationBlocks, type Section, type TableBlock } from '../blocks'
import { rangesChart } from './ranges-chart'
import { originFacts, renderingFacts } from './settings-facts'
import {
  baselineBlocks,
  bestRangesBlocks,
  blendsTable,
  confidenceBlock,
  fullAnswersTable,
  type ModelRow,
  modelsTable,
  rangesTable,
  rangesWords,
  ruleWords
} from './sweep-findings'
import { verdictBlocks } from './verdict'
import { findRange } from '../../../contract/model/strengths'

export function sweepSection({ sweep, sweepCount }: Report): Section {
  const section = { id: 'sweep', title: 'The sweep' }
  if (sweep === null)
    return emptySection(section, 'No sweep yet. “Sweep all ranges” in the Ranges view scores every range.')
  const { selection, ranges } = sweep
  const words = scoreWords(sweep.scoredBy)
  // If post fails the prompts, scores do not show which range is better, and the selection is not shown.
  const shownSelection = sweep.verdict?.state === 'unfit-prompts' ? null : selection
  const best = selection?.selected ?? null
  const selected = findRange(ranges, best)
  return {
    ...section,
    blocks: [
      ...headlineBlocks(sweep),
      ...annotationBlocks(sweep.annotations),
      scoredByBlock(sweep),
      ...(shownSelection === null ? [] : [confidenceBlock(sweep, shownSelection, sweep.check)]),
      {
        kind: 'chart',
        label:
          `${capitalised(words.diversity)} of every range by its first and last restored layer; ` +
          `${words.diversity} against ${words.validity} of ${rangesWords(sweep)}, base, post and other recipes.`,
        chart: rangesChart(sweep)
      },
      ...(sweep.check === null || selection === null ? [] : [fullAnswersTable(sweep.check, selection.rho)]),
      modelsTable(modelRows(sweep, selected), sweep),
      ...(shownSelection === null
        ? []
        : [
            block.facts(selectionFacts(sweep, shownSelection)),
            ...bestRangesBlocks(sweep, shownSelection, sweep.check),
            ...baselineBlocks(sweep, shownSelection)
          ]),
      ...(sweep.uniformBlends.length === 0 ? [] : [folded(blendsTable(sweep.uniformBlends, sweep))]),
      ...(ranges.length === 0 ? [] : [folded(rangesTable(allRangesLabel(sweep), sweep))]),
      ...sweep.notices.map(block.note),
      block.fold('Settings of the sweep', [block.facts(sweepFacts(sweep, sweepCount))])
    ]
  }
}

/** Folds a table under its own label. */
const folded = (table: TableBlock): Block => block.fold(table.label, [table])

const allRangesLabel = ({ ranges, preview }: ReportedSweep): string =>
  preview === null ? `All ${plural(ranges.length, 'range')}` : rangesWords({ ranges, preview })

/** Shows the verdict on a sweep, and a note on the safety of restored models. */
export function headlineBlocks(sweep: ReportedSweep): Block[] {
  const { verdict } = sweep
  if (verdict === null) return [block.lead('No ranges were scored, so none is selected.')]
  // The block of a preview has more detail than its caveat.
  const caveats = verdict.caveats.filter(({ state }) => state !== 'previewed')
  return [
    ...verdictBlocks({ ...verdict, caveats }),
    ...previewBlocks(sweep),
    ...(verdict.range === null ? [] : [block.note(sweep.safety)])
  ]
}

/** States the basis of a preview's numbers. */
function previewBlocks({ selection, ...sweep }: ReportedSweep): Block[] {
  if (selection === null) return []
  const evidence = { ...sweep, selection }
  if (!hasPreview(evidence)) return []
  const { basis, others, isDoubtful } = previewFacts({ ...evidence, promptCount: sweep.promptCount })
  return [(isDoubtful ? block.warning : block.note)(`A preview: ${basis}. ${others}`)]
}

/** Returns the colour of a kept model's badge, or else another colour. */
const toneOfMark = (mark: number | null | undefined, otherwise: ModelTone): ModelTone =>
  mark === null || mark === undefined ? otherwise : keptStyle(mark).tone

type ReportedRecipe = ReportedSweep['recipes'][number]

/** Models of a sweep. A report also has the badges (`mark`) of kept models, and a stored sweep has not. */
interface ScoredModels extends Pick<ReportedSweep, 'base' | 'post' | 'source'> {
  readonly fewShot?: ReportedScore | undefined
  readonly recipes: readonly (ReportedScore &
    Pick<ReportedRecipe, 'recipe'> &
    Partial<Pick<ReportedRecipe, 'mark' | 'halfOf'>>)[]
  readonly checkpoints: readonly (ReportedScore & { name: string; mark?: number | null })[]
}

/** Lists the models of a sweep that are no baselines, for {@link modelsTable}. */
export function modelRows(
  { base, fewShot, post, recipes, checkpoints, source }: ScoredModels,
  selected: ReportedRange | undefined
): ModelRow[] {
  return [
    ...(base === null ? [] : [{ name: 'base', tone: 'base', score: base } as const]),
    ...(fewShot === undefined ? [] : [{ name: FEW_SHOT_WORD, tone: 'base', score: fewShot } as const]),
    { name: 'post', tone: 'post', score: post },
    ...(selected === undefined
      ? []
      : [{ name: rangeName(selected, source), tone: 'hybrid', score: selected } as const]),
    ...recipes.map((score) => {
      const detail = halfWords(score.halfOf ?? null, selected)
      return {
        name: score.recipe.name,
        tone: toneOfMark(score.mark, 'hybrid'),
        score,
        ...(detail !== undefined && { detail })
      }
    }),
    ...checkpoints.map((score) => ({ name: score.name, tone: toneOfMark(score.mark, 'checkpoint'), score }))
  ]
}

/** Names the range of which a recipe restores only attention or MLP, unless that range is selected now. */
function halfWords(halfOf: ReportedRecipe['halfOf'], selected: ReportedRange | undefined): string | undefined {
  if (halfOf === null || (selected !== undefined && isSame(selected, halfOf))) return undefined
  return halfOfWords(halfOf)
}

/** Returns the rule of the selection with the intervals behind it. */
function selectionFacts(sweep: ReportedSweep, selection: Selection): Fact[] {
  const { bootstrap } = selection
  const words = scoreWords(sweep.scoredBy)
  const rule: Fact = ['Rule', ruleWords(selection, sweep.scoredBy)]
  if (tooFewWords(sweep.promptCount, selection, words) !== null) return [rule]
  const { post, selected } = bootstrap
  const onSelection = onSelectionPrompts(selection, words, 'on')
  const interval = ([low, high]: readonly [number, number]): string => `${formatScore(low)} to ${formatScore(high)}`
  const both = ({ validity, diversity }: typeof post): string =>
    `${words.validity} ${interval(validity)}, ${words.diversity} ${interval(diversity)}`
  return [
    rule,
    [`Post${onSelection}`, both(post)],
    ...(selected === null ? [] : [[`Selected range${onSelection}`, both(selected)] satisfies Fact]),
    [
      'Intervals',
      `${formatPercent(bootstrap.confidence)}, ${plural(bootstrap.resamples, 'bootstrap resample')} of ` +
        `${selectionPrompts(selection, words)} by category, seed ${bootstrap.seed}`
    ]
  ]
}

function scoredByBlock({ scoredBy, post }: ReportedSweep): Block {
  const { validity, diversity, means } = scoreWords(scoredBy)
  const text =
    `Scored by ${scoredByWords(scoredBy)}. ${capitalised(validity)}: ${means.validity}; ${diversity}: ` +
    `${means.diversity}.`
  const unlisted = unlistedWords(post)
  if (unlisted !== null) return block.paragraph(`${text} Of post's answers ${unlisted}.`)
  return block.paragraph(text)
}

function sweepFacts(sweep: ReportedSweep, sweepCount: number): Fact[] {
  const { work, fewShot, followUp, memory, promptCount, reusedPromptCount, baseUnavailable, rendering } = sweep
  const sweepWork: Fact[] = [
    ['Sweep', `${sweep.id}${sweepCount > 1 ? `, one of ${sweepCount} in the project` : ''}`],
    ['Computed', `${formatUtc(sweep.createdAt)} by SLR Workbench ${sweep.programVersion || 'of an unknown version'}`],
    ['Restored to', sweep.source === null ? 'base' : `${sweep.source.name}, fingerprint ${sweep.source.fingerprint}`],
    ['Device', `${DEVICE_LABELS[sweep.device]} in ${sweep.precision}`],
    ['Time', formatDuration(sweep.seconds)],
    [
      'Work',
      `${workOfPrompts(work, sweep.preview)}, ${formatMemory(work.weightBytesRead)} of layer weights read` +
        (followUp === null
          ? ''
          : `; then ${formatCount(followUp.blockEvaluations)} for attention and MLP alone of its selected range`) +
        (fewShot === undefined ? '' : `; then ${formatCount(fewShot.work.blockEvaluations)} for ${FEW_SHOT_WORD}`)
    ],
    [
      'Prompts',
      formatCount(promptCount) +
        (reusedPromptCount === 0 ? '' : `, of which ${formatCount(reusedPromptCount)} were computed by an earlier run`)
    ]
  ]
  if (memory !== undefined) {
    sweepWork.push([
      'Memory',
      `${formatMemory(memory.plannedPeakBytes)} planned of ${formatMemory(memory.budgetBytes)}, ` +
        `${plural(memory.groupCount, 'group')} of prompts`
    ])
  }
  if (baseUnavailable !== null) sweepWork.push(['Base as a whole', baseUnavailable])
  return [
    ...sweepWork,
    ...renderingFacts(rendering),
    ...(sweep.scoredBy.kind === 'task'
      ? []
      : [['Leading white space', rendering.countLeadingSpace ? 'counts' : 'does not count'] satisfies Fact]),
    ...originFacts(sweep.origin)
  ]
}
