import { median } from 'simple-statistics'
import type { Task, TaskPrompt } from '../../contract/documents/task'
import { elementAt } from '../../contract/model/look-up'
import { isCounted, type SampleLine } from '../../contract/documents/samples'
import { taskKindFacts, type TaskKindFacts } from '../../contract/model/task-kinds'
import { CLASSIFIED_ANSWERS, type EvaluationCell, type Measures, type MeasureValues } from './evaluation-cell'
import { passingMeasures, utility } from './passing'
import { coverage, majorityVote, passAtK, solutionPaths } from './correctness'
import { refusalMeasures } from './refusals'
import type { AnswerReader } from '../answers/read-answer'
import { meanIfAny, measuresOfWords, sampleMeasures } from './sample-measures'
import { wordsOf } from './texts/words'
import { gzip } from 'pako'
import { nGramCounts } from './texts/n-grams'

/** Number of words of the n-grams for repetition inside an answer, as in the paper of that measure. */
const REPEATED_WORDS = 4

/**
 * Computes the number of words to which all answers to a prompt are cut, because measures depend on length (Shaib et
 * al. 2024, arXiv 2403.00553). It is the median length of the variant with the shortest answers, and at least 1.
 * @param answers the answers of each variant
 */
export function equalLength(answers: readonly (readonly SampleLine[])[]): number {
  const medianLengths = answers
    .filter((samples) => samples.length > 0)
    .map((samples) => median(samples.map(({ text }) => wordsOf(text).length)))
  return medianLengths.length === 0 ? 1 : Math.max(1, Math.floor(Math.min(...medianLengths)))
}

/**
 * Computes all measures of one variant's answers to one prompt (a cell). Measures without a value are omitted.
 * @param vocabularySize of the tokenizer
 * @param equalWords number of words to which answers are cut for measures of equal length
 */
export function cellMeasures(
  task: Task,
  reader: AnswerReader,
  vocabularySize: number,
  cell: EvaluationCell,
  equalWords: number
): Measures {
  const { samples, scores, judgeScores } = cell
  if (samples.length === 0) return {}
  const texts = samples.filter(isCounted).map(({ text }) => text)
  const words = texts.map(wordsOf)
  const lengths = { words: meanIfAny(words.map(({ length }) => length)) }
  const judge = meanIfAny([...judgeScores.values()])
  // Diversity is not measured, because diverse refusals are no gain.
  if (task.kind === 'refusals') return omitMissing({ ...refusalMeasures(task, cell), judge, ...lengths })
  const formatKept = texts.map((text, i) => Number(reader.keepsFormat(text, elementAt(words, i, 'answer'))))
  return omitMissing({
    ...sampleMeasures(texts).values,
    ...equalLengthMeasures(words, equalWords),
    adjustedDistinct: expectationAdjustedDistinct(
      samples.map(({ tokens }) => tokens),
      vocabularySize
    ),
    compressionRatio: compressionRatio(texts),
    cosineDistance: scores?.cosineDistance,
    vendiScore: scores?.vendiScore,
    distinctClasses: scores?.classBegins?.length,
    utility: utilityOf(cell),
    ...correctnessMeasures(taskKindFacts(task.kind), reader, cell),
    ...formMeasures(taskKindFacts(task.kind), reader, cell),
    ...passingMeasures(task, reader, cell),
    formatKept: Object.keys(task.checks).length === 0 ? null : meanIfAny(formatKept),
    logLikelihoodPost: scores?.logLikelihoodPost,
    logLikelihoodBase: scores?.logLikelihoodBase,
    repetition: meanIfAny(words.map((answer) => repetition(answer, REPEATED_WORDS))),
    judge,
    ...lengths
  })
}

/** Computes NoveltyBench's utility of the first answers; null unless a classifier and a judge have read all of them. */
function utilityOf({ scores, samples, judgeScores }: EvaluationCell): number | null {
  const begins = scores?.classBegins
  if (begins === undefined) return null
  const classified = samples.slice(0, CLASSIFIED_ANSWERS)
  const classifiedScores = classified.flatMap(({ index }) => judgeScores.get(index) ?? [])
  return classifiedScores.length === classified.length ? utility(begins, classifiedScores) : null
}

/** Computes measures of diversity on the first words of each answer, so that answers have equal length. */
function equalLengthMeasures(words: readonly (readonly string[])[], equalWords: number): MeasureValues {
  const shortened = words.map((answer) => answer.slice(0, equalWords))
  const { distinct2, selfBleu, wordDistance } = measuresOfWords(shortened)
  return { distinct2Equal: distinct2, selfBleuEqual: selfBleu, wordDistanceEqual: wordDistance }
}

/** Counts the right answers of a cell; null if the task does not say which answers are right. */
export function rightCount(reader: AnswerReader, { prompt, samples }: EvaluationCell): number | null {
  if (!reader.canJudge(prompt)) return null
  return samples.filter(({ text }) => isRight(reader, prompt, text)).length
}

function correctnessMeasures(
  { rightAnswers }: TaskKindFacts,
  reader: AnswerReader,
  cell: EvaluationCell
): MeasureValues {
  const right = rightAnswers === 'none' ? null : rightCount(reader, cell)
  if (right === null) return {}
  const { prompt, samples } = cell
  const finals = samples.map(({ text }) => reader.read(text))
  const rightAnswersGiven = finals.flatMap((final) => (final === null ? [] : (reader.rightAnswer(final, prompt) ?? [])))
  const accuracy = right / samples.length
  if (rightAnswers === 'many') {
    const possible = reader.rightCount(prompt)
    return {
      distinctRight: new Set(rightAnswersGiven).size,
      coverage: possible === null ? null : coverage(rightAnswersGiven, possible),
      accuracy
    }
  }
  return {
    solutionPaths: solutionPaths(samples.map(({ text }) => text).filter((text) => isRight(reader, prompt, text))),
    accuracy,
    // Without a readable answer, the majority counts as wrong. Omitting the prompt would flatter the variant.
    majority: majorityVote(finals, (final) => reader.isRight(final, prompt)) ?? 0,
    passAtN: passAtK(samples.length, right, samples.length)
  }
}

/**
 * Computes measures of the answers' canonical forms, which a judge wrote. Unreadable replies of the judge are left out.
 * An empty form, for a text without an answer, counts as a wrong answer.
 */
function formMeasures(
  { rightAnswers }: TaskKindFacts,
  reader: AnswerReader,
  { prompt, forms }: EvaluationCell
): MeasureValues {
  const readable = (forms ?? []).filter((form) => form !== null)
  if (readable.length === 0) return {}
  const meanings = readable.filter((form) => form !== '').map((form) => reader.compared(form))
  const distinctForms = new Set(meanings).size
  if (rightAnswers === 'none' || !reader.canJudge(prompt)) return { distinctForms }
  const rightForms = meanings.flatMap((form) => reader.rightAnswer(form, prompt) ?? [])
  const accuracyForms = rightForms.length / readable.length
  if (rightAnswers === 'one') return { distinctForms, accuracyForms }
  const possible = reader.rightCount(prompt)
  return {
    distinctForms,
    distinctRightForms: new Set(rightForms).size,
    coverageForms: possible === null ? null : coverage(rightForms, possible),
    accuracyForms
  }
}

function isRight(reader: AnswerReader, prompt: TaskPrompt, text: string): boolean {
  const final = reader.read(text)
  return final !== null && reader.isRight(final, prompt)
}

function omitMissing(values: MeasureValues): Measures {
  const entries = Object.entries(values).filter(([, value]) => typeof value === 'number')
  return Object.fromEntries(entries) satisfies Measures
}

/**
 * Computes the compression ratio (Shaib et al. 2024, arXiv 2403.00553): bytes of all answers divided by their bytes
 * after gzip. Repetitive answers have a high ratio. It is comparable for equally many answers. pako is used because it
 * compresses to the same bytes on all platforms.
 * @returns null if there is no text
 */
export function compressionRatio(texts: readonly string[]): number | null {
  const bytes = Buffer.from(texts.join(' '))
  return texts.join('') === '' ? null : bytes.byteLength / gzip(bytes, { level: 9 }).byteLength
}

/**
 * Computes expectation-adjusted distinct (Liu et al. 2022, arXiv 2202.13587): the number of different tokens divided by
 * the number expected of C random tokens, V (1 - (1 - 1/V)^C).
 * @param answers the tokens of each answer, C in all
 * @param vocabularySize V
 * @returns null without tokens
 */
export function expectationAdjustedDistinct(
  answers: readonly (readonly number[])[],
  vocabularySize: number
): number | null {
  const tokens = answers.flat()
  if (tokens.length === 0) return null
  // log1p and expm1 keep digits that a large vocabulary and few tokens would lose.
  const missed = tokens.length * Math.log1p(-1 / vocabularySize)
  const expected = vocabularySize === 1 ? 1 : -vocabularySize * Math.expm1(missed)
  return new Set(tokens).size / expected
}

/**
 * Computes seq-rep-n (Welleck et al. 2020, arXiv 1908.04319), the share of n-grams in a text that repeat an earlier
 * one. A text of fewer than n words has 0.
 */
export function repetition(words: readonly string[], n: number): number {
  const counts = nGramCounts(words, n)
  const total = Math.max(0, words.length - n + 1)
  return total === 0 ? 0 : 1 - counts.size / total
}
