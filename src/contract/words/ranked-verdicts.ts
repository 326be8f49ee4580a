import type { VariantResult } from '../documents/evaluation'
import { type MeasureId, measureOf } from '../model/measures'
import { type EvaluationVerdict, evaluationVerdicts } from './evaluation-verdict'
import { formatPercent } from './format'

/** The verdict of a variant as it is listed beside those of others. */
export interface RankedVerdict extends EvaluationVerdict {
  /** How much more or less of the quality it has than the variant that it is compared with; null where it is no share, or none that can be shown. */
  size: string | null
  /** Whether another variant has at least as much diversity and quality, and more of one. */
  isDominated: boolean
}

type Measured = Pick<VariantResult, 'variant' | 'measures' | 'differences'>
type Results = Parameters<typeof evaluationVerdicts>[0]
type Looked = Parameters<typeof evaluationVerdicts>[1]

/** A smaller difference would be shown as 0 %. */
const SMALLEST_SHARE = 0.005

/** Higher is better. */
function valueOf({ measures }: Measured, id: MeasureId): number | null {
  const mean = measures[id]?.mean
  if (mean === undefined) return null
  return measureOf(id).better === 'lower' ? -mean : mean
}

function sizeOf({ differences }: Measured, { quality }: Looked, of: number | undefined): string | null {
  const mean = differences[quality]?.mean
  if (mean === undefined || of === undefined || of === 0) return null
  const share = mean / Math.abs(of)
  if (Math.abs(share) < SMALLEST_SHARE) return null
  return `${measureOf(quality).label.toLowerCase()} ${share < 0 ? '−' : '+'}${formatPercent(Math.abs(share))}`
}

/** The verdicts, best first: the variant that others are compared with, those that no other dominates by falling diversity, then the rest. */
export function rankedVerdicts(results: Results, looked: Looked): RankedVerdict[] {
  const { variants, comparedWith } = results
  const of = variants.find(({ variant }) => variant === comparedWith)?.measures[looked.quality]?.mean
  const points = variants.map((result) => ({
    diversity: valueOf(result, looked.diversity),
    quality: valueOf(result, looked.quality)
  }))
  const isDominated = (place: number): boolean => {
    const own = points[place]
    if (own === undefined || own.diversity === null || own.quality === null) return false
    const { diversity, quality } = own
    return points.some(
      (other) =>
        other.diversity !== null &&
        other.quality !== null &&
        other.diversity >= diversity &&
        other.quality >= quality &&
        (other.diversity > diversity || other.quality > quality)
    )
  }
  const ranked = evaluationVerdicts(results, looked).map((verdict, place) => {
    const result = variants[place]
    return {
      ...verdict,
      size: result === undefined || verdict.variant === comparedWith ? null : sizeOf(result, looked, of),
      isDominated: verdict.variant !== comparedWith && isDominated(place),
      diversity: points[place]?.diversity ?? -Infinity
    }
  })
  const rank = ({ variant, isDominated: last }: RankedVerdict): number =>
    variant === comparedWith ? 0 : last ? 2 : 1
  return ranked
    .toSorted((a, b) => rank(a) - rank(b) || b.diversity - a.diversity)
    .map(({ diversity: _, ...verdict }) => verdict)
}
