import type { CategoryScore, CrcPrompt, Score } from '../../../contract/documents/crc'
import type { WholeAnswers } from '../../../contract/documents/answer-check'
import { averageScores, scorePrompt } from '../task/scoring'
import type { AnswerPath } from './answer-paths'
import type { Answers, Question, Questions } from './questions'
import { at } from '../../../contract/model/look-up'

/** Tokens of white space that are told apart; vocabularies have dozens, and models end with a line break or a space. */
const MAX_TRAILING = 32

/** What was asked of a way to write a valid character. */
export interface AskedPath {
  path: AnswerPath
  /** That it is written, and that it is and an end token comes next. */
  written: Question
  whole: Question
  /** That it is written and any token of white space comes next; null where that would be another answer. */
  white: Question | null
  /** That it is written and this token of white space comes next. */
  trails: readonly { token: number; written: Question }[]
}

/** What was asked of a character with one token of white space behind it that is followed up. */
export interface AskedTrail {
  path: AnswerPath
  written: Question
  whole: Question
  white: Question
}

export function askOfPath(
  questions: Questions,
  path: AnswerPath,
  ends: readonly number[],
  white: readonly number[]
): AskedPath {
  const { prompt, tokens, mayTrail } = path
  return {
    path,
    written: questions.add(prompt, [tokens]),
    whole: questions.add(prompt, eachBehind(tokens, ends)),
    white: mayTrail ? questions.add(prompt, eachBehind(tokens, white)) : null,
    trails: (mayTrail ? white.slice(0, MAX_TRAILING) : []).map((token) => ({
      token,
      written: questions.add(prompt, [[...tokens, token]])
    }))
  }
}

export function askOfTrail(
  questions: Questions,
  { path, token }: { path: AnswerPath; token: number },
  ends: readonly number[],
  white: readonly number[]
): AskedTrail {
  const { prompt, tokens } = path
  const trailing = [...tokens, token]
  return {
    path,
    written: questions.add(prompt, [trailing]),
    whole: questions.add(prompt, eachBehind(trailing, ends)),
    white: questions.add(prompt, eachBehind(trailing, white))
  }
}

/** Some tokens with one more, for each of others. */
const eachBehind = (tokens: readonly number[], others: readonly number[]): number[][] =>
  others.map((other) => [...tokens, other])

/**
 * What a model's whole answers are worth. An answer is valid when it is one valid character, or that and white space, and
 * then ends. Its probability is the product of those of its tokens and of an end token. White space can go on for ever:
 * one token of it is followed up where trails say so, and the rest is `undecided`.
 *
 * @param first of all ways to write the prompts' characters
 */
export function wholeAnswers(
  prompts: readonly CrcPrompt[],
  first: { paths: readonly AskedPath[]; says: Answers },
  followed: { trails: readonly AskedTrail[]; says: Answers }
): WholeAnswers {
  const firstToken = prompts.map(({ valid }) => new Float64Array(valid.length))
  const whole = prompts.map(({ valid }) => new Float64Array(valid.length))
  const undecided = new Float64Array(prompts.length)
  const add = (to: readonly Float64Array[], { prompt, character }: AnswerPath, probability: number): void => {
    const ofPrompt = at(to, prompt, 'prompt')
    ofPrompt[character] = at(ofPrompt, character, 'character') + probability
  }
  const leave = ({ prompt }: AnswerPath, probability: number): void => {
    undecided[prompt] = at(undecided, prompt, 'prompt') + probability
  }
  for (const asked of first.paths) {
    if (asked.path.tokens.length === 1) add(firstToken, asked.path, first.says.of(asked.written))
    add(whole, asked.path, first.says.of(asked.whole))
    if (asked.white !== null) leave(asked.path, first.says.of(asked.white))
  }
  for (const asked of followed.trails) {
    add(whole, asked.path, followed.says.of(asked.whole))
    // It is decided now, but for white space that goes on.
    leave(asked.path, followed.says.of(asked.white) - followed.says.of(asked.written))
  }
  const answers = scoreOf(prompts, whole)
  return {
    firstToken: meansOf(scoreOf(prompts, firstToken)),
    answers: meansOf(answers),
    undecided: Math.max(0, meanOf(prompts, undecided)),
    prompts: answers.prompts.map(meansOf)
  }
}

const scoreOf = (prompts: readonly CrcPrompt[], probabilities: readonly Float64Array[]): Score =>
  averageScores(
    prompts,
    probabilities.map((each) => scorePrompt([...each]))
  )

const meansOf = ({ validity, diversity }: CategoryScore): CategoryScore => ({ validity, diversity })

/** Over the prompts of a category, then over categories. */
function meanOf(prompts: readonly CrcPrompt[], values: Float64Array): number {
  const scores = [...values].map((validity) => ({
    validity,
    diversity: 0,
    effectiveChoices: 0,
    probabilities: []
  }))
  return averageScores(prompts, scores).validity
}
