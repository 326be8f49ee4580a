import type { ComparedScores, SweepComparison } from '../../../contract/documents/sweep-comparison'
import { rangeKey } from '../../../contract/model/strengths'
import { scoreWords } from '../../../contract/words/score-words'
import { type Cell, toCsv } from '../../ui/csv'
import { capitalised, rangeLabel } from '../../ui/format'
import { COMPARED_MEASURES } from './comparison-charts'

/** What both sweeps say of a model. */
export interface ComparisonRow extends ComparedScores {
  /** Key of a range; null for base and post. */
  key: string | null
  label: string
  /** The range that stands beside it. */
  other: string
  /** In the order of {@link comparisonRows}. */
  place: number
}

/** Post, base, and the ranges as the first sweep has them. */
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

/** By what the table can be sorted. */
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

/** The columns by which it can be sorted, called as what both are scored by wants. */
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

/** The rows as a table shows them; equal values keep the order of {@link comparisonRows}. */
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

/** Every compared model as one row. */
export function comparisonCsv(comparison: SweepComparison): string {
  const words = scoreWords(comparison.a.scoredBy)
  const columns = COMPARED_MEASURES.flatMap((measure) => {
    const name = words[measure]
    return [`${name}_a`, `${name}_b`, `${name}_difference`, `${name}_margin_95`]
  })
  return toCsv(
    ['model_a', 'model_b', ...columns],
    comparisonRows(comparison).map(({ label, other, a, b, difference, margins }): Cell[] => [
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
