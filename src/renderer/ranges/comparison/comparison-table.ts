import { comparedCells, COMPARISON_COLUMNS } from '../../../contract/documents/comparison-table'
import type { ComparedScores, SweepComparison } from '../../../contract/documents/sweep-comparison'
import { rangeKey } from '../../../contract/model/strengths'
import { scoreWords } from '../../../contract/words/score-words'
import { toCsv } from '../../ui/csv'
import { capitalised, formatScore, rangeLabel } from '../../ui/format'
import { type TableColumn, givenOrder } from '../../ui/table'
import { differenceWords } from './comparison-charts'

interface ComparisonRow extends ComparedScores {
  /** Key of a range; null for base and post. */
  key: string | null
  label: string
  /** Label of the corresponding range in the second sweep. */
  other: string
  /** Index in the order of {@link comparisonRows}. */
  index: number
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
  ].map((row, index) => ({ ...row, index }))

/** Returns the columns, with names that fit the task of both sweeps. */
export function comparisonColumns({ a, by }: SweepComparison): TableColumn<ComparisonRow>[] {
  const words = scoreWords(a.scoredBy)
  return [
    {
      id: 'model',
      label: 'Model',
      words: true,
      value: ({ key, label, other }) => (by === 'relative depth' && key !== null ? `${label} | ${other}` : label),
      sort: givenOrder
    },
    ...(['validity', 'diversity'] as const).flatMap((measure): TableColumn<ComparisonRow>[] => [
      ...(['a', 'b'] as const).map((side) => ({
        id: `${measure} ${side}`,
        label: `${capitalised(words[measure])} ${side.toUpperCase()}`,
        value: (row: ComparisonRow) => row[side][measure],
        format: formatScore
      })),
      {
        id: measure,
        label: 'B less A',
        value: ({ difference }) => difference[measure],
        text: ({ difference, margins }) => differenceWords(difference[measure], margins[measure])
      }
    ])
  ]
}

export const comparisonCsv = (comparison: SweepComparison): string =>
  toCsv(COMPARISON_COLUMNS.split(' '), comparedCells(comparison))
