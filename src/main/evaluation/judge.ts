import type { EvaluationRun } from '../../contract/documents/evaluation'
import type { JudgeSettings, JudgeVerdict } from '../../contract/documents/judge'
import type { SampleLine } from '../../contract/documents/samples'
import { elementAt } from '../../contract/model/look-up'
import { endpointKey } from '../endpoint/key'
import { fixedSubset } from '../measures/texts/fixed-subset'
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

const LOWEST = 1
const HIGHEST = 10

/** An answer to be marked, and where the mark belongs. */
interface Question {
  readonly key: string
  readonly prompt: string
  readonly answer: string
  readonly places: { variant: string; prompt: number }[]
}

/**
 * Has a judge mark a run's answers that have no verdict yet. Nothing is sent anywhere but here, and nothing twice: equal
 * answers to a prompt are one question.
 *
 * @throws WorkbenchError as `askJudge`
 */
export async function judgeAnswers(
  { run, samples, ...judge }: RunToJudge<Question, JudgeVerdict>,
  listener: JudgeListener<JudgeVerdict>,
  signal: AbortSignal
): Promise<void> {
  await askJudge(
    {
      ...judge,
      questions: questionsOf(run, samples, judge.settings),
      system: `${judge.settings.rubric}\n\nReply with one whole number from ${LOWEST} to ${HIGHEST} and nothing else.`,
      wordsOf: (question) => answerWords(question),
      read: readMark,
      verdict: (key, mark) => ({ key, mark }),
      meant: ({ mark }) => mark
    },
    listener,
    signal
  )
}

/** The stored marks of a run's answers, from 0 to 1, under the judge that it was last given to; none when it was to none. */
export function judgeMarks(
  run: EvaluationRun,
  samples: readonly SampleLine[],
  verdicts: readonly JudgeVerdict[]
): { variant: string; prompt: number; mark: number }[] {
  if (run.judge === null) return []
  const marks = new Map(verdictsOfEndpoint(verdicts, run.judge).map(({ key, mark }) => [key, mark]))
  return questionsOf(run, samples, run.judge).flatMap(({ key, places }) => {
    const mark = marks.get(key) ?? null
    return mark === null ? [] : places.map((place) => ({ ...place, mark }))
  })
}

/**
 * The mark that a reply is, scaled to 0..1. What a model thought before it is left out; anything else than a mark is none.
 *
 * @returns null when the reply is no whole number from 1 to 10
 */
export function readMark(reply: string): number | null {
  const said = withoutThoughts(reply)
  const digits = /^(\d{1,2})(?:\s*\/\s*10)?\.?$/.exec(said)?.[1]
  const mark = digits === undefined ? NaN : Number(digits)
  return mark >= LOWEST && mark <= HIGHEST ? (mark - LOWEST) / (HIGHEST - LOWEST) : null
}

/**
 * The key that a judge's settings name, or the one that was typed.
 *
 * @throws WorkbenchError `bad-input` when the environment lacks the variable
 */
export function judgeKey(settings: JudgeSettings, typed: string | undefined): string | null {
  return typed !== undefined && typed !== '' ? typed : endpointKey(settings, "the judge's")
}

/** The answers that a judge marks, each once. */
export function questionsOf(
  run: EvaluationRun,
  samples: readonly SampleLine[],
  settings: JudgeSettings
): Question[] {
  const questions = new Map<string, Question>()
  for (const lines of cellsOf(samples).values()) {
    for (const { variant, prompt, text } of fixedSubset(lines, settings.answersPerPrompt)) {
      // Without a variant's prefix: what is marked is the answer to the task.
      const asked = elementAt(run.task.prompts, prompt, 'prompt').text
      const key = questionKey([settings.model, settings.rubric, asked, text])
      const question = questions.get(key) ?? { key, prompt: asked, answer: text, places: [] }
      question.places.push({ variant, prompt })
      questions.set(key, question)
    }
  }
  return [...questions.values()]
}
