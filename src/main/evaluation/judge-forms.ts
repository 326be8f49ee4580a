import type { EvaluationRun } from '../../contract/documents/evaluation'
import { type AnswerForm, type JudgeSettings, MAX_FORM_CHARACTERS } from '../../contract/documents/judge'
import { isCounted, type SampleLine } from '../../contract/documents/samples'
import { elementAt } from '../../contract/model/look-up'
import { withoutThoughts } from '../answers/thoughts'
import { answerWords, cellsOf, questionKey, type Questioning, verdictsByKey } from './ask-judge'

/* A judge reads the meaning of each answer and gives it a short canonical form, so that answers can be compared. */

/** Reply of a judge for a text without an answer. */
const NO_ANSWER = 'NONE'

interface FormQuestion {
  readonly key: string
  readonly prompt: string
  readonly answer: string
}

/**
 * Canonical forms of the answers of one variant to one prompt, in order. A form is '' for a text without an answer, and
 * null if the judge's reply was unreadable.
 */
interface CellForms {
  readonly variant: string
  readonly prompt: number
  readonly forms: readonly (string | null)[]
}

/** Lets a judge read the form of each answer, without seeing the right answers. Equal answers are one question. */
export const READING: Questioning<FormQuestion, AnswerForm> = {
  questionsOf(run, samples, settings) {
    const questions = samples.flatMap((sample) => questionOf(run, settings, sample) ?? [])
    return [...new Map(questions.map((question) => [question.key, question])).values()]
  },
  system: ({ rubric }) =>
    `${rubric}\n\nReply with that alone, in a few words, and always with the same words for the same thing. ` +
    `If the text gives no answer, reply ${NO_ANSWER}.`,
  wordsOf: answerWords,
  verdict: (key, reply) => ({ key, form: readForm(reply) }),
  isReadable: ({ form }) => form !== null
}

/** Lists the stored forms of a run's answers by its latest judge. Cells with a missing form are left out. */
export function judgedForms(
  run: EvaluationRun,
  samples: readonly SampleLine[],
  storedForms: readonly AnswerForm[]
): CellForms[] {
  const { formJudge } = run
  if (formJudge === null) return []
  const formByKey = verdictsByKey(storedForms, formJudge)
  return [...cellsOf(samples).values()].flatMap((lines): CellForms[] => {
    const cellForms = lines.map((line) => {
      const question = questionOf(run, formJudge, line)
      return question === null ? '' : formByKey.get(question.key)?.form
    })
    const { variant, prompt } = elementAt(lines, 0, 'answer')
    const available = cellForms.filter((form) => form !== undefined)
    return available.length < lines.length ? [] : [{ variant, prompt, forms: available }]
  })
}

/** Lists the distinct texts of {@link judgedForms} with their forms, without unreadable forms. */
export function meaningsOf(
  run: EvaluationRun,
  samples: readonly SampleLine[],
  storedForms: readonly AnswerForm[]
): { variant: string; text: string; form: string }[] {
  const ordered = samples.filter(isCounted).sort((a, b) => a.index - b.index)
  return judgedForms(run, samples, storedForms).flatMap(({ variant, prompt, forms }) => {
    const texts = ordered.filter((sample) => sample.variant === variant && sample.prompt === prompt)
    const formOf = new Map(texts.map(({ text }, index) => [text, elementAt(forms, index, 'form')]))
    return [...formOf].flatMap(([text, form]) => (form === null ? [] : [{ variant, text, form }]))
  })
}

/** Extracts a form from a judge's reply: '' for no answer, null for an empty or long reply or several lines. */
export function readForm(reply: string): string | null {
  const form = withoutThoughts(reply)
    .replace(/^["'“‘*`]+|["'”’*`.]+$/gu, '')
    .trim()
  if (form === '' || form.length > MAX_FORM_CHARACTERS || /[\r\n]/.test(form)) return null
  return form.toUpperCase() === NO_ANSWER ? '' : form
}

/** Returns the question on an answer; null for an empty answer, which needs no judge. */
function questionOf(
  { task }: EvaluationRun,
  { model, rubric }: Pick<JudgeSettings, 'model' | 'rubric'>,
  { prompt: promptIndex, text: answer }: SampleLine
): FormQuestion | null {
  if (answer.trim() === '') return null
  // The prefix of the variant is left out, because the answer is judged as an answer to the task's prompt.
  const prompt = elementAt(task.prompts, promptIndex, 'prompt').text
  return { key: questionKey(['form', model, rubric, prompt, answer]), prompt, answer }
}
