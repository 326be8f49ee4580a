import type { Selection } from '../../contract/documents/crc'
import type { BriefScore } from '../../contract/documents/shown-sweep'
import { scoreWords } from '../../contract/words/score-words'
import { rangeKey } from '../../contract/model/strengths'
import { capitalised, formatDelta, formatPercent, formatScore, plural, rangePhrase } from '../ui/format'
import type { ScoredByBrief } from '../../contract/documents/scored-by'
import type { Describe } from './heatmap-cells'
import { type ScoreBoard, scoreOf } from './score-board'

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
 * @param selection of the shown sweep; null where there is none
 */
export function readoutOf(
  board: ScoreBoard,
  key: string,
  score: Pick<BriefScore, 'margins'> | null,
  selection: Selection | null
): Readout | null {
  const shown = scoreOf(board, key)
  if (shown === undefined) return null
  const words = scoreWords(board.scoredBy)
  const range = board.ranges.find((point) => rangeKey(point) === key)
  const name =
    range === undefined
      ? [...board.others, ...board.rivals].find((other) => other.key === key)?.name
      : rangePhrase(range)
  const errors = score?.margins ?? { validity: null, diversity: null }
  const measured = (measure: 'validity' | 'diversity'): { label: string; value: string } => {
    const error = errors[measure]
    return {
      label: capitalised(words[measure]),
      value: `${formatScore(shown[measure])}${error === null ? '' : ` ± ${formatScore(error)}`}`
    }
  }
  const lines = [measured('validity'), measured('diversity')]
  if (board.post !== null)
    lines.push({ label: 'Gain over post', value: formatDelta(shown.diversity - board.post.diversity) })
  if (selection !== null && range !== undefined) {
    const win = selection.bootstrap.wins.find((other) => rangeKey(other) === key)
    lines.push({ label: 'Wins', value: `${formatPercent(win?.share ?? 0)} of resamplings` })
  }
  const prompts = plural(shown.promptCount, words.prompt)
  const basis = errors.validity === null ? prompts : `± 95 % interval over ${prompts}`
  return { name: name ?? key, lines, basis }
}

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
}): Describe {
  const words = scoreWords(told.scoredBy)
  return (range, point) => {
    if (point === undefined) return `${rangePhrase(range)}: no score yet`
    const short = told.minimum !== null && point.validity < told.minimum ? `, ${words.validity} too low` : ''
    const best = rangeKey(range) === told.selected ? ', selected' : ''
    return `${rangePhrase(range)}: ${words.validity} ${formatScore(point.validity)}, ${words.diversity} ${formatScore(point.diversity)}${short}${best}`
  }
}
