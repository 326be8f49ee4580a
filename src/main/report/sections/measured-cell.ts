import type { Estimate } from '../../../contract/documents/evaluation'
import type { MeasureId } from '../../../contract/model/measures'
import { formatMeasure, intervalWords, withInterval } from '../../../contract/words/evaluation-words'
import type { TableCell } from '../blocks'

/** A mean with its interval, or below it why it has none, which would make the table wider than the page. @param details below it */
export function measuredCell(
  id: MeasureId,
  estimate: Estimate,
  details: readonly string[]
): Pick<TableCell, 'text' | 'detail'> {
  const hasInterval = estimate.interval !== null
  const lines = hasInterval ? details : [intervalWords(estimate, (end) => formatMeasure(id, end)), ...details]
  return {
    text: hasInterval ? withInterval(id, estimate) : formatMeasure(id, estimate.mean),
    ...(lines.length === 0 ? {} : { detail: lines.join('\n') })
  }
}
