import {
  type CheckResult,
  passesCheck,
  rangePasses,
  rejectedRanges
} from '../../../contract/documents/answer-check'
import { type KeptModels, NOTHING_KEPT } from '../../../contract/documents/kept-models'
import type { BriefScore, ShownSweep } from '../../../contract/documents/shown-sweep'
import { byDiversity } from '../../../contract/model/by-diversity'
import { weightsKey } from '../../../contract/model/model'
import { samplingBaselineName } from '../../../contract/model/sampling-baseline'
import { categoriesOf } from '../../prompt-set/categories'
import type { LiveScore } from '../../../contract/documents/sweep-events'
import { type CsvCell, toCsv } from '../../ui/csv'
import { halfOfWords } from '../../../contract/words/baseline-words'
import { distinctWords, scoreWords } from '../../../contract/words/score-words'
import { capitalised, plural, rangeLabel } from '../../ui/format'
import { rangeKey } from '../../../contract/model/strengths'
import {
  basisCells,
  basisColumns,
  controlWords,
  isBelow,
  isPartial,
  type OtherPoint,
  type RangePoint,
  rangeText,
  type BaselinePoint,
  type ScoreBoard
} from './score-board'
import { otherModels } from '../../recipes/scored-models'

/**
 * Writes every model of a sweep as a CSV row with the basis of its scores. The order is base, post, ranges, blends,
 * recipes, other checkpoints and baselines.
 */
export function sweepCsv(sweep: ShownSweep, kept: KeptModels = NOTHING_KEPT): string {
  const categories = categoriesOf(sweep.prompts)
  const words = scoreWords(sweep.scoredBy)
  const header = [
    'model',
    'start',
    'end',
    words.validity,
    words.diversity,
    words.choices.replace(' ', '_'),
    ...(sweep.scoredBy.kind === 'crc' ? [] : ['distinct_right']),
    ...categories.flatMap((category) => [`${category}_${words.validity}`, `${category}_${words.diversity}`]),
    ...basisColumns(words)
  ]
  const promptCount = sweep.prompts.length
  const row = (
    name: string,
    start: CsvCell,
    end: CsvCell,
    score: BriefScore,
    estimatedFrom: number | null = null
  ): CsvCell[] => [
    name,
    start,
    end,
    score.validity,
    score.diversity,
    score.effectiveChoices,
    ...(score.distinctRight === undefined ? [] : [score.distinctRight]),
    ...categories.flatMap((category) => [
      score.categories[category]?.validity ?? null,
      score.categories[category]?.diversity ?? null
    ]),
    ...basisCells({ promptCount: estimatedFrom ?? promptCount, margins: score.margins }, { promptCount })
  ]
  return toCsv(header, [
    ...(sweep.base === null ? [] : [row('base', null, null, sweep.base)]),
    row('post', null, null, sweep.post),
    ...sweep.ranges.map((range) => row('range', range.start, range.end, range)),
    ...(sweep.preview?.ranges ?? []).map((range) =>
      row('estimated range', range.start, range.end, range, sweep.preview?.prompts.length)
    ),
    ...otherModels(sweep, null, kept).map(({ name, score, estimatedFrom }) =>
      row(name, null, null, score, estimatedFrom)
    ),
    ...sweep.baselines.map((score) => row(samplingBaselineName(score.baseline), null, null, score))
  ])
}

/** A row of the table of models. */
export interface BoardRow extends LiveScore {
  /** See {@link RangePoint}. */
  margins?: RangePoint['margins']
  key: string
  kind: OtherPoint['kind'] | 'range' | 'baseline'
  /** Index in the order of {@link boardRows}. */
  place: number
  label: string
  /** Name in copied text. */
  name: string
  /** See {@link OtherPoint}. */
  halfOf?: OtherPoint['halfOf']
  /** Number of layers that differ from post; null while unknown, and for a checkpoint or baseline. */
  changed: number | null
}

/** Returns the rows: ranges by start and end, then other models, then baselines. */
export const boardRows = ({ ranges, others, baselines, promptCount, source }: ScoreBoard): BoardRow[] =>
  [
    ...[...ranges]
      .sort((left, right) => left.start - right.start || left.end - right.end)
      .map((point) => ({
        ...point,
        key: rangeKey(point, { source }),
        kind: 'range' as const,
        name: rangeText(point, { source }),
        label: [
          rangeLabel(point),
          ...placesOf(rangeKey(point, { source }), baselines),
          ...(isPartial(point, { promptCount }) ? [`(from ${plural(point.promptCount, 'prompt')})`] : [])
        ].join(' '),
        changed: point.end - point.start + 1
      })),
    ...others.map((point) => ({ ...point, label: point.name })),
    ...baselines
      .filter(({ kind }) => kind !== 'half' && kind !== 'control')
      .map((point) => ({ ...point, kind: 'baseline' as const, label: point.name, changed: null }))
  ].map((row, place) => ({ ...row, place }))

/**
 * Names the range of which a model is half, unless that is the selected range; null for all other models.
 *
 * @param selected key of the selected range
 */
export const halfNote = (
  { halfOf }: Pick<BoardRow, 'halfOf'>,
  selected: string | null,
  board: Pick<ScoreBoard, 'source'>
): string | null =>
  halfOf === undefined || rangeKey(halfOf, board) === selected ? null : halfOfWords(halfOf)

/**
 * Describes the position of a range among those of the selected length.
 *
 * @param range key of the range
 */
const placesOf = (range: string, baselines: readonly BaselinePoint[]): string[] =>
  baselines
    .filter(({ key }) => key === range)
    .flatMap(({ controlPlace }) => (controlPlace === undefined ? [] : [`(${controlWords(controlPlace)})`]))

/** Sort keys of the table's columns. */
const SORT_VALUES = {
  model: (row: BoardRow) => row.place,
  layers: (row: BoardRow) => row.changed ?? 0,
  validity: (row: BoardRow) => row.validity,
  choices: (row: BoardRow) => row.effectiveChoices,
  distinct: (row: BoardRow) => row.distinctRight ?? 0
} as const

/** Columns that are sorted by diversity. In the last one, selectable models come first. */
const BY_DIVERSITY = ['diversity', 'gain', 'qualifies'] as const
type ByDiversity = (typeof BY_DIVERSITY)[number]
type RowColumn = keyof typeof SORT_VALUES | ByDiversity

const isByDiversity = (column: RowColumn): column is ByDiversity =>
  BY_DIVERSITY.some((name) => name === column)

/** Returns the sortable columns, with names that fit the task of the board. */
export function rowColumns({ scoredBy }: Pick<ScoreBoard, 'scoredBy'>): { id: RowColumn; label: string }[] {
  const words = scoreWords(scoredBy)
  const distinct = distinctWords(scoredBy)
  return [
    { id: 'model', label: 'Model' },
    { id: 'layers', label: 'Layers changed' },
    { id: 'validity', label: capitalised(words.validity) },
    { id: 'diversity', label: capitalised(words.diversity) },
    { id: 'gain', label: 'Gain over post' },
    { id: 'choices', label: capitalised(words.choices) },
    ...(distinct === null ? [] : [{ id: 'distinct' as const, label: capitalised(distinct) }]),
    { id: 'qualifies', label: 'Qualifies' }
  ]
}

const NONE: ReadonlySet<string> = new Set()

/**
 * Returns keys of the models that fail the full-answer check.
 *
 * @param rho share of post's validity that must be kept
 */
export function failedModels(
  { ranges, source }: Pick<ScoreBoard, 'ranges' | 'source'>,
  check: CheckResult | null,
  rho: number
): ReadonlySet<string> {
  if (check === null) return NONE
  const recipes = check.models.filter((model) => !passesCheck(model, check, rho))
  return new Set([
    ...ranges
      .filter((range) => rangePasses(check, range, rho) === false)
      .map((range) => rangeKey(range, { source })),
    ...recipes.map(({ recipe }) => weightsKey({ kind: 'recipe', recipe }))
  ])
}

/** Returns keys of the ranges that the check rejected. Failing ranges are rejected once another range passes. */
export const rejectedKeys = (
  { ranges, source }: Pick<ScoreBoard, 'ranges' | 'source'>,
  check: CheckResult | null,
  rho: number
): ReadonlySet<string> =>
  check === null
    ? NONE
    : new Set(rejectedRanges(ranges, check, rho).map((range) => rangeKey(range, { source })))

export interface SortOrder {
  column: RowColumn
  descending: boolean
}

/**
 * Returns the board's models in the table's order. Equal values keep the order of {@link boardRows}.
 *
 * @param minimum validity that a model needs to qualify, besides more diversity than post; null while unknown.
 * @param failed keys of models that fail the full-answer check and do not qualify.
 * @param selected key of the range that comes first among the qualifying models
 */
export function sortedRows(
  board: ScoreBoard,
  { column, descending }: SortOrder,
  minimum: number | null,
  failed: ReadonlySet<string> = NONE,
  selected: string | null = null
): BoardRow[] {
  const qualifies = (row: BoardRow): boolean =>
    !failed.has(row.key) &&
    !isBelow(row, board, minimum) &&
    (board.post === null || row.diversity > board.post.diversity)
  const rows = boardRows(board)
  if (isByDiversity(column)) {
    const parts =
      column === 'qualifies'
        ? [
            rows.filter((row) => row.key === selected),
            rows.filter((row) => row.key !== selected && qualifies(row)),
            rows.filter((row) => row.key !== selected && !qualifies(row))
          ]
        : [rows]
    const groups = parts.flatMap((part) => byDiversity(part, (row) => row))
    return (descending ? groups : groups.reverse()).flatMap((equal) =>
      equal.sort((a, b) => a.place - b.place)
    )
  }
  const value = SORT_VALUES[column]
  const sign = descending ? -1 : 1
  return rows.sort((left, right) => sign * (value(left) - value(right)) || left.place - right.place)
}

/** Writes a row as text for notes or a spreadsheet. An estimate names its number of prompts. */
export const rowText = (row: BoardRow, board: Pick<ScoreBoard, 'promptCount'>): string =>
  [
    `${row.name}${isPartial(row, board) ? `, from ${row.promptCount} of ${plural(board.promptCount, 'prompt')}` : ''}`,
    row.validity,
    row.diversity,
    row.effectiveChoices,
    ...(row.distinctRight === undefined ? [] : [row.distinctRight])
  ].join('\t')
