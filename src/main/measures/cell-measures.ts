import { median } from 'simple-statistics'
import type { PromptScores } from '../../contract/documents/evaluation'
import type { Task, TaskPrompt } from '../../contract/documents/task'
import type { MeasureId } from '../../contract/model/measures'
import type { SampleLine } from '../../contract/documents/samples'
import { taskKindFacts, type TaskKindFacts } from '../../contract/model/task-kinds'
import { coverage, majorityVote, passAtK, solutionPaths } from './correctness'
import { compressionRatio } from './texts/compression-ratio'
import { expectationAdjustedDistinct } from './texts/expectation-adjusted-distinct'
import type { AnswerReader } from '../answers/read-answer'
import { repetition } from './texts/repetition'
import { meanIfAny, measuresOfWords, sampleMeasures } from './sample-measures'
import { wordsOf } from './texts/words'

export type Measures = Partial<Record<MeasureId, number>>

/** The n-grams whose repetition inside an answer counts, as in the source of the measure. */
const REPEATED_WORDS = 4

/** A variant's answers to one prompt, with all that is known of them. */
export interface Cell {
  readonly prompt: TaskPrompt
  readonly samples: readonly SampleLine[]
  /** What the engine made of them; undefined until it has. */
  readonly scores: PromptScores['cells'][number] | undefined
  /** The judge's marks from 0 to 1, for the answers that it has seen. */
  readonly marks: readonly number[]
  /** What each answer means, as a judge has read it: '' nothing, null where that could not be read. Null until all were asked. */
  readonly forms: readonly (string | null)[] | null
}

/**
 * How many words each answer to a prompt is cut to where variants are compared at equal length, since all measures of words
 * depend on it (Shaib et al. 2024, arXiv 2403.00553): those of the middle answer of the tersest variant, at least one.
 *
 * @param answers of each variant
 */
export function equalLength(answers: readonly (readonly SampleLine[])[]): number {
  const middles = answers
    .filter((samples) => samples.length > 0)
    .map((samples) => median(samples.map(({ text }) => wordsOf(text).length)))
  return middles.length === 0 ? 1 : Math.max(1, Math.floor(Math.min(...middles)))
}

/**
 * Every measure that a cell has; those that the task or the answers do not give are left out.
 *
 * @param equalWords see {@link equalLength}
 */
export function cellMeasures(
  task: Task,
  reader: AnswerReader,
  vocabularySize: number,
  cell: Cell,
  equalWords: number
): Measures {
  const { samples, scores, marks } = cell
  if (samples.length === 0) return {}
  const texts = samples.map(({ text }) => text)
  const words = texts.map(wordsOf)
  const formatKept = texts.map((text, i) => Number(reader.keepsFormat(text, words[i] ?? [])))
  return present({
    ...sampleMeasures(texts).values,
    ...equalLengthMeasures(words, equalWords),
    adjustedDistinct: expectationAdjustedDistinct(
      samples.map(({ tokens }) => tokens),
      vocabularySize
    ),
    compressionRatio: compressionRatio(texts),
    cosineDistance: scores?.cosineDistance,
    vendiScore: scores?.vendiScore,
    distinctClasses: scores?.classCount,
    ...correctnessMeasures(taskKindFacts(task.kind), reader, cell),
    ...formMeasures(taskKindFacts(task.kind), reader, cell),
    formatKept: Object.keys(task.checks).length === 0 ? null : meanIfAny(formatKept),
    logLikelihoodPost: scores?.logLikelihoodPost,
    logLikelihoodBase: scores?.logLikelihoodBase,
    repetition: meanIfAny(words.map((answer) => repetition(answer, REPEATED_WORDS))),
    judge: meanIfAny(marks),
    words: meanIfAny(words.map(({ length }) => length))
  })
}

function equalLengthMeasures(
  words: readonly (readonly string[])[],
  equalWords: number
): Partial<Record<MeasureId, number | null>> {
  const cut = words.map((answer) => answer.slice(0, equalWords))
  const { distinct2, selfBleu, wordDistance } = measuresOfWords(cut)
  return { distinct2Equal: distinct2, selfBleuEqual: selfBleu, wordDistanceEqual: wordDistance }
}

/** How many answers of a cell are right. @returns null when the task cannot tell */
export function rightCount(reader: AnswerReader, { prompt, samples }: Cell): number | null {
  if (!reader.canJudge(prompt)) return null
  return samples.filter(({ text }) => isRight(reader, prompt, text)).length
}

function correctnessMeasures(
  { rightAnswers }: TaskKindFacts,
  reader: AnswerReader,
  cell: Cell
): Partial<Record<MeasureId, number | null>> {
  const right = rightAnswers === 'none' ? null : rightCount(reader, cell)
  if (right === null) return {}
  const { prompt, samples } = cell
  const finals = samples.map(({ text }) => reader.read(text))
  const given = finals.flatMap((final) => (final === null ? [] : (reader.rightAnswer(final, prompt) ?? [])))
  const accuracy = right / samples.length
  if (rightAnswers === 'many') {
    const known = reader.rightCount(prompt)
    return {
      distinctRight: new Set(given).size,
      coverage: known === null ? null : coverage(given, known),
      accuracy
    }
  }
  return {
    solutionPaths: solutionPaths(
      samples.map(({ text }) => text).filter((text) => isRight(reader, prompt, text))
    ),
    accuracy,
    // Where no answer could be read nothing was voted for, which is not right; leaving the prompt out would flatter the variant.
    majority: majorityVote(finals, (final) => reader.isRight(final, prompt)) ?? 0,
    passAtN: passAtK(samples.length, right, samples.length)
  }
}

/** What the canonical forms of the answers tell, over those that could be read. */
function formMeasures(
  { rightAnswers }: TaskKindFacts,
  reader: AnswerReader,
  { prompt, forms }: Cell
): Partial<Record<MeasureId, number | null>> {
  const read = (forms ?? []).filter((form) => form !== null)
  if (read.length === 0) return {}
  const meant = read.filter((form) => form !== '').map((form) => reader.compared(form))
  const distinctForms = new Set(meant).size
  if (rightAnswers === 'none' || !reader.canJudge(prompt)) return { distinctForms }
  const given = meant.flatMap((form) => reader.rightAnswer(form, prompt) ?? [])
  const accuracyForms = given.length / read.length
  if (rightAnswers === 'one') return { distinctForms, accuracyForms }
  const known = reader.rightCount(prompt)
  return {
    distinctForms,
    distinctRightForms: new Set(given).size,
    coverageForms: known === null ? null : coverage(given, known),
    accuracyForms
  }
}

function isRight(reader: AnswerReader, prompt: TaskPrompt, text: string): boolean {
  const final = reader.read(text)
  return final !== null && reader.isRight(final, prompt)
}

function present(values: Partial<Record<MeasureId, number | null | undefined>>): Measures {
  const entries = Object.entries(values).filter(([, value]) => typeof value === 'number')
  return Object.fromEntries(entries) satisfies Measures
}
