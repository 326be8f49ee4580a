import { type AnswerCheck, answerLimit, passesCheck } from '../../../contract/documents/answer-check'
import type { Verdict } from '../../../contract/documents/verdict'
import { formatDuration } from '../../../contract/words/format'
import { fullAnswersTable } from '../../report/sections/sweep-findings'
import { blocksText } from './blocks'
import { independentBaselineName } from '../../../contract/words/baseline-words'
import { baselineWord } from './baseline-word'
import { decimal, printable, style, table } from './output'
import { describeVerdict, type NextCommands } from './verdict-report'

interface CheckReportOptions {
  rho: number
  next: NextCommands
  details: boolean
  /** Statements about the sweep if it is a preview. */
  preview: readonly string[]
}

/** Describes a check: the verdict of the sweep, then the checked models. @param verdict null without ranges */
export function describeCheck(
  check: AnswerCheck,
  verdict: Verdict | null,
  { rho, next, details, preview }: CheckReportOptions
): string {
  const intervals =
    check.categories === undefined || !details
      ? ''
      : ' Intervals of validity: 95 % of resamples of the prompts.'
  return [
    ...(verdict === null ? [] : [describeVerdict(verdict, next, { details })]),
    details ? blocksText([fullAnswersTable(check, rho)]) : describeModels(check, rho),
    ...preview,
    style(
      'dim',
      `Computed in ${formatDuration(check.seconds)} on ${printable(check.device)}: no sampling.${intervals}`
    )
  ].join('\n\n')
}

function describeModels(check: AnswerCheck, rho: number): string {
  const limit = decimal(answerLimit(check, rho))
  const row = (name: string, model: AnswerCheck['post'], passes: string): string[] => [
    name,
    decimal(model.firstToken.validity),
    decimal(model.answers.validity),
    decimal(model.answers.diversity),
    ...(passes === '' ? ['', ''] : [limit, passes])
  ]
  const outcome = (model: AnswerCheck['post']): string => (passesCheck(model, check, rho) ? 'yes' : 'no')
  const rows = [
    ['model', 'first token', 'full answers', 'diversity', 'limit', 'passes'],
    row('post', check.post, ''),
    ...check.models.map((model) => row(printable(model.recipe.name), model, outcome(model))),
    ...check.baselines.map((model) =>
      row(
        printable(baselineWord(model.baseline) ?? independentBaselineName(model.baseline)),
        model,
        outcome(model)
      )
    )
  ]
  return `${style('bold', 'Validity by the first token and of full answers')}\n${table(rows, 'lrrrrl')}`
}
