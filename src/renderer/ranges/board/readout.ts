import type { BriefScore } from '../../../contract/documents/shown-sweep'
import { scoreWords } from '../../../contract/words/score-words'
import type { RestoredTo } from '../../../contract/model/checkpoint'
import type { RestorationRange } from '../../../contract/model/recipe'
import { rangeCount, rangeKey, spanKey } from '../../../contract/model/strengths'
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
import {
  isBelow,
  isPartial,
  partialRanges,
  type RangePoint,
  rangeOf,
  type ScoreBoard,
  scoreOf
} from './score-board'

/** What is said of the model under the pointer, in either chart. */
export interface Readout {
  name: string
  lines: { label: string; value: string }[]
  /** What the values rest on. */
  basis: string
}

/**
 * @param key of the model
 * @param score of it in the shown sweep; null while that runs
 * @param certainty of what is selected in it; null where there is none
 */
export function readoutOf(
  board: ScoreBoard,
  key: string,
  score: Pick<BriefScore, 'margins'> | null,
  certainty: Certainty | null
): Readout | null {
  const shown = scoreOf(board, key)
  if (shown === undefined) return null
  const words = scoreWords(board.scoredBy)
  const range = rangeOf(board, key)
  const name =
    range === undefined
      ? [...board.others, ...board.rivals].find((other) => other.key === key)?.name
      : rangePhrase(range, board.source)
  const errors = score?.margins ?? { validity: null, diversity: null }
  const measured = (measure: 'validity' | 'diversity'): { label: string; value: string } => {
    const error = errors[measure]
    return {
      label: capitalised(words[measure]),
      value: error === null ? formatScore(shown[measure]) : formatWithMargin(shown[measure], error)
    }
  }
  const lines = [measured('validity'), measured('diversity')]
  if (board.post !== null)
    lines.push({ label: 'Gain over post', value: formatDelta(shown.diversity - board.post.diversity) })
  if (certainty !== null && range !== undefined) {
    lines.push({ label: 'Wins', value: winsWords(board, range, certainty) })
  }
  const basis = basisOf(board, shown, errors.validity !== null)
  return { name: name ?? key, lines, basis }
}

/** How often it wins, of those that take part in the resamples: an estimate has no score in them, and what fails a check is left out. */
function winsWords(board: ScoreBoard, range: RangePoint, { wins, among, leftOut }: Certainty): string {
  if (isPartial(range, board)) return '–, estimated only'
  if (leftOut.has(rangeKey(range, board))) return '–, fails the check'
  const win = wins.find((other) => spanKey(other) === spanKey(range))
  return `${formatPercent(win === undefined ? 0 : win.share)} of resamples${among}`
}

/** What the ranges rest on that are not scored on all prompts: from fewest to most prompts; null where there are none. */
export function partialWords(board: ScoreBoard): string | null {
  const counts = partialRanges(board).map(({ promptCount }) => promptCount)
  if (counts.length === 0) return null
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)]
  const some = fewest === most ? formatCount(most) : `${formatCount(fewest)} to ${formatCount(most)}`
  return `from ${some} of ${plural(board.promptCount, scoreWords(board.scoredBy).prompt)}`
}

/** How many ranges of a running sweep have a score, and how many of those rest on some prompts only. Until there are any, when they come. */
export function scoredWords(board: ScoreBoard): string {
  if (board.ranges.length === 0) return 'Scores come with the last layers'
  const partial = partialRanges(board).length
  const exact = `${formatCount(board.ranges.length - partial)} of ${plural(rangeCount(board.layerCount), 'range')} on all ${scoreWords(board.scoredBy).prompt}s`
  return partial === 0 ? exact : `${exact}, ${formatCount(partial)} on fewer`
}

/** What is said below a saved chart of ranges that are not all exact; null where they are. */
export function estimatesNote(board: ScoreBoard): string | null {
  const from = partialWords(board)
  if (from === null) return null
  const some = partialRanges(board).length
  return `${formatCount(some)} of ${plural(board.ranges.length, 'range')}, drawn small, are estimated ${from}.`
}

/** What a score rests on: all prompts, those that were computed so far, or an estimate over all from some. */
function basisOf(board: ScoreBoard, shown: LiveScore, hasMargins: boolean): string {
  const { prompt } = scoreWords(board.scoredBy)
  const of = `${formatCount(shown.promptCount)} of ${plural(board.promptCount, prompt)}`
  if (isPartial(shown, board)) return hasMargins ? `estimated from ${of}, ± 95 % interval` : `${of} so far`
  const all = plural(shown.promptCount, prompt)
  return hasMargins ? `± 95 % interval over ${all}` : all
}

/** What is said of a range to those who cannot see it; the range may have no score yet. */
export type Describe = (range: RestorationRange, point: RangePoint | undefined) => string

/**
 * What says a range of the triangle in a sentence.
 *
 * @param told.minimum of what can be selected; null while none is known
 * @param told.selected key of the selected range
 */
export function describeRanges(told: {
  scoredBy: ScoredByBrief
  minimum: number | null
  selected: string | null
  /** What the selected range restores its layers to. */
  source: RestoredTo
  /** What is said of it. */
  mark: string
  /** How many prompts an exact score rests on. */
  promptCount: number
  /** What is said of a range without a score. */
  unscored: string
}): Describe {
  const words = scoreWords(told.scoredBy)
  return (range, point) => {
    if (point === undefined) return `${rangePhrase(range)}: ${told.unscored}`
    const partial = isPartial(point, told)
      ? `, from ${formatCount(point.promptCount)} of ${plural(told.promptCount, words.prompt)}`
      : ''
    const short = isBelow(point, told, told.minimum) ? `, ${words.validity} too low` : ''
    const best = rangeKey(range, told) === told.selected ? `, ${told.mark}` : ''
    return `${rangePhrase(range)}: ${words.validity} ${formatScore(point.validity)}, ${words.diversity} ${formatScore(point.diversity)}${partial}${short}${best}`
  }
}
