import type { ComparedScores, SweepComparison } from '../../../contract/documents/sweep-comparison'
import { rangeKey } from '../../../contract/model/strengths'
import { scoreWords } from '../../../contract/words/score-words'
import { type CsvCell, toCsv } from '../../ui/csv'
import { capitalised, rangeLabel } from '../../ui/format'
import { COMPARED_MEASURES } from './comparison-charts'

/** The scores of a model in both sweeps. */
export interface ComparisonRow extends ComparedScores {
  /** Key of a range; null for base and post. */
  key: string | null
  label: string
  /** Label of the corresponding range in the second sweep. */
  other: string
  /** Index in the order of {@link comparisonRows}. */
  place: number
}

/** Returns post, base, and the ranges in the first sweep's order. */
export const comparisonRows = ({ post, base, ranges, a }: SweepComparison): ComparisonRow[] =>
  [
    { ...post, key: null, label: 'post', other: 'post' },
    ...(base === null ? [] : [{ ...base, key: null, label: 'base', other: 'base' }]),
    ...ranges.map(({ range, other, ...scores }) => ({
      ...scores,
      key: rangeKey(range, a),
      label: rangeLabel(range),
      other: rangeLabel(other)
    }))
  ].map((row, place) => ({ ...row, place }))

/** Sort keys of the columns. */
const SORT_VALUES = {
  model: (row: ComparisonRow) => row.place,
  validityA: (row: ComparisonRow) => row.a.validity,
  validityB: (row: ComparisonRow) => row.b.validity,
  validity: (row: ComparisonRow) => row.difference.validity,
  diversityA: (row: ComparisonRow) => row.a.diversity,
  diversityB: (row: ComparisonRow) => row.b.diversity,
  diversity: (row: ComparisonRow) => row.difference.diversity
} as const
type ComparisonColumn = keyof typeof SORT_VALUES

export interface ComparisonOrder {
  column: ComparisonColumn
  descending: boolean
}

/** Returns the sortable columns, with names that fit the task of both sweeps. */
export function comparisonColumns({ a }: SweepComparison): { id: ComparisonColumn; label: string }[] {
  const words = scoreWords(a.scoredBy)
  const [validity, diversity] = [capitalised(words.validity), capitalised(words.diversity)]
  return [
    { id: 'model', label: 'Model' },
    { id: 'validityA', label: `${validity} A` },
    { id: 'validityB', label: `${validity} B` },
    { id: 'validity', label: 'B less A' },
    { id: 'diversityA', label: `${diversity} A` },
    { id: 'diversityB', label: `${diversity} B` },
    { id: 'diversity', label: 'B less A' }
  ]
}

/** Returns the rows in the table's order. Equal values keep the order of {@link comparisonRows}. */
export function sortedComparison(
  comparison: SweepComparison,
  { column, descending }: ComparisonOrder
): ComparisonRow[] {
  const value = SORT_VALUES[column]
  const sign = descending ? -1 : 1
  return comparisonRows(comparison).sort(
    (left, right) => sign * (value(left) - value(right)) || left.place - right.place
  )
}

/** Writes every compared model as a CSV row. */
export function comparisonCsv(comparison: SweepComparison): string {
  const words = scoreWords(comparison.a.scoredBy)
  const columns = COMPARED_MEASURES.flatMap((measure) => {
    const name = words[measure]
    return [`${name}_a`, `${name}_b`, `${name}_difference`, `${name}_margin_95`]
  })
  return toCsv(
    ['model_a', 'model_b', ...columns],
    comparisonRows(comparison).map(({ label, other, a, b, difference, margins }): CsvCell[] => [
      label,
      other,
      ...COMPARED_MEASURES.flatMap((measure) => [
        a[measure],
        b[measure],
        difference[measure],
        margins[measure]
      ])
    ])
  )
}
