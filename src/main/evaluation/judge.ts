import type { EvaluationRun } from '../../contract/documents/evaluation'
import type { JudgeSettings, JudgeVerdict } from '../../contract/documents/judge'
import type { SampleLine } from '../../contract/documents/samples'
import { elementAt } from '../../contract/model/look-up'
import { endpointKey } from '../endpoint/key'
import { fixedSubset } from '../measures/texts/fixed-subset'
import { withoutThoughts } from '../answers/thoughts'
import { answerWords, cellsOf, questionKey, type Questioning, verdictsByKey } from './ask-judge'

const MIN_SCORE = 1
const MAX_SCORE = 10

/** A question on one text, which several answers of the run may share. */
interface ScoreQuestion {
  readonly key: string
  readonly prompt: string
  readonly answer: string
  readonly answers: { variant: string; prompt: number; index: number }[]
}

/** Lets a judge score answers. Equal answers to a prompt are one question. */
export const SCORING: Questioning<ScoreQuestion, JudgeVerdict> = {
  questionsOf,
  system: ({ rubric }) =>
    `${rubric}\n\nReply with one whole number from ${MIN_SCORE} to ${MAX_SCORE} and nothing else.`,
  wordsOf: answerWords,
  verdict: (key, reply) => ({ key, mark: readScore(reply) }),
  isReadable: ({ mark }) => mark !== null
}

/** Lists the stored scores of a run's answers, from 0 to 1, by the run's latest judge; empty without one. */
export function judgeScores(
  run: EvaluationRun,
  samples: readonly SampleLine[],
  verdicts: readonly JudgeVerdict[]
): { variant: string; prompt: number; index: number; score: number }[] {
  if (run.judge === null) return []
  const byKey = verdictsByKey(verdicts, run.judge)
  return questionsOf(run, samples, run.judge).flatMap(({ key, answers }) => {
    const { mark } = byKey.get(key) ?? { mark: null }
    return mark === null ? [] : answers.map((answer) => ({ ...answer, score: mark }))
  })
}

/** Extracts a whole number from 1 to 10 from a judge's reply, and scales it to 0 to 1; null for any other reply. */
export function readScore(reply: string): number | null {
  const answer = withoutThoughts(reply)
  const digits = /^[[("'*]*(\d{1,2})(?:\s*\/\s*10)?[\])"'*.]*$/.exec(answer)?.[1]
  const score = digits === undefined ? NaN : Number(digits)
  return score >= MIN_SCORE && score <= MAX_SCORE ? (score - MIN_SCORE) / (MAX_SCORE - MIN_SCORE) : null
}

/**
 * Returns the API key of a judge: the typed key, else the value of the environment variable that the settings name.
 *
 * @throws WorkbenchError `bad-input` if the variable is not set
 */
export function judgeKey(settings: JudgeSettings, typed: string | undefined): string | null {
  return typed !== undefined && typed !== '' ? typed : endpointKey(settings, "the judge's")
}

/**
 * Lists the questions on at most `answersPerPrompt` answers of each variant to each prompt. With a classifier they are
 * the first answers, because `utility_k` needs the scores of the answers that it classifies.
 */
function questionsOf(run: EvaluationRun, samples: readonly SampleLine[], settings: JudgeSettings): ScoreQuestion[] {
  const questions = new Map<string, ScoreQuestion>()
  for (const lines of cellsOf(samples).values()) {
    const size = settings.answersPerPrompt
    const scored = run.classifier === null ? fixedSubset(lines, size) : lines.slice(0, size)
    for (const { variant, prompt, index, text } of scored) {
      // The variant's prefix is omitted, because the answer to the task is scored.
      const promptText = elementAt(run.task.prompts, prompt, 'prompt').text
      const key = questionKey([settings.model, settings.rubric, promptText, text])
      const question = questions.get(key) ?? { key, prompt: promptText, answer: text, answers: [] }
      question.answers.push({ variant, prompt, index })
      questions.set(key, question)
    }
  }
  return [...questions.values()]
}
