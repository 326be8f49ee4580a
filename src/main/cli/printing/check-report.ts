import { type AnswerCheck, answerLimit, passesCheck } from '../../../contract/documents/answer-check'
import { checkCertainty, passingWords, validitySpan } from '../../../contract/words/check-certainty'
import { takenName } from '../../../contract/words/baseline-words'
import { exactness } from '../../../contract/words/headline'
import type { SweepDocument } from '../../../contract/documents/crc'
import type { Objection } from '../../../contract/documents/evaluation'
import { type Headline } from '../../../contract/documents/headline'
import { formatDuration } from '../../../contract/words/format'
import { decimal, printable, style, table } from './output'
import { describeHeadline } from './headline-report'

/**
 * What a sweep says after a check of it, whose next step is no further check where nothing is left to check.
 *
 * @param isAll whether every range that may be selected has been checked
 */
export function nextOfCheck(
  found: Headline,
  { preview }: Pick<SweepDocument, 'preview'>,
  isAll: boolean
): Headline {
  if (found.state !== 'fails' || !isAll) return found
  return {
    ...found,
    next:
      preview === null
        ? 'No range is left to check: accept a lower validity limit.'
        : 'None that the preview has scored on all prompts is left to check: the same sweep without --preview scores the rest. Or accept a lower validity limit.',
    checkNext: false
  }
}

/** What is said beside a check. */
interface Beside {
  rho: number
  /** The command that checks more of it. */
  checkCommand: string
  /** What is said of its sweep where that is a preview. */
  preview: readonly string[]
  /** What an evaluation has against the range that is selected now; null for nothing. */
  objection: Objection | null
}

/**
 * A check as text: ranges, recipes and baselines, whether each passes, and the verdict of the sweep.
 *
 * @param found what the sweep says now; null for one without ranges
 */
export function describeCheck(
  check: AnswerCheck,
  found: Headline | null,
  { rho, checkCommand, preview, objection }: Beside
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
    ...(found === null ? [] : [describeHeadline(found, checkCommand, { objection })]),
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
