import type { MinPDraw } from '../../../contract/model/sampling'
import type { RangeScore, Score, Selection, SweepDocument } from '../../../contract/documents/crc'
import type { Work } from '../../../contract/documents/sweep-work'
import type { ScoredBy } from '../../../contract/documents/scored-by'
import { type CheckResult, rejectedRanges } from '../../../contract/documents/answer-check'
import { verdictOf } from '../../../contract/words/verdict'
import {
  baselineName,
  comparedScores,
  differenceWords,
  promptsBehind,
  PROMPTS_FOR_INTERVAL
} from '../../../contract/words/baseline-words'
import { crossFitAt, uncheckedHalves, uncheckedWins } from '../../../contract/words/cross-fit-words'
import {
  scoredByWords,
  type ScoreWords,
  scoreWords,
  unlistedWords
} from '../../../contract/words/score-words'
import { holdOutPrompts, onSelectionPrompts, selectionPrompts } from '../../../contract/words/split-words'
import type { EvaluationFinding } from '../../../contract/documents/verdict'
import type { RestorationRange } from '../../../contract/model/recipe'
import type { SweepPart } from '../../../contract/documents/sweep-part'
import { formatMemory } from '../../../contract/model/bytes'
import { uncheckedMark } from '../../../contract/words/recipe-check'
import { runToEnd } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import { bestRanges } from '../../crc/selection/best-ranges'
import { formatDelta, formatDeltas, formatDuration, plural } from '../../../contract/words/format'
import { colourBits } from './colours'
import { describeVerdict } from './verdict-report'
import { describePreview } from './preview-report'
import { describeRangeMap } from './range-map'
import { amongExact, workOfPrompts } from '../../../contract/words/preview-words'
import { count, decimal, printable, style, table } from './output'
import { drawnWidth } from './shown-width'

/** Ranges shown of the many that were scored; the JSON holds all. */
const TOP_RANGES = 10
/** Ranges named in the bootstrap's line. */
const TOP_WINS = 3

/** What is known of a sweep beside its document. */
interface Told {
  /** The built-in set that its prompts are; null for none. */
  promptSet?: string | null
  /** What differs from the sweep, where it is asked what would be. */
  asked?: { sampler: MinPDraw | null; words: string | null }
  /** The newest evaluation of the selected range; null for none. */
  evaluation?: EvaluationFinding | null
}

/**
 * A sweep for people: what was selected and how sure that is, then the models, every range, and the best ones.
 *
 * @param check of its whole answers, where an earlier sweep's says the same of it; null for none
 * @param checkCommand the command that checks it on whole answers
 */
export function describeSweep(
  stored: SweepDocument,
  check: CheckResult | null,
  checkCommand: string,
  { promptSet = null, asked = { sampler: null, words: null }, evaluation = null }: Told = {}
): string {
  const selection =
    stored.selection === null ? null : runToEnd(checkedSelection(stored, check, stored.selection.rho))
  const sweep = { ...stored, selected: selection?.selected ?? null }
  const verdict =
    selection === null ? null : verdictOf({ ...sweep, selection, check, evaluation, sampler: asked.sampler })
  const found =
    selection === null || verdict === null
      ? []
      : [
          describeVerdict(verdict, checkCommand, asked.words),
          ...describePreview({ ...sweep, selection, check }),
          // Of prompts that post itself fails ranges say nothing.
          ...(verdict.state === 'unfit-prompts'
            ? []
            : [certaintyOf(sweep, selection, check), ...describeBaselines(sweep, selection)])
        ]
  const compared =
    selection === null || verdict?.state === 'unfit-prompts'
      ? []
      : [...describeMap(sweep, selection), describeTopRanges(sweep, selection)]
  const uniformBlends = sweep.uniformBlends.length > 0 ? [describeUniformBlends(sweep)] : []
  return [
    ...found,
    describeModels(sweep, promptSet),
    ...compared,
    ...uniformBlends,
    describeWork(sweep)
  ].join('\n\n')
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

function meansTitle(promptCount: number, promptSet: string | null): string {
  const set = promptSet === null ? '' : ` of the built-in set ${promptSet}`
  return style('bold', `Means over ${plural(promptCount, 'prompt')}${set}, then over categories`)
}

function describeModels(
  {
    base,
    baseUnavailable,
    post,
    ranges,
    recipes,
    checkpoints,
    selected,
    prompts,
    scoredBy,
    source
  }: SweepDocument,
  promptSet: string | null
): string {
  const best = selected === null ? undefined : ranges.find((range) => isSame(range, selected))
  const from = source === null ? '' : ` from ${source.name}`
  const models: [string, Score][] = [
    ...(base === null ? [] : [['base', base] satisfies [string, Score]]),
    ['post', post],
    ...(best === undefined ? [] : [[`${layersNamed(best)}${from}`, best] satisfies [string, Score]]),
    ...recipes.map((score) => [score.recipe.name, score] satisfies [string, Score]),
    ...checkpoints.map((score) => [score.name, score] satisfies [string, Score])
  ]
  const categories = Object.keys(post.categories)
  const distinct = scoredBy.kind === 'task' ? [`distinct right in ${count(scoredBy.draws)}`] : []
  const rows = models.map(([name, score]) => [
    name,
    ...scoreCells(score),
    ...distinctCell(score),
    ...categories.map((category) => {
      const { validity, diversity } = score.categories[category] ?? { validity: NaN, diversity: NaN }
      return `${decimal(validity)} / ${decimal(diversity)}`
    })
  ])
  const headings = scoreHeadings(scoredBy)
  const heading = [
    'model',
    ...headings,
    ...distinct,
    ...categories.map((category) => `${category} (${initials(headings)})`)
  ]
  const unlisted = [
    { name: 'post', score: post },
    ...(best === undefined ? [] : [{ name: `${layersNamed(best)}${from}`, score: best }])
  ].flatMap(({ name, score }) => {
    const words = unlistedWords(score)
    return words === null ? [] : [`Of the answers of ${name} ${words}.`]
  })
  const notes = [...unlisted, ...(baseUnavailable === null ? [] : [printable(baseUnavailable)])]
  const note = notes.map((line) => `\n${line}`).join('')
  const title =
    meansTitle(prompts.length, promptSet) +
    (scoredBy.kind === 'task' ? `\nScored by ${printable(scoredByWords(scoredBy))}` : '') +
    (source === null
      ? ''
      : `\nRanges and blends are restored to ${printable(source.name)} (${printable(source.path)}), not to base`)
  return `${title}\n${table([heading, ...rows], `l${'r'.repeat(heading.length - 1)}`)}${note}`
}

function describeTopRanges({ post, ranges, prompts, scoredBy }: SweepDocument, selection: Selection): string {
  const { rho, minimumValidity } = selection
  const words = scoreWords(scoredBy)
  const feasible = bestRanges(ranges, minimumValidity, TOP_RANGES)
  const limit = `${rho} x post${onSelectionPrompts(selection, words, 'on')}`
  const rule = `${words.validity} of at least ${decimal(minimumValidity)} (${limit})`
  if (feasible.length === 0) return `None of ${plural(ranges.length, 'range')} has a ${rule}.`
  const rows = feasible.map((range) => [
    named(range),
    ...scoreCells(range),
    formatDelta(range.diversity - post.diversity)
  ])
  return (
    `${style('bold', `Greatest ${words.diversity} of ${plural(ranges.length, 'range')} with a ${rule}`)}\n` +
    table([['layers', ...scoreHeadings(scoredBy), 'gain over post'], ...rows], 'lrrrr') +
    (selection.holdOut === null
      ? ''
      : `\n${style('dim', `Scores are means over all ${plural(prompts.length, words.prompt)}; the range was chosen on ${selectionPrompts(selection, words)} only.`)}`)
  )
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

function describeUniformBlends({ uniformBlends, scoredBy }: SweepDocument): string {
  const rows = uniformBlends.map((blend) => [String(blend.strength), ...scoreCells(blend)])
  return (
    `${style('bold', 'All layers blended alike, strength 0 = post, 1 = every layer of base')}\n` +
    table([['strength', ...scoreHeadings(scoredBy)], ...rows], 'lrrr')
  )
}

/** The best baseline of each kind against the selected range, on full answers where both were checked. */
function describeBaselines({ scoredBy }: SweepDocument, selection: Selection): string[] {
  const { baselines, selected, rho, holdOut } = selection
  if (selected === null || baselines.length === 0) return []
  const words = scoreWords(scoredBy)
  const isAnyChecked = baselines.some(({ answers }) => answers !== null)
  const rows = baselines.map((baseline) => {
    const { validity, diversity, difference, isOnFullAnswers } = comparedScores(baseline)
    return [
      printable(baselineName(baseline)),
      ...(isAnyChecked ? [isOnFullAnswers ? 'full answers' : 'first tokens'] : []),
      decimal(validity),
      decimal(diversity),
      differenceWords(difference.validity),
      differenceWords(difference.diversity)
    ]
  })
  const heading = [
    '',
    ...(isAnyChecked ? ['scored on'] : []),
    words.validity,
    words.diversity,
    `${words.validity} against ${named(selected)}`,
    `${words.diversity} against ${named(selected)}`
  ]
  const title = style(
    'bold',
    `Against ${layersNamed(selected)}: the best baseline of each kind at ${words.validity} of ${rho} x post or more` +
      (holdOut === null
        ? ''
        : `${onSelectionPrompts(selection, words, 'on')}, scored on ${holdOutPrompts(holdOut, words)}`)
  )
  const note =
    'Differences with 95 % intervals and p by sign flips over prompts, of each pair by itself; halves and controls may keep less.'
  return [`${title}\n${table([heading, ...rows], isAnyChecked ? 'llrrrr' : 'lrrrr')}\n${style('dim', note)}`]
}

/** How sure a selection is; of prompts too few for any interval only that. */
function certaintyOf(sweep: SweepDocument, selection: Selection, check: CheckResult | null): string {
  const { prompts, scoredBy } = sweep
  const words = scoreWords(scoredBy)
  const least = promptsBehind(prompts.length, selection)
  if (least >= PROMPTS_FOR_INTERVAL) {
    const leftOut = rejectedRanges(sweep.ranges, check, selection.rho).length
    return describeCertainty(selection, words, amongExact(sweep, leftOut), check)
  }
  const half = selection.holdOut === null ? '' : ' in a half'
  return (
    `Too few ${words.prompt}s for an interval, or for how often a range is picked: ` +
    `${count(least)}${half}, and ${count(PROMPTS_FOR_INTERVAL)} are needed.`
  )
}

function describeCertainty(
  selection: Selection,
  words: ScoreWords,
  among: string,
  check: CheckResult | null
): string {
  const { bootstrap, crossFit, crossFitReason, minimumValidity } = selection
  const lines = gainLines(selection, words)
  const ofSelection = onSelectionPrompts(selection, words, 'of')
  const wins = bootstrap.wins
    .slice(0, TOP_WINS)
    .map((win) => `${named(win)}${uncheckedMark(check, win)} in ${percent(win.share)}`)
  if (bootstrap.noSelectionShare > 0) wins.push(`none in ${percent(bootstrap.noSelectionShare)}`)
  lines.push(`Picked in the resamples${ofSelection}${among}: ${wins.join(', ')}.`)
  lines.push(
    crossFit === null
      ? `No cross-fitted score: ${printable(crossFitReason ?? '')}`
      : `Cross-fitted${among} (picked on one half of ${selectionPrompts(selection, words)}, scored on the other): ${words.diversity} from ` +
          `${decimal(crossFit.postDiversity)} to ${decimal(crossFit.diversity)} ${crossFitAt(crossFit, minimumValidity, words, uncheckedHalves(crossFit, check))}.`
  )
  if (bootstrap.outOfBag !== null) {
    const { diversityGain, interval, resamples } = bootstrap.outOfBag
    const unchecked = uncheckedWins(bootstrap, check)
    lines.push(
      `Out of bag (picked in a resample${ofSelection}, scored on those that it left out): gain in ${words.diversity} ` +
        `${formatDelta(diversityGain)}, ${formatDeltas(interval)} in ${percent(bootstrap.confidence)} of ${plural(resamples, 'resample')}${unchecked === '' ? '' : `, ${unchecked}`}.`
    )
  }
  return lines.join('\n')
}

const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`

/** The gain of the selected range with its interval, in a split sweep on the hold-out prompts; empty where nothing is selected. */
function gainLines({ bootstrap, selected, holdOut }: Selection, words: ScoreWords): string[] {
  if (selected === null) return []
  if (holdOut !== null) {
    const gain = differenceWords(holdOut.gain.diversity)
    return [`Gain in ${words.diversity} on ${holdOutPrompts(holdOut, words)}: ${gain}.`]
  }
  if (bootstrap.selected === null) return []
  return [
    `Gain in ${words.diversity} ${formatDeltas(bootstrap.selected.diversityGain)} (${percent(bootstrap.confidence)} interval, ` +
      `${plural(bootstrap.resamples, 'bootstrap resample')} of the prompts).`
  ]
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

function scoreHeadings(scoredBy: ScoredBy): string[] {
  const { validity, diversity, choices } = scoreWords(scoredBy)
  return [validity, diversity, choices]
}

/** Of the first two headings: "v / d". */
const initials = (headings: readonly string[]): string =>
  headings
    .slice(0, 2)
    .map((heading) => heading.slice(0, 1))
    .join(' / ')

/** Of a task: how many different right answers are expected. */
const distinctCell = ({ distinctRight }: Score): string[] =>
  distinctRight === undefined ? [] : [distinctRight.toFixed(2)]

function scoreCells({ validity, diversity, effectiveChoices }: Score): string[] {
  return [decimal(validity), decimal(diversity), effectiveChoices.toFixed(1)]
}

/** Such as "layers 4-11" or "layer 11". */
const layersNamed = (range: RestorationRange): string =>
  range.start === range.end ? `layer ${range.start}` : `layers ${named(range)}`

function named({ start, end }: RestorationRange): string {
  return `${start}-${end}`
}

function isSame(range: RangeScore, { start, end }: RestorationRange): boolean {
  return range.start === start && range.end === end
}
