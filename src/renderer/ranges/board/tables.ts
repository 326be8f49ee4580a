import { type CheckResult, passesCheck, rangePasses, rejectedRanges } from '../../../contract/documents/answer-check'
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
import { capitalised, formatDelta, formatScore, plural, rangeLabel } from '../../ui/format'
import { type TableColumn, givenOrder } from '../../ui/table'
import { FAILS_CHECK } from './mark-looks'
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
  type ScoreBoard,
  wholeModels
} from './score-board'
import { otherModels } from '../../recipes/scored-models'

/**
 * Writes every model of a sweep as a CSV row with the basis of its scores. The order is base, post, ranges, blends,
 * recipes, other checkpoints and baselines.
 */
export function sweepCsv(sweep: ShownSweep, kept: KeptModels = NOTHING_KEPT): string {
  const categories = categoriesOf(sweep.prompts)
  const words = scoreWords({ kind: sweep.scoredBy.kind })
  const header = [
    'model',
    'start',
    'end',
    words.validity,
    words.diversity,
    words.choices.replace(' ', '_'),
    ...(distinctWords(sweep.scoredBy) === null ? [] : ['distinct_right']),
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
    ...wholeModels(sweep).map(({ key, score }) => row(key, null, null, score)),
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
  kind: OtherPoint['kind'] | 'range' | 'baseline' | 'whole'
  /** Index in the order of {@link boardRows}. */
  index: number
  label: string
  /** Name of the model in copied text. */
  name: string
  /** See {@link OtherPoint}. */
  halfOf?: OtherPoint['halfOf']
  /** Number of layers that differ from post; null while unknown, and for a checkpoint or baseline. */
  changed: number | null
}

/** Returns the rows: ranges by start and end, then other models, baselines, and base and post. */
export const boardRows = (board: ScoreBoard): BoardRow[] => {
  const { ranges, others, baselines, promptCount, source, layerCount } = board
  const changedOf = new Map([
    ['base', layerCount],
    ['post', 0]
  ])
  return [
    ...[...ranges]
      .sort((left, right) => left.start - right.start || left.end - right.end)
      .map((point) => ({
        ...point,
        key: rangeKey(point, { source }),
        kind: 'range' as const,
        name: rangeText(point, { source }),
        label: [
          rangeLabel(point),
          ...controlsOf(rangeKey(point, { source }), baselines),
          ...(isPartial(point, { promptCount }) ? [`(from ${plural(point.promptCount, 'prompt')})`] : [])
        ].join(' '),
        changed: point.end - point.start + 1
      })),
    ...others.map((point) => ({ ...point, label: point.name })),
    ...baselines
      .filter(({ kind }) => kind !== 'half' && kind !== 'control')
      .map((point) => ({ ...point, kind: 'baseline' as const, label: point.name, changed: null })),
    ...wholeModels(board).map(({ key, score }) => ({
      ...score,
      key,
      kind: 'whole' as const,
      name: key,
      label: key,
      changed: changedOf.get(key) ?? null
    }))
  ].map((row, index) => ({ ...row, index }))
}

/**
 * Names the range of which a model is half, unless that is the selected range; null for all other models.
 *
 * @param selected key of the selected range
 */
export const halfNote = (
  { halfOf }: Pick<BoardRow, 'halfOf'>,
  selected: string | null,
  board: Pick<ScoreBoard, 'source'>
): string | null => (halfOf === undefined || rangeKey(halfOf, board) === selected ? null : halfOfWords(halfOf))

/**
 * Describes the position of a range among those of the selected length.
 *
 * @param range key of the range
 */
const controlsOf = (range: string, baselines: readonly BaselinePoint[]): string[] =>
  baselines
    .filter(({ key }) => key === range)
    .flatMap(({ controlPosition }) => (controlPosition === undefined ? [] : [`(${controlWords(controlPosition)})`]))

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
    ...ranges.filter((range) => rangePasses(check, range, rho) === false).map((range) => rangeKey(range, { source })),
    ...recipes.map(({ recipe }) => weightsKey({ kind: 'recipe', recipe }))
  ])
}

/** Returns keys of the ranges that the check rejected. Failing ranges are rejected once another range passes. */
export const rejectedKeys = (
  { ranges, source }: Pick<ScoreBoard, 'ranges' | 'source'>,
  check: CheckResult | null,
  rho: number
): ReadonlySet<string> =>
  check === null ? NONE : new Set(rejectedRanges(ranges, check, rho).map((range) => rangeKey(range, { source })))

/** Settings that decide the state of a model in the table. */
interface RowContext {
  /** Lowest validity of a model that qualifies; null while unknown. It must also be more diverse than post. */
  minimum: number | null
  /** Keys of models that fail the full-answer check and do not qualify. */
  failed?: ReadonlySet<string>
  /** Key of the selected range, which is first among the qualifying models. */
  selected?: string | null
  badge?: string
}

/** Returns whether a model can be selected, in words. */
function stateOf(row: BoardRow, board: ScoreBoard, context: RowContext): string {
  const { minimum, failed = NONE, selected = null, badge } = context
  if (badge !== undefined && row.kind === 'range' && row.key === selected) return badge
  if (failed.has(row.key)) return FAILS_CHECK
  if (isBelow(row, board, minimum)) return `${scoreWords(board.scoredBy).validity} too low`
  if (board.post !== null && row.diversity <= board.post.diversity) return 'no gain'
  return minimum !== null && row.validity < minimum ? 'perhaps' : 'yes'
}

/** Sorts models by diversity. Models that do not differ significantly keep the order of {@link boardRows}. */
function sortByDiversity(parts: readonly (readonly BoardRow[])[], descending: boolean): BoardRow[] {
  const groups = parts.flatMap((part) => byDiversity(part, (row) => row))
  return (descending ? groups : groups.reverse()).flatMap((equal) => equal.sort((a, b) => a.index - b.index))
}

/** Returns the columns of the table of models, with names that fit the task of the board. */
export function rowColumns(board: ScoreBoard, context: RowContext = { minimum: null }): TableColumn<BoardRow>[] {
  const words = scoreWords(board.scoredBy)
  const distinct = distinctWords(board.scoredBy)
  const isFirst = ({ key }: BoardRow): boolean => key === (context.selected ?? null)
  const qualifies = (row: BoardRow): boolean => ['yes', 'perhaps'].includes(stateOf(row, board, context))
  const byTheirDiversity = (rows: readonly BoardRow[], descending: boolean): BoardRow[] =>
    sortByDiversity([rows], descending)
  return [
    {
      id: 'model',
      label: 'Model',
      words: true,
      value: (row) =>
        row.name + (isPartial(row, board) ? `, from ${row.promptCount} of ${plural(board.promptCount, 'prompt')}` : ''),
      sort: givenOrder
    },
    { id: 'layers', label: 'Layers changed', value: ({ changed }) => changed },
    {
      id: 'validity',
      label: capitalised(words.validity),
      value: ({ validity }) => validity,
      format: formatScore
    },
    {
      id: 'diversity',
      label: capitalised(words.diversity),
      value: ({ diversity }) => diversity,
      format: formatScore,
      sort: byTheirDiversity
    },
    {
      id: 'gain',
      label: 'Gain over post',
      value: ({ diversity }) => (board.post === null ? null : diversity - board.post.diversity),
      format: (value) => formatDelta(value),
      sort: byTheirDiversity
    },
    {
      id: 'choices',
      label: capitalised(words.choices),
      value: ({ effectiveChoices }) => effectiveChoices,
      format: (value) => value.toFixed(2)
    },
    ...(distinct === null
      ? []
      : [
          {
            id: 'distinct',
            label: capitalised(distinct),
            value: ({ distinctRight }: BoardRow) => distinctRight ?? null,
            format: (value: number) => value.toFixed(2)
          }
        ]),
    {
      id: 'qualifies',
      label: 'Qualifies',
      words: true,
      isAscending: false,
      value: (row) => stateOf(row, board, context),
      sort: (rows, descending) =>
        sortByDiversity(
          [
            rows.filter(isFirst),
            rows.filter((row) => !isFirst(row) && qualifies(row)),
            rows.filter((row) => !isFirst(row) && !qualifies(row))
          ],
          descending
        )
    }
  ]
}
