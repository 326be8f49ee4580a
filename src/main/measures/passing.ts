import { normaliseAnswer } from '../../contract/model/answer'
import type { Task } from '../../contract/documents/task'
import { taskKindFacts } from '../../contract/model/task-kinds'
import type { AnswerReader } from '../answers/read-answer'
import { multimap } from '../../contract/model/multimap'
import { sum } from '../base/sums'
import type { EvaluationCell, Measures } from './evaluation-cell'
import { solutionPath } from './correctness'
import { wordsOf } from './texts/words'

/** Lowest score of a judge that passes, on the scale from 0 to 1: 5 of 10, which rubrics call sound. */
const PASSING_SCORE = 4 / 9

interface JudgedAnswer {
  readonly passes: boolean
  /** Class of the answer. Answers of one class count as the same answer. */
  readonly answerClass: string
}

/**
 * Reports whether an answer is right, or if the task has no right answers, in the right form. Null if it has neither.
 */
export function passesTask(
  task: Task,
  reader: AnswerReader,
  prompt: EvaluationCell['prompt'],
  text: string
): boolean | null {
  if (taskKindFacts(task.kind).rightAnswers !== 'none' && reader.canJudge(prompt)) {
    const final = reader.read(text)
    return final !== null && reader.isRight(final, prompt)
  }
  return Object.keys(task.checks).length === 0 ? null : reader.keepsFormat(text, wordsOf(text))
}

/**
 * Splits the diversity of a cell into passing and failing answers: right, judged at least 5 of 10, or of the right
 * form. A loss of `effectivePassing` is genuine narrowing (arXiv 2604.16027).
 */
export function passingMeasures(task: Task, reader: AnswerReader, cell: EvaluationCell): Measures {
  const answers = judgedAnswers(task, reader, cell)
  if (answers.length === 0) return {}
  const passing = answers.filter(({ passes }) => passes)
  const effectivePassing = effectiveNumber(passing)
  const { vendiScore = null, vendiPassing } = cell.scores ?? {}
  const { rightAnswers } = taskKindFacts(task.kind)
  return {
    effectivePassing,
    effectiveFailing: effectiveNumber(answers) - effectivePassing,
    ...(rightAnswers === 'none' ? { distinctPassing: new Set(passing.map(classOf)).size } : {}),
    ...(rightAnswers === 'none' && cell.judgeScores.size > 0 ? { passing: passing.length / answers.length } : {}),
    ...(vendiPassing === undefined || vendiScore === null
      ? {}
      : { vendiPassing, vendiFailing: vendiScore - vendiPassing })
  }
}

const classOf = ({ answerClass }: JudgedAnswer): string => answerClass

function judgedAnswers(
  task: Task,
  reader: AnswerReader,
  { prompt, samples, judgeScores }: EvaluationCell
): JudgedAnswer[] {
  const { rightAnswers } = taskKindFacts(task.kind)
  return samples.flatMap(({ text, index }): JudgedAnswer[] => {
    const score = rightAnswers === 'none' && judgeScores.size > 0 ? judgeScores.get(index) : undefined
    // A judge may have scored only some answers. Answers without a score are left out.
    if (rightAnswers === 'none' && judgeScores.size > 0 && score === undefined) return []
    const passes = score === undefined ? passesTask(task, reader, prompt, text) : score >= PASSING_SCORE
    if (passes === null) return []
    return [{ passes, answerClass: classOfText(rightAnswers, reader, prompt, text) }]
  })
}

function classOfText(
  rightAnswers: 'none' | 'many' | 'one',
  reader: AnswerReader,
  prompt: EvaluationCell['prompt'],
  text: string
): string {
  if (rightAnswers === 'one') return solutionPath(text)
  const final = rightAnswers === 'none' ? null : reader.read(text)
  return final === null ? normaliseAnswer(text) : (reader.rightAnswer(final, prompt) ?? final)
}

/** Returns exp of the Shannon entropy of the classes; 0 without answers. */
function effectiveNumber(answers: readonly JudgedAnswer[]): number {
  if (answers.length === 0) return 0
  const classes = multimap(answers.map((answer) => [classOf(answer), answer]))
  const shares = [...classes.values()].map(({ length }) => length / answers.length)
  return Math.exp(-sum(shares.map((share) => share * Math.log(share))))
}

/** Probability that a reader goes on to the next answer, as in NoveltyBench. */
const PATIENCE = 0.8

/**
 * Computes utility_k of NoveltyBench (arXiv 2504.05228): scores of answers that begin a class, weighted by the
 * probability of getting that far. @param begins their positions @param scores scores of classified answers, 0 to 1
 */
export function utility(begins: readonly number[], scores: readonly number[]): number {
  const weights = scores.map((_, position) => PATIENCE ** position)
  const gained = scores.map((score, position) =>
    begins.includes(position) ? (1 + 9 * score) * PATIENCE ** position : 0
  )
  return sum(gained) / sum(weights)
}
