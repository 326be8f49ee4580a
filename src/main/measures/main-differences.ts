import type { MeasureDifference } from '../../contract/documents/evaluation'
import { elementAt } from '../../contract/model/look-up'
import type { MeasureId } from '../../contract/model/measures'
import { type TaskKind, taskKindFacts } from '../../contract/model/task-kinds'
import type { Measures } from './evaluation-cell'
import { type ComparisonKey, pairedDifferences } from './statistics'

/** A comparison of variants by the value of a measure on each prompt. */
interface PromptComparison {
  /** Computes the difference on one prompt from the variants' values; undefined if a needed value is missing. */
  readonly differenceOf: (valueOf: (variant: number) => number | undefined) => number | undefined
  readonly key: ComparisonKey
}

/** Subtracts two values; undefined if either is missing. */
export const subtract = (value: number | undefined, other: number | undefined): number | undefined =>
  value === undefined || other === undefined ? undefined : value - other

/**
 * Makes comparisons by each main measure of a kind of task.
 * @param measures [prompt][variant]
 * @returns one record per comparison, without measures that have no difference on any prompt
 */
export function mainDifferences(
  kind: TaskKind,
  measures: readonly (readonly Measures[])[],
  comparisons: readonly PromptComparison[]
): Partial<Record<MeasureId, MeasureDifference>>[] {
  const { diversity, quality } = taskKindFacts(kind).mainMeasures
  const records = comparisons.map((): Partial<Record<MeasureId, MeasureDifference>> => ({}))
  for (const id of [...diversity, ...quality]) {
    const differences = pairedDifferences(
      comparisons.map(({ differenceOf }) =>
        measures.flatMap((variants) => differenceOf((variant) => variants[variant]?.[id]) ?? [])
      ),
      comparisons.map(({ key }) => key)
    )
    for (const [index, difference] of differences.entries()) {
      if (difference !== null) elementAt(records, index, 'comparison')[id] = difference
    }
  }
  return records
}
