import { isDeepStrictEqual } from 'node:util'
import type { EvaluationRun } from '../../contract/documents/evaluation'
import type { JudgeSettings, PairVerdict } from '../../contract/documents/judge'
import type { SampleLine } from '../../contract/documents/samples'
import type { JudgedPair } from '../measures/messages'
import { elementAt } from '../../contract/model/look-up'
import { withoutThoughts } from '../answers/thoughts'
import { cellOf, cellsOf, questionKey, type Questioning, verdictsByKey } from './ask-judge'

/* A judge compares the answers of every two variants to a prompt. */

interface PairQuestion {
  readonly key: string
  readonly prompt: string
  /** The two sets of answers, in the order in which the judge sees them. */
  readonly sets: readonly [readonly string[], readonly string[]]
}

interface VariantPair {
  readonly prompt: number
  /** Indices of the variants in the run, ascending. */
  readonly variants: readonly [number, number]
  /** Questions in both orders of the variants; null if both sets are equal, which is a tie. */
  readonly orders: readonly [PairQuestion, PairQuestion] | null
}

/** Lets a judge compare every two variants on every prompt, once in each order. Equal sets are ties, and not asked. */
export const COMPARING: Questioning<PairQuestion, PairVerdict> = {
  questionsOf(run, samples, settings) {
    const questions = pairsOf(run, samples, settings).flatMap(({ orders }) => orders ?? [])
    return [...new Map(questions.map((question) => [question.key, question])).values()]
  },
  system({ rubric, answersPerPrompt }) {
    const instruction =
      answersPerPrompt === 1
        ? 'Two answers to the same task follow, A and B. Say which of them is better.'
        : 'Two sets of answers to the same task follow, A and B, each drawn from one source. ' +
          'Say which set is better as a whole: how good its answers are, and how varied.'
    return `${rubric}\n\n${instruction} Reply with A, B or TIE and nothing else.`
  },
  wordsOf: ({ prompt, sets: [first, second] }) =>
    `<task>\n${prompt}\n</task>\n\n${setWords('A', first)}\n\n${setWords('B', second)}`,
  verdict: (key, reply) => ({ key, said: readChoice(reply) }),
  isReadable: ({ said }) => said !== null
}

/**
 * Lists the stored winners of each pair by the run's latest judge of pairs; empty without one. For each order: the
 * index of the better variant, `tie`, or null without a readable verdict.
 */
export function judgedPairs(
  run: EvaluationRun,
  samples: readonly SampleLine[],
  verdicts: readonly PairVerdict[]
): JudgedPair[] {
  if (run.pairJudge === null) return []
  const choices = verdictsByKey(verdicts, run.pairJudge)
  const winner = ({ key }: PairQuestion, first: number, second: number): number | 'tie' | null => {
    const choice = choices.get(key)?.said ?? null
    if (choice === 'first') return first
    return choice === 'second' ? second : choice
  }
  return pairsOf(run, samples, run.pairJudge).map(({ prompt, variants, orders }) => {
    const [lower, higher] = variants
    return {
      prompt,
      variants,
      orders: orders && [winner(orders[0], lower, higher), winner(orders[1], higher, lower)]
    }
  })
}

/** Extracts A, B or TIE from a judge's reply; null for any other reply. */
export function readChoice(reply: string): PairVerdict['said'] {
  const answer = withoutThoughts(reply)
  const choice = /^[[("'*]*(a|b|tie)[\])"'*.]*$/i.exec(answer)?.[1]?.toLowerCase()
  if (choice === 'a') return 'first'
  if (choice === 'b') return 'second'
  return choice === 'tie' ? 'tie' : null
}

function setWords(letter: string, answers: readonly string[]): string {
  const answerTags = answers.map((answer) => `<answer>\n${answer}\n</answer>`).join('\n')
  return `<answers_${letter}>\n${answerTags}\n</answers_${letter}>`
}

/** Lists all pairs of variants on all prompts. Pairs with no answers, or unequal numbers of answers, are left out. */
function pairsOf(
  { task, variants }: EvaluationRun,
  samples: readonly SampleLine[],
  settings: JudgeSettings
): VariantPair[] {
  const cells = cellsOf(samples)
  const answersOf = (variant: number, prompt: number): string[] => {
    const { name } = elementAt(variants, variant, 'variant').variant
    const lines = cells.get(cellOf(name, prompt)) ?? []
    return lines.slice(0, settings.answersPerPrompt).map(({ text }) => text)
  }
  const indices = [...variants.keys()]
  const indexPairs = indices.flatMap((lower) => indices.slice(lower + 1).map((higher) => [lower, higher] as const))
  return task.prompts.flatMap(({ text }, prompt) =>
    indexPairs.flatMap(([lower, higher]): VariantPair[] => {
      const lowerAnswers = answersOf(lower, prompt)
      const higherAnswers = answersOf(higher, prompt)
      if (lowerAnswers.length === 0 || lowerAnswers.length !== higherAnswers.length) return []
      const question = (...sets: PairQuestion['sets']): PairQuestion => ({
        key: questionKey([settings.model, settings.rubric, text, ...sets]),
        prompt: text,
        sets
      })
      const areEqual = isDeepStrictEqual(lowerAnswers.toSorted(), higherAnswers.toSorted())
      const orders = areEqual
        ? null
        : ([question(lowerAnswers, higherAnswers), question(higherAnswers, lowerAnswers)] as const)
      return [{ prompt, variants: [lower, higher], orders }]
    })
  )
}
