import { normaliseAnswer } from '../../contract/model/answer'
import type { Task } from '../../contract/documents/task'
import { taskKindFacts } from '../../contract/model/task-kinds'
import type { AnswerReader } from '../answers/read-answer'
import { multimap } from '../../contract/model/multimap'
import { sum } from '../base/sums'
import type { EvaluationCell, MeasureValues } from './evaluation-cell'
import { solutionPath } from './correctness'
import { wordsOf } from './texts/words'

/** Lowest score of a judge that passes. Rubrics call a mark of 5 sound, and marks 1 to 10 are stored as 0 to 1. */
const PASSING_SCORE = 4 / 9

interface JudgedAnswer {
  readonly passes: boolean
  /** Class of the answer. Answers of one class count as the same answer. */
  readonly answerClass: string
}

/**
 * Reports whether an answer is right. If the task has no right answers, it reports whether the answer has the required
 * format. Null if the task requires neither.
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
 * Splits the diversity of a cell into the diversity of passing and of failing answers. An answer passes if it is right,
 * is scored at least 5 of 10 by a judge, or has the required format. A loss of `effectivePassing` is a real loss of
 * diversity, while a loss of `effectiveFailing` may be a loss of errors only (arXiv 2604.16027).
 */
export function passingMeasures(task: Task, reader: AnswerReader, cell: EvaluationCell): MeasureValues {
  const answers = judgedAnswers(task, reader, cell)
  if (answers.length === 0) return {}
  const passing = answers.filter(({ passes }) => passes)
  const effectivePassing = effectiveNumber(passing)
  const vendiScore = cell.scores?.vendiScore ?? null
  const vendiPassing = vendiScore === null ? null : (cell.scores?.vendiPassing ?? null)
  const hasRightAnswers = taskKindFacts(task.kind).rightAnswers !== 'none'
  return {
    effectivePassing,
    effectiveFailing: effectiveNumber(answers) - effectivePassing,
    // Tasks with right answers have measures of their own for both.
    distinctPassing: hasRightAnswers ? null : new Set(passing.map(classOf)).size,
    passing: hasRightAnswers || cell.judgeScores.size === 0 ? null : passing.length / answers.length,
    vendiPassing,
    vendiFailing: vendiScore === null || vendiPassing === null ? null : vendiScore - vendiPassing
  }
}

const classOf = ({ answerClass }: JudgedAnswer): string => answerClass

/** Lists the answers that can pass or fail. Answers that a judge has not scored yet are left out. */
function judgedAnswers(
  task: Task,
  reader: AnswerReader,
  { prompt, samples, judgeScores }: EvaluationCell
): JudgedAnswer[] {
  const { rightAnswers } = taskKindFacts(task.kind)
  const passesJudge = (index: number): boolean | null => {
    const score = judgeScores.get(index)
    return score === undefined ? null : score >= PASSING_SCORE
  }
  const isByJudge = rightAnswers === 'none' && judgeScores.size > 0
  return samples.flatMap(({ text, index }): JudgedAnswer[] => {
    const passes = isByJudge ? passesJudge(index) : passesTask(task, reader, prompt, text)
    return passes === null ? [] : [{ passes, answerClass: classOfText(rightAnswers, reader, prompt, text) }]
  })
}

/** Returns the class of an answer: its solution path, its right answer, or its text without case and final mark. */
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

/** Computes the effective number of different answers: exp of the Shannon entropy of the classes, 0 without answers. */
function effectiveNumber(answers: readonly JudgedAnswer[]): number {
  if (answers.length === 0) return 0
  const classes = multimap(answers.map((answer) => [classOf(answer), answer]))
  const shares = [...classes.values()].map(({ length }) => length / answers.length)
  return Math.exp(-sum(shares.map((share) => share * Math.log(share))))
}

/** Probability that a user asks for one more answer, as in NoveltyBench. */
const PATIENCE = 0.8

/**
 * Computes utility_k of NoveltyBench (arXiv 2504.05228): the mean mark, from 1 to 10, that a user gains by reading on.
 * Only answers that begin a new class gain. Each position weighs the probability that the user reads that far.
 * @param begins positions of the answers that begin a class
 * @param scores a judge's scores of the classified answers, 0 to 1
 */
export function utility(begins: readonly number[], scores: readonly number[]): number {
  const weights = scores.map((_, position) => PATIENCE ** position)
  const gained = scores.map((score, position) =>
    begins.includes(position) ? (1 + 9 * score) * PATIENCE ** position : 0
  )
  return sum(gained) / sum(weights)
}
