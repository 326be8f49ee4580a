import { type CrcPrompt, onlyMeans, type Score } from '../../../contract/documents/crc'
import type { FullAnswerScores } from '../../../contract/documents/answer-check'
import { averageScores, scorePrompt } from '../task/scoring'
import type { AnswerPath } from './answer-paths'
import type { SequenceProbabilities, Question, SequenceQuestions } from './questions'
import { elementAt } from '../../../contract/model/look-up'

/** Maximum number of white-space tokens behind a character that are asked about one by one. */
const MAX_TRAILING = 32

/** Questions to the engine about one way to write a valid character. Each asks for a probability. */
export interface PathQuestions {
  path: AnswerPath
  /** The character is written. */
  written: Question
  /** The character is written and the answer ends. */
  ended: Question
  /** The character is followed by any token of white space. Null if white space would make it another answer. */
  white: Question | null
  /** For each of the shortest tokens of white space: the character is followed by this token. */
  trails: readonly { token: number; written: Question }[]
}

/** Questions about what follows a valid character and a token of white space. */
interface TrailQuestions {
  path: AnswerPath
  /** The question of {@link PathQuestions} for the probability of the character and the token. */
  written: Question
  /** The answer ends then. */
  ended: Question
  /** Another token of white space follows. */
  white: Question
}

/** Adds the questions about one way to write a character. @param ends end tokens @param white tokens of white space */
export function addPathQuestions(
  questions: SequenceQuestions,
  path: AnswerPath,
  ends: readonly number[],
  white: readonly number[]
): PathQuestions {
  const { prompt, tokens, mayTrail } = path
  return {
    path,
    written: questions.add(prompt, [tokens]),
    ended: questions.add(prompt, appendEach(tokens, ends)),
    white: mayTrail ? questions.add(prompt, appendEach(tokens, white)) : null,
    trails: (mayTrail ? white.slice(0, MAX_TRAILING) : []).map((token) => ({
      token,
      written: questions.add(prompt, [[...tokens, token]])
    }))
  }
}

/** Adds the questions about a trail. @param context index of its tokens: a prompt, a character and white space */
export function addTrailQuestions(
  questions: SequenceQuestions,
  context: number,
  { path, written }: Pick<TrailQuestions, 'path' | 'written'>,
  ends: readonly number[],
  white: readonly number[]
): TrailQuestions {
  return {
    path,
    written,
    ended: questions.add(context, appendEach([], ends)),
    white: questions.add(context, appendEach([], white))
  }
}

/** Appends each next token to the tokens, which gives one sequence per next token. */
const appendEach = (tokens: readonly number[], nextTokens: readonly number[]): number[][] =>
  nextTokens.map((next) => [...tokens, next])

/**
 * Scores the full answers of one model. A valid answer is one valid character, at most one token of white space, and an
 * end token. The probability of more white space is returned as `undecided`.
 * @param first answers to the questions about characters
 * @param followed answers to the questions about characters with white space
 */
export function scoreFullAnswers(
  prompts: readonly CrcPrompt[],
  first: { paths: readonly PathQuestions[]; probabilities: SequenceProbabilities },
  followed: { trails: readonly TrailQuestions[]; probabilities: SequenceProbabilities }
): FullAnswerScores {
  const firstToken = prompts.map(({ valid }) => new Float64Array(valid.length))
  const full = prompts.map(({ valid }) => new Float64Array(valid.length))
  const undecided = new Float64Array(prompts.length)
  const add = (to: readonly Float64Array[], { prompt, character }: AnswerPath, probability: number): void => {
    const values = elementAt(to, prompt, 'prompt')
    values[character] = elementAt(values, character, 'character') + probability
  }
  const addUndecided = ({ prompt }: AnswerPath, probability: number): void => {
    undecided[prompt] = elementAt(undecided, prompt, 'prompt') + probability
  }
  for (const { path, written, ended, white } of first.paths) {
    if (path.tokens.length === 1) add(firstToken, path, first.probabilities.of(written))
    add(full, path, first.probabilities.of(ended))
    if (white !== null) addUndecided(path, first.probabilities.of(white))
  }
  for (const { path, written, ended, white } of followed.trails) {
    const reached = first.probabilities.of(written)
    add(full, path, reached * followed.probabilities.of(ended))
    // This token of white space is now decided, except for the probability that more white space follows it.
    addUndecided(path, reached * (followed.probabilities.of(white) - 1))
  }
  const answers = scoreOf(prompts, full)
  return {
    firstToken: onlyMeans(scoreOf(prompts, firstToken)),
    answers: onlyMeans(answers),
    undecided: Math.max(0, meanOf(prompts, undecided)),
    prompts: answers.prompts.map(onlyMeans)
  }
}

const scoreOf = (prompts: readonly CrcPrompt[], probabilities: readonly Float64Array[]): Score =>
  averageScores(
    prompts,
    probabilities.map((each) => scorePrompt([...each]))
  )

/** Averages over the prompts of a category, then over categories. */
function meanOf(prompts: readonly CrcPrompt[], values: Float64Array): number {
  const scores = [...values].map((validity) => ({ validity, diversity: 0, effectiveChoices: 0, probabilities: [] }))
  return averageScores(prompts, scores).validity
}
