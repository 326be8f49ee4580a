import { FEW_SHOT_WORD } from '../../../contract/model/few-shot'
import { baselineWord } from './baseline-word'
import type { CategoryScore, RangeScore, Selection, SweepDocument } from '../../../contract/documents/crc'
import { checkOfRange, rangePasses, type CheckResult } from '../../../contract/documents/answer-check'
import { baselineName, comparedScores } from '../../../contract/words/baseline-words'
import { type NextCommands, describeVerdict } from './verdict-report'
import type { RestorationRange } from '../../../contract/model/recipe'
import { bestRanges } from '../../crc/selection/best-ranges'
import { decimal, table, count, printable, style } from './output'
import type { MinPDraw } from '../../../contract/model/sampling'
import { verdictOf } from '../../../contract/words/verdict'
import { scoredByWords, scoreWords, unlistedWords } from '../../../contract/words/score-words'
import type { EvaluationFinding } from '../../../contract/documents/verdict'
import type { SweepPart } from '../../../contract/documents/sweep-part'
import { formatMemory } from '../../../contract/model/bytes'
import { runToEnd } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import { formatDuration, plural, rangeName } from '../../../contract/words/format'
import { isSame } from '../../../contract/words/range-facts'
import { type Block, block } from '../../report/blocks'
import {
  baselineBlocks,
  bestRangesBlocks,
  blendsTable,
  confidenceBlock,
  modelsTable,
  ruleWords
} from '../../report/sections/sweep-findings'
import { modelRows } from '../../report/sections/sweep'
import { blocksText } from './blocks'
import { describePreview } from './preview-report'
import { workOfPrompts } from '../../../contract/words/preview-words'
import { findRange } from '../../../contract/model/strengths'

interface SweepContext {
  /** The built-in set of the sweep's prompts; null for other prompts. */
  promptSet?: string | null
  /** Settings that differ from the sweep. */
  whatIf?: { sampler: MinPDraw | null; words: string | null }
  evaluation?: EvaluationFinding | null
  details?: boolean
  /** True if a check covers every range that may be selected. */
  isAllChecked?: boolean
}

/** Describes a sweep: the verdict in three lines and the best models. Details add all models and figures. */
export function describeSweep(
  stored: SweepDocument,
  check: CheckResult | null,
  next: (selected: RestorationRange | null) => NextCommands,
  {
    promptSet = null,
    whatIf = { sampler: null, words: null },
    evaluation = null,
    details = false,
    isAllChecked
  }: SweepContext = {}
): string {
  const selection = stored.selection === null ? null : runToEnd(checkedSelection(stored, check, stored.selection.rho))
  const sweep = { ...stored, selected: selection?.selected ?? null, promptCount: stored.prompts.length }
  const evidence = {
    evaluation,
    sampler: whatIf.sampler,
    ...(isAllChecked === undefined ? {} : { isAllChecked })
  }
  const verdict = selection === null ? null : verdictOf({ ...sweep, selection, check, ...evidence })
  // A check is of the sampler of the sweep.
  const fittingCheck = whatIf.sampler === null ? check : null
  // If post itself fails the prompts, no range can be selected by them.
  const usableSelection = verdict?.state === 'unfit-prompts' ? null : selection
  const head =
    verdict === null ? null : describeVerdict(verdict, next(sweep.selected), { whatIf: whatIf.words, details })
  if (!details && head !== null && usableSelection !== null) {
    return [head, describeBest(sweep, usableSelection, fittingCheck), describeEffort(sweep)].join('\n\n')
  }
  const blends = sweep.uniformBlends.length === 0 ? [] : [blendsTable(sweep.uniformBlends, sweep)]
  return [
    ...(selection === null || head === null ? [] : [head, ...describePreview({ ...sweep, selection })]),
    ...(usableSelection === null
      ? []
      : [
          blocksText([confidenceBlock(sweep, usableSelection, fittingCheck), ...baselineBlocks(sweep, usableSelection)])
        ]),
    blocksText([
      ...contextBlocks(sweep, promptSet),
      modelsTable(modelRows(sweep, selectedOf(sweep)), sweep),
      ...noteBlocks(sweep)
    ]),
    ...(usableSelection === null
      ? []
      : [
          blocksText([
            { kind: 'facts', facts: [['Rule', ruleWords(usableSelection, sweep.scoredBy)]] },
            ...bestRangesBlocks(sweep, usableSelection, fittingCheck)
          ])
        ]),
    blocksText(blends),
    describeWork(sweep)
  ]
    .filter((text) => text !== '')
    .join('\n\n')
}

/** Describes the work in a line, and how to print more. */
function describeEffort({
  work,
  fewShot,
  seconds,
  device
}: Pick<SweepDocument, 'work' | 'fewShot' | 'seconds' | 'device'>): string {
  const more = fewShot === undefined ? '' : `, ${fewShot.work.blockEvaluations} more for ${FEW_SHOT_WORD},`
  const effort = `${plural(work.blockEvaluations, 'block evaluation')}${more} in ${formatDuration(seconds)}`
  return style('dim', `${effort} on ${printable(device)}. ${DETAILS}`)
}

const DETAILS = 'More ranges, baselines and caveats: --details. All ranges: --csv FILE.'

const SHORT_RANGES = 5
const SHORT_BASELINES = 2

type Scored = Pick<CategoryScore, 'diversity' | 'validity'>

function describeBest(
  { post, fewShot, ranges, scoredBy }: SweepDocument,
  selection: Selection,
  check: CheckResult | null
): string {
  const { rho, minimumValidity, selected, baselines } = selection
  const words = scoreWords(scoredBy)
  const best = bestRanges(ranges, minimumValidity, SHORT_RANGES)
  const isListed = best.some((range) => selected !== null && isSame(range, selected))
  const extra = isListed ? [] : ranges.filter((range) => selected !== null && isSame(range, selected))
  const bestBaselines = baselines
    .filter(({ baseline: { kind } }) => kind !== 'control')
    .toSorted((a, b) => comparedScores(b).diversity - comparedScores(a).diversity)
    .slice(0, SHORT_BASELINES)
  const row = (name: string, score: Scored, fullAnswers: Scored | null, passes: boolean | null): string[] => {
    const cells = [name, decimal(score.diversity), decimal(score.validity)]
    if (check === null) return cells
    const checked = fullAnswers === null ? ['', ''] : [decimal(fullAnswers.diversity), decimal(fullAnswers.validity)]
    const passWord = passes === true ? 'yes' : 'no'
    return [...cells, ...checked, passes === null ? '' : passWord]
  }
  const rows = [
    row('post', post, check?.post.answers ?? null, null),
    ...(fewShot === undefined ? [] : [row(FEW_SHOT_WORD, fewShot, null, null)]),
    ...[...extra, ...best].map((range) =>
      row(
        `${range.start}-${range.end}${selected !== null && isSame(range, selected) ? ', selected' : ''}`,
        range,
        checkOfRange(check, range)?.answers ?? null,
        rangePasses(check, range, rho)
      )
    ),
    ...bestBaselines.map((compared) => {
      const { answers } = compared
      const passes = answers === null ? null : answers.validity >= answers.minimumValidity
      return row(printable(baselineWord(compared.baseline) ?? baselineName(compared)), compared, answers, passes)
    })
  ]
  const heading = [
    'layers',
    words.diversity,
    words.validity,
    ...(check === null ? [] : [`${words.diversity} on full answers`, `${words.validity} on full answers`, 'passes'])
  ]
  const rule = `${words.validity} of at least ${decimal(minimumValidity)}, ${rho} x post`
  const title = style('bold', `Best of ${plural(ranges.length, 'range')}`)
  return `${title} (${rule})\n${table([heading, ...rows], check === null ? 'lrr' : 'lrrrrl')}`
}

/** Names the built-in prompts, the task of the scores, and the source of the ranges unless that is base. */
function contextBlocks({ scoredBy, source, prompts }: SweepDocument, promptSet: string | null): Block[] {
  const texts = [
    ...(promptSet === null ? [] : [`${plural(prompts.length, 'prompt')} of the built-in set ${promptSet}.`]),
    ...(scoredBy.kind === 'task' ? [`Scored by ${scoredByWords(scoredBy)}.`] : []),
    ...(source === null ? [] : [`Ranges and blends are restored to ${source.name} (${source.path}), not to base.`])
  ]
  return texts.map(block.paragraph)
}

const selectedOf = ({ ranges, selected }: SweepDocument): RangeScore | undefined => findRange(ranges, selected)

/** Describes the unlisted answers of post and the selected range, and why base has no score. */
function noteBlocks(sweep: SweepDocument): Block[] {
  const { post, source, baseUnavailable } = sweep
  const best = selectedOf(sweep)
  const models = [
    { name: 'post', score: post },
    ...(best === undefined ? [] : [{ name: rangeName(best, source), score: best }])
  ]
  const unlisted = models.flatMap(({ name, score }) => {
    const words = unlistedWords(score)
    return words === null ? [] : [`Of the answers of ${name} ${words}.`]
  })
  return [...unlisted, ...(baseUnavailable === null ? [] : [baseUnavailable])].map(block.paragraph)
}

/** Describes a part of a sweep, without a selected range. A range is selected when the parts are merged. */
export function describePart(part: SweepPart): string {
  const { shard, scoredPrompts, prompts, models } = part
  return [
    style(
      'bold',
      `Shard ${shard.index} of ${shard.count}: ${count(scoredPrompts.length)} of ${plural(prompts.length, 'prompt')}`
    ) + ` on ${plural(models.length, 'model')}`,
    describeWork(part)
  ].join('\n')
}

function describeWork({
  work,
  followUp = null,
  seconds,
  device,
  prompts,
  reusedPromptCount,
  preview = null
}: Pick<SweepDocument, 'work' | 'seconds' | 'device' | 'prompts' | 'reusedPromptCount'> &
  Partial<Pick<SweepDocument, 'followUp' | 'preview'>>): string {
  const reused =
    reusedPromptCount === 0
      ? ''
      : ` ${count(reusedPromptCount)} of ${plural(prompts.length, 'prompt')} come from an earlier run.`
  const halves = 'attention and MLP of the selected range'
  const after = followUp === null ? '' : ` Then ${plural(followUp.blockEvaluations, 'block evaluation')} for ${halves}.`
  return style(
    'dim',
    `${workOfPrompts(work, preview)}, ${formatMemory(work.weightBytesRead)} of layer weights read in ` +
      `${formatDuration(seconds)} on ${printable(device)}.${reused}${after}`
  )
}
