import { type AnswerCheck, answerLimit } from '../../../contract/documents/answer-check'
import type { Verdict } from '../../../contract/documents/verdict'
import { formatDuration } from '../../../contract/words/format'
import { fullAnswersTable } from '../../report/sections/sweep-findings'
import { blocksText } from './blocks'
import { checkedRows } from '../../../contract/words/checked-rows'
import { baselineWord } from './baseline-word'
import { decimal, printable, style, table } from './output'
import { describeVerdict, type NextCommands } from './verdict-report'

interface CheckReportOptions {
  rho: number
  next: NextCommands
  details: boolean
  /** Sentences about the limits of a preview, if the sweep is one. */
  preview: readonly string[]
}

/** Describes a check: the verdict of the sweep, then the checked models. @param verdict null without ranges */
export function describeCheck(
  check: AnswerCheck,
  verdict: Verdict | null,
  { rho, next, details, preview }: CheckReportOptions
): string {
  const intervals =
    check.categories === undefined || !details ? '' : ' Intervals of validity: 95 % of resamples of the prompts.'
  return [
    ...(verdict === null ? [] : [describeVerdict(verdict, next, { details })]),
    details ? blocksText([fullAnswersTable(check, rho)]) : describeModels(check, rho),
    ...preview,
    style('dim', `Computed in ${formatDuration(check.seconds)} on ${printable(check.device)}: no sampling.${intervals}`)
  ].join('\n\n')
}

function describeModels(check: AnswerCheck, rho: number): string {
  const limit = decimal(answerLimit(check, rho))
  const rows = [
    ['model', 'first token', 'full answers', 'diversity', 'limit', 'passes'],
    ...checkedRows(check, rho).map(({ name, baseline, scores: { firstToken, answers }, passes }) => [
      printable((baseline === null ? null : baselineWord(baseline)) ?? name),
      ...[firstToken.validity, answers.validity, answers.diversity].map(decimal),
      ...(passes === null ? ['', ''] : [limit, passes ? 'yes' : 'no'])
    ])
  ]
  return `${style('bold', 'Validity by the first token and of full answers')}\n${table(rows, 'lrrrrl')}`
}
