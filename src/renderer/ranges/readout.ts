import type { Score, Selection, SweepDocument } from '../../contract/documents/crc'
import { scoreWords } from '../../contract/words/score-words'
import { rangeKey } from '../../contract/model/strengths'
import { capitalised, formatDelta, formatPercent, formatScore, plural, rangePhrase } from '../ui/format'
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
  score: Score | null,
  sweep: Pick<SweepDocument, 'prompts'> | null,
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
  const errorOf = (measure: 'validity' | 'diversity'): number | null =>
    score === null || sweep === null
      ? null
      : standardError(
          sweep.prompts.flatMap(({ category }, index) => {
            const prompt = score.prompts[index]
            return prompt === undefined ? [] : [{ category, value: prompt[measure] }]
          })
        )
  const errors = { validity: errorOf('validity'), diversity: errorOf('diversity') }
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
  const basis = errors.validity === null ? prompts : `± standard error over ${prompts}`
  return { name: name ?? key, lines, basis }
}

/**
 * Of a mean over the prompts of each category and then over categories; null where a category has one prompt, whose spread is
 * not known.
 *
 * @param values one of each prompt
 */
export function standardError(values: readonly { category: string; value: number }[]): number | null {
  const groups = new Map<string, number[]>()
  for (const { category, value } of values) {
    groups.set(category, [...(groups.get(category) ?? []), value])
  }
  let variance = 0
  for (const group of groups.values()) {
    if (group.length < 2) return null
    const mean = group.reduce((sum, value) => sum + value, 0) / group.length
    const squares = group.reduce((sum, value) => sum + (value - mean) ** 2, 0)
    variance += squares / (group.length - 1) / group.length
  }
  return groups.size === 0 ? null : Math.sqrt(variance) / groups.size
}
