import type { MinPDraw } from '../../../contract/model/sampling'
import type { Selection, SweepDocument } from '../../../contract/documents/crc'
import type { Work } from '../../../contract/documents/sweep-work'
import type { CheckResult } from '../../../contract/documents/answer-check'
import { verdictOf } from '../../../contract/words/verdict'
import { scoredByWords, scoreWords, unlistedWords } from '../../../contract/words/score-words'
import type { EvaluationFinding } from '../../../contract/documents/verdict'
import type { SweepPart } from '../../../contract/documents/sweep-part'
import { formatMemory } from '../../../contract/model/bytes'
import { runToEnd } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import { formatDuration, plural, rangeName } from '../../../contract/words/format'
import { isSame } from '../../../contract/words/range-facts'
import type { Block } from '../../report/blocks'
import {
  baselineBlocks,
  bestRangesBlocks,
  blendsTable,
  confidenceBlock,
  type ModelRow,
  modelsTable,
  ruleWords
} from '../../report/sections/sweep-findings'
import { blocksText } from './blocks'
import { colourBits } from './colours'
import { describeVerdict } from './verdict-report'
import { describePreview } from './preview-report'
import { describeRangeMap } from './range-map'
import { workOfPrompts } from '../../../contract/words/preview-words'
import { count, printable, style } from './output'
import { drawnWidth } from './shown-width'

/** Facts about a sweep that its document does not have. */
interface SweepContext {
  /** The built-in set of its prompts; null for none. */
  promptSet?: string | null
  /** Differences from the sweep if another sampler is asked about. */
  asked?: { sampler: MinPDraw | null; words: string | null }
  /** The newest evaluation of the selected range; null for none. */
  evaluation?: EvaluationFinding | null
}

/**
 * Writes a sweep for the terminal: the verdict and how sure it is, then the models, every range, and the best ones.
 *
 * @param check its full-answer check; null for none
 * @param checkCommand the command that checks its full answers
 */
export function describeSweep(
  stored: SweepDocument,
  check: CheckResult | null,
  checkCommand: string,
  { promptSet = null, asked = { sampler: null, words: null }, evaluation = null }: SweepContext = {}
): string {
  const selection =
    stored.selection === null ? null : runToEnd(checkedSelection(stored, check, stored.selection.rho))
  const sweep = { ...stored, selected: selection?.selected ?? null, promptCount: stored.prompts.length }
  const verdict =
    selection === null ? null : verdictOf({ ...sweep, selection, check, evaluation, sampler: asked.sampler })
  // Prompts that post itself fails say nothing about ranges.
  const sure = verdict?.state === 'unfit-prompts' ? null : selection
  const blends = sweep.uniformBlends.length === 0 ? [] : [blendsTable(sweep.uniformBlends, sweep)]
  return [
    ...(selection === null || verdict === null
      ? []
      : [
          describeVerdict(verdict, checkCommand, asked.words),
          ...describePreview({ ...sweep, selection, check })
        ]),
    ...(sure === null
      ? []
      : [blocksText([confidenceBlock(sweep, sure, check), ...baselineBlocks(sweep, sure)])]),
    blocksText([
      ...contextBlocks(sweep, promptSet),
      modelsTable(modelRows(sweep), sweep),
      ...noteBlocks(sweep)
    ]),
    ...(sure === null
      ? []
      : [
          ...describeMap(sweep, sure),
          blocksText([
            { kind: 'facts', facts: [['Rule', ruleWords(sure, sweep.scoredBy)]] },
            ...bestRangesBlocks(sweep, sure, check)
          ])
        ]),
    blocksText(blends),
    describeWork(sweep)
  ]
    .filter((text) => text !== '')
    .join('\n\n')
}

/** Names the built-in prompts, the task of the scores, and the source of the ranges unless that is base. */
function contextBlocks({ scoredBy, source, prompts }: SweepDocument, promptSet: string | null): Block[] {
  const texts = [
    ...(promptSet === null ? [] : [`${plural(prompts.length, 'prompt')} of the built-in set ${promptSet}.`]),
    ...(scoredBy.kind === 'task' ? [`Scored by ${scoredByWords(scoredBy)}.`] : []),
    ...(source === null
      ? []
      : [`Ranges and blends are restored to ${source.name} (${source.path}), not to base.`])
  ]
  return texts.map((text) => ({ kind: 'paragraph', text }))
}

function modelRows({
  base,
  post,
  ranges,
  recipes,
  checkpoints,
  selected,
  source
}: SweepDocument): ModelRow[] {
  const best = ranges.find((range) => isSame(range, selected))
  return [
    ...(base === null ? [] : [{ name: 'base', tone: 'base', score: base } as const]),
    { name: 'post', tone: 'post', score: post },
    ...(best === undefined ? [] : [{ name: rangeName(best, source), tone: 'hybrid', score: best } as const]),
    ...recipes.map((score) => ({ name: score.recipe.name, tone: 'hybrid', score }) as const),
    ...checkpoints.map((score) => ({ name: score.name, tone: 'checkpoint', score }) as const)
  ]
}

/** Says which answers of post and the selected range are not listed, and why base has no score. */
function noteBlocks({ post, ranges, selected, source, baseUnavailable }: SweepDocument): Block[] {
  const best = ranges.find((range) => isSame(range, selected))
  const models = [
    { name: 'post', score: post },
    ...(best === undefined ? [] : [{ name: rangeName(best, source), score: best }])
  ]
  const unlisted = models.flatMap(({ name, score }) => {
    const words = unlistedWords(score)
    return words === null ? [] : [`Of the answers of ${name} ${words}.`]
  })
  return [...unlisted, ...(baseUnavailable === null ? [] : [baseUnavailable])].map((text) => ({
    kind: 'paragraph',
    text
  }))
}

/** A part for people: how much it is of the sweep. What to restore, only the merged sweep can say. */
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

/** Nothing where the terminal is too narrow; a pipe is taken to be as wide as a terminal usually is. */
function describeMap(
  { ranges, preview, selected, scoredBy }: SweepDocument,
  { minimumValidity }: Selection
): string[] {
  const map = describeRangeMap(ranges, {
    estimated: preview?.ranges ?? [],
    minimumValidity,
    words: scoreWords(scoredBy),
    selected,
    width: drawnWidth(),
    colourBits: colourBits()
  })
  return map === null ? [] : [`${style('bold', 'Every range')}: ${map}`]
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
      : ` ${count(reusedPromptCount)} of ${plural(prompts.length, 'prompt')} ${reusedPromptCount === 1 ? 'was' : 'were'} computed by an earlier run.`
  const after =
    followUp === null
      ? ''
      : ` Then ${plural(followUp.blockEvaluations, 'block evaluation')} for attention and MLP of the selected range alone.`
  return style(
    'dim',
    `${workDone(work, preview)} in ${formatDuration(seconds)} on ${printable(device)}.${reused}${after}`
  )
}

function workDone(work: Work, preview: SweepDocument['preview']): string {
  return `${workOfPrompts(work, preview)}, ${formatMemory(work.weightBytesRead)} of layer weights read`
}
