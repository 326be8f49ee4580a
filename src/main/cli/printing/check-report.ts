import type { AnswerCheck } from '../../../contract/documents/answer-check'
import type { Verdict } from '../../../contract/documents/verdict'
import { formatDuration } from '../../../contract/words/format'
import { fullAnswersTable } from '../../report/sections/sweep-findings'
import { blocksText } from './blocks'
import { printable, style } from './output'
import { describeVerdict } from './verdict-report'

/** What is said beside a check. */
interface Beside {
  rho: number
  /** The command that checks more of it. */
  checkCommand: string
  /** What is said of its sweep where that is a preview. */
  preview: readonly string[]
}

/**
 * A check as text: ranges, recipes and baselines, whether each passes, and the verdict of the sweep.
 *
 * @param verdict on the sweep with this check; null for one without ranges
 */
export function describeCheck(
  check: AnswerCheck,
  verdict: Verdict | null,
  { rho, checkCommand, preview }: Beside
): string {
  const spans = check.categories === undefined ? '' : ' Spans of validity: 95 % of resamples of the prompts.'
  return [
    blocksText([fullAnswersTable(check, rho)]),
    ...(verdict === null ? [] : [describeVerdict(verdict, checkCommand)]),
    ...preview,
    style(
      'dim',
      `Computed in ${formatDuration(check.seconds)} on ${printable(check.device)}: no sampling.${spans}`
    )
  ].join('\n\n')
}
