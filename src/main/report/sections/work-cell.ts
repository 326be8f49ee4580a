import type { ReportedSweep } from '../../../contract/documents/report'
import { formatPercent, plural } from '../../../contract/words/format'
import { sweepWorkWords } from '../../../contract/words/preview-words'
import type { TableCell } from '../blocks'

export const BLOCK_EVALUATION =
  'A block evaluation is one layer over a group of prompts, for all models that are equal up to it'

/** Shows the work of a sweep. A preview evaluates few prompts at a time, so its rows are counted. */
export function workCell({ work, followUp, preview }: Pick<ReportedSweep, 'work' | 'followUp' | 'preview'>): TableCell {
  const after = followUp?.blockEvaluations ?? 0
  if (preview === null) return { text: plural(work.blockEvaluations + after, 'block evaluation') }
  const { rows, wholeRows } = preview
  if (rows === 0) return { text: sweepWorkWords(work, preview) }
  const then = after === 0 ? [] : [`then ${plural(after, 'block evaluation')}`]
  const share = `through blocks, ${formatPercent(rows / wholeRows)} of a full sweep’s`
  return { text: plural(rows, 'row'), detail: [share, ...then].join('; ') }
}
