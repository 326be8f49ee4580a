import type { EvaluationRun } from '../../contract/documents/evaluation'
import { type AnswerForm, type JudgeSettings, MAX_FORM_CHARACTERS } from '../../contract/documents/judge'
import type { SampleLine } from '../../contract/documents/samples'
import { elementAt } from '../../contract/model/look-up'
import { withoutThoughts } from '../answers/thoughts'
import {
  answerWords,
  askJudge,
  cellsOf,
  type JudgeListener,
  questionKey,
  type RunToJudge,
  verdictsOfEndpoint
} from './ask-judge'

/** What a judge says of a text that gives no answer. */
const NO_ANSWER = 'NONE'

/** An answer whose meaning is asked for. */
interface FormQuestion {
  readonly key: string
  readonly prompt: string
  readonly answer: string
}

/** What the answers of a cell mean, in their order: each its canonical form, '' where it gives none, null where no form was read. */
export interface CellForms {
  readonly variant: string
  readonly prompt: number
  readonly forms: readonly (string | null)[]
}

/**
 * Has a judge say which answer each text of a run means, in its canonical form. The judge hears the prompt and the answer and not
 * what is right, so that it cannot favour it. Equal answers to a prompt are one question, and nothing is sent twice: what was read
 * for another evaluation is reused.
 *
 * @throws WorkbenchError as `askJudge`
 */
export async function judgeForms(
  {
    run,
    samples,
    known,
    ofOtherEvaluations,
    ...judge
  }: RunToJudge<FormQuestion, AnswerForm> & {
    /** Forms that judges read for other evaluations. */
    ofOtherEvaluations: readonly AnswerForm[]
  },
  listener: JudgeListener<AnswerForm> & {
    /** Stores the forms that are reused. */
    keepAll(forms: readonly AnswerForm[]): Promise<void>
  },
  signal: AbortSignal
): Promise<void> {
  const questions = formQuestionsOf(run, samples, judge.settings)
  const stored = new Set(verdictsOfEndpoint(known, judge.settings).map(({ key }) => key))
  const others = new Map(
    verdictsOfEndpoint(ofOtherEvaluations, judge.settings).map((form) => [form.key, form])
  )
  const reused = questions.flatMap(({ key }) => (stored.has(key) ? [] : (others.get(key) ?? [])))
  if (reused.length > 0) await listener.keepAll(reused)
  await askJudge(
    {
      ...judge,
      known: [...known, ...reused],
      questions,
      system:
        `${judge.settings.rubric}\n\nReply with that alone, in a few words, and always with the same words for the same thing. ` +
        `If the text gives no answer, reply ${NO_ANSWER}.`,
      wordsOf: (question) => answerWords(question),
      read: readForm,
      verdict: (key, form) => ({ key, form }),
      meant: ({ form }) => form
    },
    listener,
    signal
  )
}

/**
 * The forms that a run's answers have by the judge that it was last given to. Cells of which an answer was not asked yet are left
 * out: their numbers would be of fewer answers than the others'.
 */
export function judgedForms(
  run: EvaluationRun,
  samples: readonly SampleLine[],
  known: readonly AnswerForm[]
): CellForms[] {
  const { formJudge } = run
  if (formJudge === null) return []
  const forms = new Map(verdictsOfEndpoint(known, formJudge).map(({ key, form }) => [key, form]))
  return [...cellsOf(samples).values()].flatMap((lines): CellForms[] => {
    const read = lines.map((line) => {
      const question = questionOf(run, formJudge, line)
      return question === null ? '' : forms.get(question.key)
    })
    const { variant, prompt } = elementAt(lines, 0, 'answer')
    const asked = read.filter((form) => form !== undefined)
    return asked.length < lines.length ? [] : [{ variant, prompt, forms: asked }]
  })
}

/** What different texts of a run's answers were read to mean, variant by variant; as {@link judgedForms}. */
export function meaningsOf(
  run: EvaluationRun,
  samples: readonly SampleLine[],
  known: readonly AnswerForm[]
): { variant: string; text: string; form: string }[] {
  const ordered = samples.toSorted((a, b) => a.index - b.index)
  return judgedForms(run, samples, known).flatMap(({ variant, prompt, forms }) => {
    const texts = ordered.filter((sample) => sample.variant === variant && sample.prompt === prompt)
    const meant = new Map(texts.map(({ text }, place) => [text, elementAt(forms, place, 'form')]))
    return [...meant].flatMap(([text, form]) => (form === null ? [] : [{ variant, text, form }]))
  })
}

/**
 * The form that a reply is: what a model thought before it, marks around it and a full stop at its end are left out.
 *
 * @returns '' for none; null when the reply is several lines, or longer than a form is
 */
export function readForm(reply: string): string | null {
  const said = withoutThoughts(reply)
    .replace(/^["'“‘*`]+|["'”’*`.]+$/gu, '')
    .trim()
  if (said === '' || said.length > MAX_FORM_CHARACTERS || /[\r\n]/.test(said)) return null
  return said.toUpperCase() === NO_ANSWER ? '' : said
}

/** The answers whose meaning is asked for, each once. */
export function formQuestionsOf(
  run: EvaluationRun,
  samples: readonly SampleLine[],
  settings: JudgeSettings
): FormQuestion[] {
  const questions = samples.flatMap((sample) => questionOf(run, settings, sample) ?? [])
  return [...new Map(questions.map((question) => [question.key, question])).values()]
}

/** Null for an answer without any text, which means nothing. */
function questionOf(
  { task }: EvaluationRun,
  { model, rubric }: Pick<JudgeSettings, 'model' | 'rubric'>,
  { prompt: place, text: answer }: SampleLine
): FormQuestion | null {
  if (answer.trim() === '') return null
  // Without a variant's prefix: what is read is the answer to the task.
  const prompt = elementAt(task.prompts, place, 'prompt').text
  return { key: questionKey(['form', model, rubric, prompt, answer]), prompt, answer }
}
