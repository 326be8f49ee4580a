import type { EvaluationRun } from '../../contract/documents/evaluation'
import type { PairVerdict } from '../../contract/documents/judge'
import type { SampleLine } from '../../contract/documents/samples'
import type { JudgedPair } from '../measures/judged-pairs'
import { elementAt } from '../../contract/model/look-up'
import { withoutThoughts } from '../answers/thoughts'
import {
  askJudge,
  cellOf,
  cellsOf,
  type JudgeListener,
  questionKey,
  type RunToJudge,
  verdictsByKey
} from './ask-judge'

/** Two sets of answers in one order. */
interface PairQuestion {
  readonly key: string
  readonly prompt: string
  /** The set shown first, and the other. */
  readonly sets: readonly [readonly string[], readonly string[]]
}

/** Two variants on one prompt. */
interface VariantPair {
  readonly prompt: number
  /** Indices of the variants in the run, ascending. */
  readonly among: readonly [number, number]
  /**
   * Questions with the lower variant's answers first, and with the other's first; null if both sets are
   * equal, which is a tie.
   */
  readonly orders: readonly [PairQuestion, PairQuestion] | null
}

/**
 * Lets a judge compare the answers of every two variants to every prompt, in both orders. Equal sets are ties
 * and are not sent, and no question is sent twice.
 *
 * @throws WorkbenchError as `askJudge`
 */
export async function judgePairs(
  { run, samples, ...judge }: RunToJudge<PairQuestion, PairVerdict>,
  listener: JudgeListener<PairVerdict>,
  signal: AbortSignal
): Promise<void> {
  const { rubric, answersPerPrompt } = judge.settings
  const what =
    answersPerPrompt === 1
      ? 'Two answers to the same task follow, A and B. Say which of them is better.'
      : 'Two sets of answers to the same task follow, A and B, each drawn from one source. ' +
        'Say which set is better as a whole: how good its answers are, and how varied.'
  await askJudge(
    {
      ...judge,
      questions: pairQuestionsOf({ ...run, pairJudge: judge.settings }, samples),
      system: `${rubric}\n\n${what} Reply with A, B or TIE and nothing else.`,
      wordsOf: ({ prompt, sets: [first, second] }) =>
        `<task>\n${prompt}\n</task>\n\n${setWords('A', first)}\n\n${setWords('B', second)}`,
      read: readChoice,
      verdict: (key, said) => ({ key, said }),
      meant: ({ said }) => said
    },
    listener,
    signal
  )
}

/** Lists the questions for a run's judge of pairs, without duplicates. */
export function pairQuestionsOf(run: EvaluationRun, samples: readonly SampleLine[]): PairQuestion[] {
  const questions = pairsOf(run, samples).flatMap(({ orders }) => orders ?? [])
  return [...new Map(questions.map((question) => [question.key, question])).values()]
}

/** Collects the stored results of each pair by the run's latest judge of pairs; empty without one. */
export function judgedPairs(
  run: EvaluationRun,
  samples: readonly SampleLine[],
  verdicts: readonly PairVerdict[]
): JudgedPair[] {
  if (run.pairJudge === null) return []
  const choices = verdictsByKey(verdicts, run.pairJudge)
  return pairsOf(run, samples).map(({ prompt, among: [lower, higher], orders }) => {
    if (orders === null) return { prompt, among: [lower, higher], orders: null }
    const [forth, back] = orders
    const winner = (key: string, first: number, second: number): number | 'tie' | null => {
      const choice = choices.get(key)?.said ?? null
      return choice === 'first' ? first : choice === 'second' ? second : choice
    }
    return {
      prompt,
      among: [lower, higher],
      orders: [winner(forth.key, lower, higher), winner(back.key, higher, lower)]
    }
  })
}

/**
 * Extracts the choice from a reply, without thoughts.
 *
 * @returns null if the reply is none of A, B and TIE
 */
export function readChoice(reply: string): PairVerdict['said'] {
  const answer = withoutThoughts(reply)
  const choice = /^[[("'*]*(a|b|tie)[\])"'*.]*$/i.exec(answer)?.[1]?.toLowerCase()
  if (choice === 'a') return 'first'
  if (choice === 'b') return 'second'
  return choice === 'tie' ? 'tie' : null
}

function setWords(letter: string, answers: readonly string[]): string {
  const inside = answers.map((answer) => `<answer>\n${answer}\n</answer>`).join('\n')
  return `<answers_${letter}>\n${inside}\n</answers_${letter}>`
}

/** Lists all pairs by the judge's settings; pairs without answers of a variant are omitted. */
function pairsOf(run: EvaluationRun, samples: readonly SampleLine[]): VariantPair[] {
  const { pairJudge: settings, task, variants } = run
  if (settings === null) return []
  const cells = cellsOf(samples)
  const key = (prompt: string, sets: PairQuestion['sets']): string =>
    questionKey([settings.model, settings.rubric, prompt, ...sets])
  return task.prompts.flatMap(({ text }, prompt) =>
    variants.flatMap((_, lower) =>
      variants.slice(lower + 1).flatMap((_, further): VariantPair[] => {
        const higher = lower + 1 + further
        const [lowerAnswers, higherAnswers] = [lower, higher].map((variantIndex) => {
          const { name } = elementAt(variants, variantIndex, 'variant').variant
          const lines = cells.get(cellOf(name, prompt)) ?? []
          return lines.slice(0, settings.answersPerPrompt).map((line) => line.text)
        })
        if (
          lowerAnswers === undefined ||
          higherAnswers === undefined ||
          lowerAnswers.length === 0 ||
          lowerAnswers.length !== higherAnswers.length
        )
          return []
        const among = [lower, higher] as const
        if (JSON.stringify(lowerAnswers.toSorted()) === JSON.stringify(higherAnswers.toSorted()))
          return [{ prompt, among, orders: null }]
        const ask = (sets: PairQuestion['sets']): PairQuestion => ({
          key: key(text, sets),
          prompt: text,
          sets
        })
        return [
          { prompt, among, orders: [ask([lowerAnswers, higherAnswers]), ask([higherAnswers, lowerAnswers])] }
        ]
      })
    )
  )
}
