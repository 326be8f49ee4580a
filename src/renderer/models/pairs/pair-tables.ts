import type { Interval } from '../../../contract/documents/crc'
import type { Transfer } from '../../../contract/documents/pairs-overview'
import { elementAt } from '../../../contract/model/look-up'
import {
  capitalised,
  formatDelta,
  formatInterval,
  formatParameters,
  formatPercent,
  formatScore,
  rangeLabel
} from '../../../contract/words/format'
import { fallsShort, uncheckedBadge } from '../../../contract/words/transfer-words'
import type { ScoreWords } from '../../../contract/words/score-words'
import type { CsvCell } from '../../ui/csv'
import type { TableText } from '../../ui/table-text'
import { nameWithBadge, type PairRow, baselineOf } from './pair-rows'
import { multimap } from '../../../contract/model/multimap'

/** Formats a value with its interval: 0.917 [0.902, 0.931]. */
const withInterval = (value: number, interval: Interval | null): string =>
  interval === null ? formatScore(value) : `${formatScore(value)} ${formatInterval(interval)}`

/** Returns the table of pairs for copying, with more columns than the window shows. */
export function pairsTable(rows: readonly PairRow[], words: ScoreWords): TableText {
  const [validity, diversity] = [capitalised(words.validity), capitalised(words.diversity)]
  const basis = `of ${words.basis}`
  return {
    header: [
      'Pair',
      'Family',
      'Layers',
      'Parameters',
      'Selected layers',
      `${diversity} ${basis}, post`,
      `${diversity} ${basis}, selected`,
      'Gain',
      `${validity} ${basis}, post`,
      `${validity} ${basis}, selected`,
      'Kept',
      `${diversity} ${basis}, cross-fitted`,
      `${validity} ${basis}, cross-fitted`,
      'Best baseline',
      `${diversity} ${basis}, baseline`,
      'Scored by',
      'State'
    ],
    rows: rows.map((row): CsvCell[] => {
      const { outline, brief, model, range } = row
      const { post = null, best = null } = brief ?? {}
      const { crossFit = null, baseline = null } = outline ?? {}
      const selectedIntervals = outline?.selected?.intervals
      const measured = (measure: 'validity' | 'diversity'): CsvCell[] => [
        post === null ? null : withInterval(post[measure], outline?.post.intervals?.[measure] ?? null),
        best === null ? null : withInterval(best[measure], selectedIntervals?.[measure] ?? null)
      ]
      return [
        row.name,
        model?.family ?? null,
        row.layerCount,
        model === null ? null : formatParameters(model.parameterCount),
        range === null ? null : rangeLabel(range),
        ...measured('diversity'),
        best === null || post === null ? null : formatDelta(best.diversity - post.diversity),
        ...measured('validity'),
        best === null || post === null || post.validity === 0 ? null : formatPercent(best.validity / post.validity),
        crossFit === null
          ? null
          : `${formatScore(crossFit.diversity)}${crossFit.unchecked.length === 0 ? '' : ' (not checked)'}`,
        crossFit === null ? null : formatScore(crossFit.validity),
        baselineOf(row)?.name ?? null,
        baseline === null ? null : formatScore(baseline.diversity),
        row.tasks.length === 0 ? null : row.tasks.join(', '),
        row.status.label
      ]
    })
  }
}

/** Returns the transfer of a row's selected range to another row; null if there is none. */
export function transferOf(transfers: readonly Transfer[], from: PairRow, to: PairRow): Transfer | null {
  return transfers.find((one) => one.from === from.id && one.to === to.id) ?? null
}

/** Returns the table of transfers for copies: gain over post, and the share of its validity kept. */
export function transferTable(transfers: readonly Transfer[], rows: readonly PairRow[], words: ScoreWords): TableText {
  return {
    header: [
      'Selected by',
      'Layers',
      ...rows.flatMap((row) => [
        `Gain in ${nameWithBadge(row)}, ${words.basis}`,
        `${capitalised(words.validity)} kept in ${nameWithBadge(row)}, ${words.basis}`
      ])
    ],
    rows: rows.map((from) => [
      nameWithBadge(from),
      from.range === null ? null : rangeLabel(from.range),
      ...rows.flatMap((to): CsvCell[] => {
        const result = transferOf(transfers, from, to)?.result
        if (result?.kind !== 'carried') return [null, null]
        const { gain, validityKept } = result
        const share = validityKept === null ? '–' : formatPercent(validityKept)
        return [
          formatDelta(gain),
          [share, fallsShort(result) ?? uncheckedBadge(result, transfers) ?? []].flat().join(', ')
        ]
      })
    ])
  }
}

/** Groups the names of pairs by the prompts of their sweeps, largest group first. */
function promptGroups(rows: readonly PairRow[]): string[][] {
  const groups = multimap(
    rows.flatMap(({ name, outline }) => (outline === null ? [] : [[outline.promptsKey, name] as const]))
  )
  return [...groups.values()].sort((a, b) => b.length - a.length)
}

/** Returns a warning if the pairs have different prompts, else null. */
export function promptsWords(rows: readonly PairRow[], words: ScoreWords): string | null {
  const groups = promptGroups(rows)
  if (groups.length < 2) return null
  const others = groups.slice(1).flat()
  const largest = elementAt(groups, 0, 'group')
  const majority = largest.length === 1 ? largest.join() : 'the others'
  return `Different ${words.prompt}s than ${majority}: ${others.join(', ')}.`
}
