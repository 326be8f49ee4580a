import {
  type BesideRange,
  type MeasureDifference,
  type EvaluationRun,
  isPlain
} from '../../contract/documents/evaluation'
import { elementAt } from '../../contract/model/look-up'
import { choosesLayers } from '../../contract/model/strengths'
import type { Measures } from './evaluation-cell'
import { mainDifferences, subtract } from './main-differences'

interface EvaluationMeasures {
  readonly run: Pick<EvaluationRun, 'task' | 'variants'>
  /** Measures of each variant's answers to each prompt, [prompt][variant]. */
  readonly measures: readonly (readonly Measures[])[]
  /** Index of the variant with which the evaluation compares all others anyway, so it is left out here. */
  readonly reference: number
  /** One key per variant. Variants with equal weights and settings have equal keys. */
  readonly keys: readonly string[]
}

/**
 * Compares every range, or other recipe that chooses layers, with each other variant on the same prompts. Two ranges
 * are compared once, but listed in both directions. The p-values of a measure are adjusted for all pairs (Holm).
 */
export function besideRanges({ run, measures, reference, keys }: EvaluationMeasures): BesideRange[] {
  const pairs = comparedPairs(run, reference)
  const keyOf = (index: number): string => elementAt(keys, index, 'variant')
  const differences = mainDifferences(
    run.task.kind,
    measures,
    pairs.map(({ range, other }) => ({
      differenceOf: (valueOf) => subtract(valueOf(other), valueOf(range)),
      key: keyOf(range) === keyOf(other) ? null : `${keyOf(range)} ${keyOf(other)}`
    }))
  )
  const nameOf = (index: number): string => elementAt(run.variants, index, 'variant').variant.name
  return pairs.flatMap(({ range, other, areBothRanges }, index): BesideRange[] => {
    const pairDifferences = elementAt(differences, index, 'pair')
    const entry = { range: nameOf(range), variant: nameOf(other), differences: pairDifferences }
    if (!areBothRanges) return [entry]
    const reversed = Object.entries(pairDifferences).map(([id, difference]) => [id, negate(difference)] as const)
    return [entry, { range: nameOf(other), variant: nameOf(range), differences: Object.fromEntries(reversed) }]
  })
}

/** Indices of two variants that are compared. */
interface ComparedPair {
  range: number
  other: number
  areBothRanges: boolean
}

function comparedPairs({ variants }: EvaluationMeasures['run'], reference: number): ComparedPair[] {
  const isRange = variants.map(
    (entry) => entry.variant.kind === 'recipe' && isPlain(entry) && choosesLayers(entry.variant.recipe)
  )
  const indices = [...variants.keys()].filter((index) => index !== reference)
  return indices
    .filter((index) => isRange[index])
    .flatMap((range) =>
      indices.flatMap((other) => {
        const areBothRanges = isRange[other] === true
        const isListedAlready = areBothRanges && other < range
        return other === range || isListedAlready ? [] : [{ range, other, areBothRanges }]
      })
    )
}

/** Reverses the direction of a difference. */
const negate = (difference: MeasureDifference): MeasureDifference => ({
  ...difference,
  mean: -difference.mean,
  interval: difference.interval === null ? null : [-difference.interval[1], -difference.interval[0]],
  effectSize: difference.effectSize === null ? null : -difference.effectSize
})
