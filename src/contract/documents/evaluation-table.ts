import type { Estimate, EvaluationView, MeasureDifference } from './evaluation'

type Cell = string | number | null

export const EVALUATION_COLUMNS =
  'variant measure mean low high n difference difference_low difference_high p adjusted_p ' +
  'answers compared_with difference_n effect_size'

/** Returns a row for each variant and measure, and for each k of pass@k, with the {@link EVALUATION_COLUMNS}. */
export const evaluationRows = ({
  variants,
  comparedWith
}: Pick<EvaluationView['results'], 'variants' | 'comparedWith'>): Cell[][] =>
  variants.flatMap(({ variant, answerCount, measures, differences, passAtK }) => {
    const row = (measure: string, { mean, interval, promptCount }: Estimate, difference: MeasureDifference | null) => [
      ...[variant, measure, mean, ...endCells(interval), promptCount],
      ...[difference?.mean ?? null, ...endCells(difference?.interval)],
      ...[difference?.pValue ?? null, difference?.adjustedPValue ?? null, answerCount],
      ...(difference === null ? [null, null, null] : [comparedWith, difference.promptCount, difference.effectSize])
    ]
    const differenceOf = new Map(Object.entries(differences))
    return [
      ...Object.entries(measures).map(([id, estimate]) => row(id, estimate, differenceOf.get(id) ?? null)),
      ...passAtK.map(({ k, difference, ...estimate }) => row(`pass@${k}`, estimate, difference))
    ]
  })

const endCells = (interval: Estimate['interval'] | undefined): [number | null, number | null] =>
  interval ?? [null, null]
