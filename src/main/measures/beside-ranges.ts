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
import type { Measures } from './cell-measures'
import { pairedDifferences } from './statistics'

interface Evaluated {
  readonly run: Pick<EvaluationRun, 'task' | 'variants'>
  /** [prompt][variant] */
  readonly measures: readonly (readonly Measures[])[]
  /** Index of the variant that others are compared with when nobody says. */
  readonly reference: number
  /** One string for variants that answer alike. */
  readonly keys: readonly string[]
}

/**
 * Every range of an evaluation, or other recipe that chooses layers, beside each other variant but the reference, on the same prompts:
 * whether something that stands there anyway does better than what the workbench recommends. The comparisons of a measure are
 * adjusted together (Holm), each pair once, whichever variant the others are compared with.
 */
export function besideRanges({ run, measures, reference, keys }: Evaluated): BesideRange[] {
  const pairs = pairsOf(run, reference)
  const { diversity, quality } = taskKindFacts(run.task.kind).mainMeasures
  const found = [...diversity, ...quality].map((id) => ({
    id,
    differences: pairedDifferences(
      pairs.map(({ range, other }) => onBoth(measures, id, [other, range])),
      pairs.map(({ range, other }) =>
        keys[range] === keys[other]
          ? null
          : `${elementAt(keys, range, 'variant')} ${elementAt(keys, other, 'variant')}`
      )
    )
  }))
  const nameOf = (index: number): string => elementAt(run.variants, index, 'variant').variant.name
  return pairs.flatMap(({ range, other, both }, place): BesideRange[] => {
    const own = found.flatMap(({ id, differences }) => {
      const difference = elementAt(differences, place, 'pair')
      return difference === null ? [] : [{ id, difference }]
    })
    const each = (turn: (difference: MeasureDifference) => MeasureDifference): BesideRange['differences'] =>
      Object.fromEntries(own.map(({ id, difference }) => [id, turn(difference)]))
    return [
      { range: nameOf(range), variant: nameOf(other), differences: each((difference) => difference) },
      ...(both ? [{ range: nameOf(other), variant: nameOf(range), differences: each(turned) }] : [])
    ]
  })
}

interface Pair {
  range: number
  other: number
  /** Whether the other is a range too. */
  both: boolean
}

/** Each pair once. */
function pairsOf({ variants }: Evaluated['run'], reference: number): Pair[] {
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

/** One variant's value less another's, of the prompts on which both have it. */
const onBoth = (
  measures: Evaluated['measures'],
  id: MeasureId,
  [variant, from]: readonly [number, number]
): number[] =>
  measures.flatMap((prompt) => {
    const [value, other] = [prompt[variant]?.[id], prompt[from]?.[id]]
    return value === undefined || other === undefined ? [] : [value - other]
  })

/** The same from the other side. */
const turned = (difference: MeasureDifference): MeasureDifference => ({
  ...difference,
  mean: -difference.mean,
  interval: difference.interval === null ? null : [-difference.interval[1], -difference.interval[0]],
  effectSize: difference.effectSize === null ? null : -difference.effectSize
})
