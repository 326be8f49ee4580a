import type { VariantResult } from '../documents/evaluation'
import { elementAt } from '../model/look-up'
import { type MeasureId, measureOf } from '../model/measures'
import { type EvaluationVerdict, evaluationVerdicts } from './evaluation-verdict'
import { formatPercent } from './format'

interface RankedVerdict extends EvaluationVerdict {
  /** Relative difference in quality from the reference variant; null if it cannot be shown as a share. */
  size: string | null
  /** True if another variant has as much of both measures and more of one. */
  isDominated: boolean
}

type Measured = Pick<VariantResult, 'variant' | 'measures' | 'differences'>
type Results = Parameters<typeof evaluationVerdicts>[0]
type ComparedMeasures = Parameters<typeof evaluationVerdicts>[1]

/** A smaller share would be shown as 0 %. */
const SMALLEST_SHARE = 0.005

/** Returns the mean with its sign turned so that higher is better. */
export function signedMean({ measures }: Pick<Measured, 'measures'>, id: MeasureId): number | null {
  const mean = measures[id]?.mean
  if (mean === undefined) return null
  return measureOf(id).better === 'lower' ? -mean : mean
}

function sizeOf(
  { differences }: Measured,
  { quality }: ComparedMeasures,
  referenceMean: number | undefined
): string | null {
  const mean = differences[quality]?.mean
  if (mean === undefined || referenceMean === undefined || referenceMean === 0) return null
  const share = mean / Math.abs(referenceMean)
  if (Math.abs(share) < SMALLEST_SHARE) return null
  return `${measureOf(quality).label.toLowerCase()} ${share < 0 ? '−' : '+'}${formatPercent(Math.abs(share))}`
}

/** Ranks verdicts: the reference, then variants on the Pareto front by falling diversity, then all other variants. */
export function rankedVerdicts(results: Results, measures: ComparedMeasures): RankedVerdict[] {
  const { variants, comparedWith } = results
  const referenceMean = variants.find(({ variant }) => variant === comparedWith)?.measures[measures.quality]?.mean
  const points = variants.map((result) => ({
    diversity: signedMean(result, measures.diversity),
    quality: signedMean(result, measures.quality)
  }))
  const isDominated = (index: number): boolean => {
    const { diversity, quality } = elementAt(points, index, 'variant')
    if (diversity === null || quality === null) return false
    return points.some(
      (other) =>
        other.diversity !== null &&
        other.quality !== null &&
        other.diversity >= diversity &&
        other.quality >= quality &&
        (other.diversity > diversity || other.quality > quality)
    )
  }
  const ranked = evaluationVerdicts(results, measures).map((verdict, index) => {
    const result = elementAt(variants, index, 'variant')
    return {
      ...verdict,
      size: verdict.variant === comparedWith ? null : sizeOf(result, measures, referenceMean),
      isDominated: verdict.variant !== comparedWith && isDominated(index),
      diversity: elementAt(points, index, 'variant').diversity ?? -Infinity
    }
  })
  const rank = ({ variant, isDominated: last }: RankedVerdict): number => (variant === comparedWith ? 0 : last ? 2 : 1)
  return ranked
    .toSorted((a, b) => rank(a) - rank(b) || b.diversity - a.diversity)
    .map(({ diversity: _, ...verdict }) => verdict)
}
