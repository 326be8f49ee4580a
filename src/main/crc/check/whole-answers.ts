import type { CategoryScore, CrcPrompt, Score } from '../../../contract/documents/crc'
import type { WholeAnswers } from '../../../contract/documents/answer-check'
import { averageScores, scorePrompt } from '../task/scoring'
import type { AnswerPath } from './answer-paths'
import type { SequenceProbabilities, Question, SequenceQuestions } from './questions'
import { elementAt } from '../../../contract/model/look-up'

/**
 * Tokens of white space that are computed separately. Vocabularies have dozens of them, but models end with a line
 * break or a space.
 */
const MAX_TRAILING = 32

/** Questions about one way to write a valid character. */
export interface AskedPath {
  path: AnswerPath
  /** Probability that the character is written. */
  written: Question
  /** Probability that the character is written and an end token follows. */
  whole: Question
  /** Probability that the character and any token of white space are written. Null if that is another answer. */
  white: Question | null
  /** Probability that the character and this token of white space are written. */
  trails: readonly { token: number; written: Question }[]
}

/** Questions about a character with one token of white space behind it. */
export interface AskedTrail {
  path: AnswerPath
  written: Question
  whole: Question
  white: Question
}

export function askOfPath(
  questions: SequenceQuestions,
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
  questions: SequenceQuestions,
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

/** Appends each next token to the tokens, which gives one sequence per next token. */
const eachBehind = (tokens: readonly number[], nextTokens: readonly number[]): number[][] =>
  nextTokens.map((next) => [...tokens, next])

/**
 * Scores the full answers of a model. An answer is valid if it is one valid character, optionally with white space
 * behind it, and then ends. Its probability is the product over its tokens and an end token.
 * White space has no maximum length. One token of it is computed for the trails; the remainder is `undecided`.
 *
 * @param first covers all ways to write the prompts' characters
 */
export function wholeAnswers(
  prompts: readonly CrcPrompt[],
  first: { paths: readonly AskedPath[]; says: SequenceProbabilities },
  followed: { trails: readonly AskedTrail[]; says: SequenceProbabilities }
): WholeAnswers {
  const firstToken = prompts.map(({ valid }) => new Float64Array(valid.length))
  const whole = prompts.map(({ valid }) => new Float64Array(valid.length))
  const undecided = new Float64Array(prompts.length)
  const add = (to: readonly Float64Array[], { prompt, character }: AnswerPath, probability: number): void => {
    const values = elementAt(to, prompt, 'prompt')
    values[character] = elementAt(values, character, 'character') + probability
  }
  const addUndecided = ({ prompt }: AnswerPath, probability: number): void => {
    undecided[prompt] = elementAt(undecided, prompt, 'prompt') + probability
  }
  for (const { path, written, whole: ended, white } of first.paths) {
    if (path.tokens.length === 1) add(firstToken, path, first.says.of(written))
    add(whole, path, first.says.of(ended))
    if (white !== null) addUndecided(path, first.says.of(white))
  }
  for (const { path, written, whole: ended, white } of followed.trails) {
    add(whole, path, followed.says.of(ended))
    // The trail is decided now. Only its own white space stays undecided.
    addUndecided(path, followed.says.of(white) - followed.says.of(written))
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

/** Averages over the prompts of a category, then over categories. */
function meanOf(prompts: readonly CrcPrompt[], values: Float64Array): number {
  const scores = [...values].map((validity) => ({
    validity,
    diversity: 0,
    effectiveChoices: 0,
    probabilities: []
  }))
  return averageScores(prompts, scores).validity
}
