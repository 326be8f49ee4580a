import type { ReportedSweep } from '../../../contract/documents/report'
import { formatPercent, plural } from '../../../contract/words/format'
import { sweepWorkWords } from '../../../contract/words/preview-words'
import type { TableCell } from '../blocks'

/** What block evaluations are, where a table counts them. */
export const BLOCK_EVALUATION =
  'a block evaluation is a layer over a group of prompts, for all models that are alike up to it'

/** What a sweep took; a preview's work is counted in the rows of its evaluations, which are of few prompts each. */
export function workCell({
  work,
  followUp,
  preview
}: Pick<ReportedSweep, 'work' | 'followUp' | 'preview'>): TableCell {
  const after = followUp?.blockEvaluations ?? 0
  if (preview === null) return { text: plural(work.blockEvaluations + after, 'block evaluation') }
  const { rows, wholeRows } = preview
  if (rows === 0) return { text: sweepWorkWords(work, preview) }
  const then = after === 0 ? [] : [`then ${plural(after, 'block evaluation')}`]
  const share = `through blocks, ${formatPercent(rows / wholeRows)} of a whole sweep’s`
  return { text: plural(rows, 'row'), detail: [share, ...then].join('; ') }
}
