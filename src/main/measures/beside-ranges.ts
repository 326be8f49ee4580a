import {
  type BesideRange,
  type MeasureDifference,
  type EvaluationRun,
  isPlain
} from '../../contract/documents/evaluation'
import { elementAt } from '../../contract/model/look-up'
import type { MeasureId } from '../../contract/model/measures'
import { choosesLayers } from '../../contract/model/strengths'
import { taskKindFacts } from '../../contract/model/task-kinds'
import type { Measures } from './evaluation-cell'
import { pairedDifferences } from './statistics'

interface EvaluationMeasures {
  readonly run: Pick<EvaluationRun, 'task' | 'variants'>
  /** [prompt][variant] */
  readonly measures: readonly (readonly Measures[])[]
  /** Index of the variant that others are compared with by default. */
  readonly reference: number
  readonly keys: readonly string[]
}

/**
 * Compares every recipe that chooses layers with each other variant on the same prompts. Comparisons of a measure are
 * adjusted together (Holm), each pair once.
 */
export function besideRanges({ run, measures, reference, keys }: EvaluationMeasures): BesideRange[] {
  const pairs = pairsOf(run, reference)
  const { diversity, quality } = taskKindFacts(run.task.kind).mainMeasures
  const comparisons = [...diversity, ...quality].map((id) => ({
    id,
    differences: pairedDifferences(
      pairs.map(({ range, other }) => onBoth(measures, id, [other, range])),
      pairs.map(({ range, other }) =>
        keys[range] === keys[other] ? null : `${elementAt(keys, range, 'variant')} ${elementAt(keys, other, 'variant')}`
      )
    )
  }))
  const nameOf = (index: number): string => elementAt(run.variants, index, 'variant').variant.name
  return pairs.flatMap(({ range, other, both }, index): BesideRange[] => {
    const pairDifferences = comparisons.flatMap(({ id, differences }) => {
      const difference = elementAt(differences, index, 'pair')
      return difference === null ? [] : [{ id, difference }]
    })
    const mapDifferences = (
      convert: (difference: MeasureDifference) => MeasureDifference
    ): BesideRange['differences'] =>
      Object.fromEntries(pairDifferences.map(({ id, difference }) => [id, convert(difference)]))
    return [
      {
        range: nameOf(range),
        variant: nameOf(other),
        differences: mapDifferences((difference) => difference)
      },
      ...(both ? [{ range: nameOf(other), variant: nameOf(range), differences: mapDifferences(reversed) }] : [])
    ]
  })
}

interface RangePair {
  range: number
  other: number
  both: boolean
}

function pairsOf({ variants }: EvaluationMeasures['run'], reference: number): RangePair[] {
  const isRange = variants.map(
    (entry) => entry.variant.kind === 'recipe' && isPlain(entry) && choosesLayers(entry.variant.recipe)
  )
  const indices = [...variants.keys()].filter((index) => index !== reference)
  return indices
    .filter((index) => isRange[index])
    .flatMap((range) =>
      indices.flatMap((other) => {
        const both = isRange[other] === true
        return other === range || (both && other < range) ? [] : [{ range, other, both }]
      })
    )
}

/** Lists the differences of two variants on the prompts for which both have a value. */
const onBoth = (
  measures: EvaluationMeasures['measures'],
  id: MeasureId,
  [variant, from]: readonly [number, number]
): number[] =>
  measures.flatMap((prompt) => {
    const [value, other] = [prompt[variant]?.[id], prompt[from]?.[id]]
    return value === undefined || other === undefined ? [] : [value - other]
  })

const reversed = (difference: MeasureDifference): MeasureDifference => ({
  ...difference,
  mean: -difference.mean,
  interval: difference.interval === null ? null : [-difference.interval[1], -difference.interval[0]],
  effectSize: difference.effectSize === null ? null : -difference.effectSize
})
