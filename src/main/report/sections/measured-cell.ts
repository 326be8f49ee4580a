import type { Estimate, MeasureDifference, VariantResult } from '../../../contract/documents/evaluation'
import type { MeasureId } from '../../../contract/model/measures'
import {
  formatDifference,
  formatMeasure,
  intervalWords,
  isFinding,
  withInterval
} from '../../../contract/words/evaluation-words'
import { DASH, type TableCell } from '../blocks'

/** Shows a variant's mean of a measure and its difference. @param names lines to show above the difference */
export function measureCell(
  { measures, differences }: Pick<VariantResult, 'measures' | 'differences'>,
  id: MeasureId,
  names: readonly string[] = []
): TableCell {
  return estimateCell(id, measures[id], differences[id], names)
}

/** Shows a mean with its interval, and below it the difference. Without an interval, the second line says why. */
export function estimateCell(
  id: MeasureId,
  estimate: Estimate | undefined,
  difference: MeasureDifference | null | undefined,
  names: readonly string[] = []
): TableCell {
  if (estimate === undefined) return DASH
  const hasInterval = estimate.interval !== null
  const details = [
    ...(hasInterval ? [] : [intervalWords(estimate, (end) => formatMeasure(id, end))]),
    ...names,
    ...(difference ? [formatDifference(id, difference)] : [])
  ]
  return {
    text: hasInterval ? withInterval(id, estimate) : formatMeasure(id, estimate.mean),
    ...(details.length > 0 && { detail: details.join('\n') }),
    strong: difference ? isFinding(id, difference) : false
  }
}
