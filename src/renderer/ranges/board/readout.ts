import type { BriefScore } from '../../../contract/documents/shown-sweep'
import { scoreWords } from '../../../contract/words/score-words'
import type { RestoredTo } from '../../../contract/model/checkpoint'
import type { RestorationRange } from '../../../contract/model/recipe'
import { findRange, rangeCount, rangeKey, rangeOfKey } from '../../../contract/model/strengths'
import {
  capitalised,
  formatCount,
  formatDelta,
  formatPercent,
  formatScore,
  formatWithMargin,
  plural,
  rangePhrase
} from '../../ui/format'
import type { ScoredByBrief } from '../../../contract/documents/scored-by'
import type { Certainty } from './certainty'
import type { LiveScore } from '../../../contract/documents/sweep-events'
import { isBelow, isPartial, partialRanges, type RangePoint, type ScoreBoard, scoreOf } from './score-board'

/** The description of the model under the pointer, in either chart. */
export interface Readout {
  name: string
  lines: { label: string; value: string }[]
  /** States on how many prompts the values are based. */
  basis: string
}

/**
 * Returns the readout of a model; null if it has no score.
 *
 * @param key key of the model.
 * @param score its score in the shown sweep; null while the sweep runs.
 * @param certainty certainty of the sweep's selection; null for none
 */
export function readoutOf(
  board: ScoreBoard,
  key: string,
  score: Pick<BriefScore, 'validity' | 'margins'> | null,
  certainty: Certainty | null
): Readout | null {
  const live = scoreOf(board, key)
  if (live === undefined) return null
  const words = scoreWords(board.scoredBy)
  const range = rangeOfKey(board, key)
  const name =
    range === undefined
      ? ([...board.others, ...board.baselines].find((other) => other.key === key)?.name ?? key)
      : rangePhrase(range, board.source)
  const errors = score?.margins ?? { validity: null, diversity: null }
  const measured = (measure: 'validity' | 'diversity'): { label: string; value: string } => {
    const error = errors[measure]
    return {
      label: capitalised(words[measure]),
      value: error === null ? formatScore(live[measure]) : formatWithMargin(live[measure], error)
    }
  }
  const lines = [measured('validity'), measured('diversity')]
  if (board.post !== null && key !== 'post')
    lines.push({ label: 'Gain over post', value: formatDelta(live.diversity - board.post.diversity) })
  if (certainty !== null && range !== undefined) {
    lines.push({ label: 'Wins', value: winsWords(board, range, certainty) })
  }
  const basis = basisOf(board, live, errors.validity !== null)
  return { name, lines, basis }
}

/**
 * Says how often a range wins in resamples. Estimated ranges have no score there, and ranges that fail a check are
 * left out.
 */
function winsWords(board: ScoreBoard, range: RangePoint, { wins, amongWords: among, leftOut }: Certainty): string {
  if (isPartial(range, board)) return '–, estimated only'
  if (leftOut.has(rangeKey(range, board))) return '–, fails the check'
  const win = findRange(wins, range)
  return `${formatPercent(win === undefined ? 0 : win.share)} of resamples${among}`
}

/** States on how many prompts the partly scored ranges are based, from fewest to most; null if there are none. */
export function partialWords(board: ScoreBoard): string | null {
  const counts = partialRanges(board).map(({ promptCount }) => promptCount)
  if (counts.length === 0) return null
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)]
  const span = fewest === most ? formatCount(most) : `${formatCount(fewest)} to ${formatCount(most)}`
  return `from ${span} of ${plural(board.promptCount, scoreWords(board.scoredBy).prompt)}`
}

/**
 * Says how many ranges of a running sweep have scores, and how many of these scores are based on some prompts. Before
 * the first score it tells when scores arrive.
 */
export function scoredWords(board: ScoreBoard): string {
  if (board.ranges.length === 0) return 'Scores arrive with the last layers'
  const partial = partialRanges(board).length
  const exactCount = formatCount(board.ranges.length - partial)
  const { prompt } = scoreWords(board.scoredBy)
  const exact = `${exactCount} of ${plural(rangeCount(board.layerCount), 'range')} on all ${prompt}s`
  return partial === 0 ? exact : `${exact}, ${formatCount(partial)} on fewer`
}

/** Returns the note below a saved chart of partly estimated ranges; null if all are exact. */
export function estimatesNote(board: ScoreBoard): string | null {
  const from = partialWords(board)
  if (from === null) return null
  const count = formatCount(partialRanges(board).length)
  return `${count} of ${plural(board.ranges.length, 'range')}, drawn small, are estimated ${from}.`
}

/** Describes the basis of a score: all prompts, those computed so far, or an estimate from some. */
function basisOf(board: ScoreBoard, score: LiveScore, hasMargins: boolean): string {
  const { prompt } = scoreWords(board.scoredBy)
  const share = `${formatCount(score.promptCount)} of ${plural(board.promptCount, prompt)}`
  if (isPartial(score, board)) return hasMargins ? `estimated from ${share}, ± 95 % interval` : `${share} so far`
  const all = plural(score.promptCount, prompt)
  return hasMargins ? `± 95 % interval over ${all}` : all
}

/** Describes a range to a screen reader. The range may have no score yet. */
export type Describe = (range: RestorationRange, point: RangePoint | undefined) => string

/**
 * Returns a function that describes a range of the triangle in a sentence.
 *
 * @param context.minimum lowest validity that can be selected; null while unknown
 * @param context.selected key of the selected range
 */
export function describeRanges(context: {
  scoredBy: ScoredByBrief
  minimum: number | null
  selected: string | null
  /** Source that the layers of the ranges are restored to. */
  source: RestoredTo
  mark: string
  promptCount: number
  unscored: string
}): Describe {
  const words = scoreWords(context.scoredBy)
  return (range, point) => {
    if (point === undefined) return `${rangePhrase(range)}: ${context.unscored}`
    const partial = isPartial(point, context)
      ? `, from ${formatCount(point.promptCount)} of ${plural(context.promptCount, words.prompt)}`
      : ''
    const below = isBelow(point, context, context.minimum) ? `, ${words.validity} too low` : ''
    const best = rangeKey(range, context) === context.selected ? `, ${context.mark}` : ''
    const validity = `${words.validity} ${formatScore(point.validity)}`
    const diversity = `${words.diversity} ${formatScore(point.diversity)}`
    return `${rangePhrase(range)}: ${validity}, ${diversity}${partial}${below}${best}`
  }
}
