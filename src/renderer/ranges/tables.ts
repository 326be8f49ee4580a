import { type KeptModels, NOTHING_KEPT } from '../../contract/documents/kept-models'
import type { Score, SweepDocument } from '../../contract/documents/crc'
import { type Distribution } from './distribution'
import { categoriesOf } from '../prompt-set/categories'
import type { LiveScore } from '../../contract/documents/sweep-events'
import { type Cell, toCsv } from '../ui/csv'
import { rangeLabel } from '../ui/format'
import { rangeKey } from '../../contract/model/strengths'
import type { OtherPoint, ScoreBoard } from './score-board'
import { otherModels } from '../recipes/scored-models'

/** Every model of a sweep as one row: base, post, the ranges, the soup, the recipes and other checkpoints. */
export function sweepCsv(sweep: SweepDocument, kept: KeptModels = NOTHING_KEPT): string {
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
  const row = (name: string, start: Cell, end: Cell, score: Score): Cell[] => [
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
    ...sweep.ranges.map((range) => row('range', range.start, range.end, range)),
    ...otherModels(sweep, null, kept).map(({ name, score }) => row(name, null, null, score))
  ])
}

/** The bars of a distribution chart, one character per row. @param tone what the model beside base and post is */
export function distributionCsv(
  { characters, base, post, hybrid }: Distribution,
  tone: 'hybrid' | 'checkpoint'
): string {
  return toCsv(
    ['character', 'base', 'post', tone],
    characters.map((character, index) => [
      character,
      base?.[index] ?? null,
      post[index] ?? null,
      hybrid[index] ?? null
    ])
  )
}

/** A model as the table lists it. */
export interface BoardRow extends LiveScore {
  key: string
  kind: OtherPoint['kind'] | 'range'
  /** In the order of {@link boardRows}. */
  place: number
  label: string
  /** Layers restored; null while unknown, and for another checkpoint. */
  restored: number | null
}

/** The ranges by start and end, then the other models. */
export const boardRows = ({ ranges, others }: ScoreBoard): BoardRow[] =>
  [
    ...[...ranges]
      .sort((left, right) => left.start - right.start || left.end - right.end)
      .map((point) => ({
        ...point,
        key: rangeKey(point),
        kind: 'range' as const,
        label: rangeLabel(point),
        restored: point.end - point.start + 1
      })),
    ...others.map((point) => ({ ...point, label: point.name }))
  ].map((row, place) => ({ ...row, place }))

/** Columns of the table by which it can be sorted. */
export const ROW_COLUMNS = [
  { id: 'model', label: 'Model', value: (row: BoardRow) => row.place },
  { id: 'layers', label: 'Layers', value: (row: BoardRow) => row.restored ?? 0 },
  { id: 'validity', label: 'Validity', value: (row: BoardRow) => row.validity },
  { id: 'diversity', label: 'Diversity', value: (row: BoardRow) => row.diversity },
  { id: 'gain', label: 'Gain over post', value: (row: BoardRow) => row.diversity },
  { id: 'choices', label: 'Effective choices', value: (row: BoardRow) => row.effectiveChoices }
] as const

export type RowColumn = (typeof ROW_COLUMNS)[number]['id']

export interface SortOrder {
  column: RowColumn
  descending: boolean
}

/** The board's models in the order a table shows them; equal values keep the order of {@link boardRows}. */
export function sortedRows(board: ScoreBoard, { column, descending }: SortOrder): BoardRow[] {
  const value = (ROW_COLUMNS.find((candidate) => candidate.id === column) ?? ROW_COLUMNS[0]).value
  const sign = descending ? -1 : 1
  return boardRows(board).sort(
    (left, right) => sign * (value(left) - value(right)) || left.place - right.place
  )
}

/** One line to paste into notes or a spreadsheet. */
export const rowText = (row: BoardRow): string =>
  [row.kind === 'range' ? row.key : row.label, row.validity, row.diversity, row.effectiveChoices].join('\t')
