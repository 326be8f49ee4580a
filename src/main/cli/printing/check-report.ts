import { type AnswerCheck, answerLimit, passesCheck } from '../../../contract/documents/answer-check'
import { checkCertainty, passingWords, validitySpan } from '../../../contract/words/check-certainty'
import { takenName } from '../../../contract/words/baseline-words'
import { exactness } from '../../../contract/words/range-facts'
import type { Verdict } from '../../../contract/documents/verdict'
import { formatDuration } from '../../../contract/words/format'
import { decimal, printable, style, table } from './output'
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
  const limit = decimal(answerLimit(check, rho))
  const rows = [
    ['model', 'first token', 'full answers', 'diversity', 'limit', 'passes'],
    ['post', ...scoreCells(check, check.post, rho), '', ''],
    ...check.models.map((model) => [
      printable(model.recipe.name),
      ...scoreCells(check, model, rho),
      limit,
      passingCell(check, model, rho)
    ]),
    ...check.baselines.map((model) => [
      printable(takenName(model.baseline)),
      ...scoreCells(check, model, rho),
      limit,
      passingCell(check, model, rho)
    ])
  ]
  const spans = check.categories === undefined ? '' : ' Spans of validity: 95 % of resamples of the prompts.'
  const title =
    style('bold', 'Validity by the first token and of full answers') +
    ' (one valid character, then the end; temperature 1)'
  return [
    `${title}\n${table(rows, 'lrrrrL')}`,
    ...(verdict === null ? [] : [describeVerdict(verdict, checkCommand)]),
    ...preview,
    style(
      'dim',
      `Computed in ${formatDuration(check.seconds)} on ${printable(check.device)}: no sampling.${spans}`
    )
  ].join('\n\n')
}

function scoreCells(check: AnswerCheck, model: AnswerCheck['post'], rho: number): string[] {
  const exact = exactness(model)
  const sure = checkCertainty(check, model, rho)
  const notes = [...(exact === 'exact' ? [] : [exact]), ...(sure === null ? [] : [validitySpan(sure)])]
  const whole = decimal(model.answers.validity)
  return [
    decimal(model.firstToken.validity),
    [whole, ...(notes.length === 0 ? [] : [`(${notes.join('; ')})`])].join(' '),
    decimal(model.answers.diversity)
  ]
}

function passingCell(check: AnswerCheck, model: AnswerCheck['post'], rho: number): string {
  const sure = checkCertainty(check, model, rho)
  return `${passesCheck(model, check, rho) ? 'yes' : 'no'}${sure === null ? '' : `, ${passingWords(sure)}`}`
}
