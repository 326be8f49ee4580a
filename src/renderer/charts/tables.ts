import type { RangeScore, SweepDocument } from '../../contract/crc'
import { categoriesOf, type Distribution } from './distribution'
import { rangeKey, type RangePoint, type ScoreBoard } from './score-board'

export type Cell = string | number | null

/** CSV as RFC 4180 has it: fields with commas, quotes or line breaks are quoted. */
export function toCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const field = (cell: Cell): string => {
    const text = cell === null ? '' : String(cell)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return [header, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('')
}

/** Every model of a sweep as one row: base, post, then the ranges. */
export function sweepCsv(sweep: SweepDocument): string {
  const categories = categoriesOf(sweep.prompts)
  const header = [
    'model',
    'start',
    'end',
    'validity',
    'diversity',
    'effective_choices',
    ...categories.flatMap((category) => [`${category}_validity`, `${category}_diversity`])
  ]
  const row = (name: string, start: Cell, end: Cell, score: Omit<RangeScore, 'start' | 'end'>): Cell[] => [
    name,
    start,
    end,
    score.validity,
    score.diversity,
    score.effectiveChoices,
    ...categories.flatMap((category) => [
      score.categories[category]?.validity ?? null,
      score.categories[category]?.diversity ?? null
    ])
  ]
  return toCsv(header, [
    ...(sweep.base === null ? [] : [row('base', null, null, sweep.base)]),
    row('post', null, null, sweep.post),
    ...sweep.ranges.map((range) => row('range', range.start, range.end, range))
  ])
}

/** The bars of a distribution chart, one character per row. */
export function distributionCsv({ characters, base, post, hybrid }: Distribution): string {
  return toCsv(
    ['character', 'base', 'post', 'hybrid'],
    characters.map((character, index) => [
      character,
      base?.[index] ?? null,
      post[index] ?? null,
      hybrid[index] ?? null
    ])
  )
}

/** Columns of the range table by which it can be sorted. */
export const RANGE_COLUMNS = [
  { id: 'range', label: 'Range', value: (point: RangePoint) => point.start * 1000 + point.end },
  { id: 'layers', label: 'Layers', value: (point: RangePoint) => point.end - point.start + 1 },
  { id: 'validity', label: 'Validity', value: (point: RangePoint) => point.validity },
  { id: 'diversity', label: 'Diversity', value: (point: RangePoint) => point.diversity },
  { id: 'gain', label: 'Gain over post', value: (point: RangePoint) => point.diversity },
  { id: 'choices', label: 'Effective choices', value: (point: RangePoint) => point.effectiveChoices }
] as const

export type RangeColumn = (typeof RANGE_COLUMNS)[number]['id']

export interface SortOrder {
  column: RangeColumn
  descending: boolean
}

/** The board's ranges in the order a table shows them; equal values keep the order of the ranges. */
export function sortedRanges(board: ScoreBoard, { column, descending }: SortOrder): RangePoint[] {
  const value = (RANGE_COLUMNS.find((candidate) => candidate.id === column) ?? RANGE_COLUMNS[0]).value
  const sign = descending ? -1 : 1
  return [...board.ranges].sort(
    (left, right) => sign * (value(left) - value(right)) || left.start - right.start || left.end - right.end
  )
}

/** One line to paste into notes or a spreadsheet. */
export const rangeRow = (point: RangePoint): string =>
  [rangeKey(point), point.validity, point.diversity, point.effectiveChoices].join('\t')
