import type { CategoryScore, CrcPrompt } from '../../../contract/documents/crc'
import type { WholeAnswers } from '../../../contract/documents/answer-check'
import { averageScores, scorePrompt } from '../task/scoring'
import type { AnswerPath } from './answer-paths'
import { at } from '../../base/look-up'

/** Probabilities of the next token, by place and token. @throws RangeError for what the engine was not asked */
export interface NextTokens {
  /** That this token comes next. */
  of(prompt: number, written: readonly number[], token: number): number
  /** That an end token comes next. */
  end(prompt: number, written: readonly number[]): number
  /** That a token of white space comes next. */
  trail(prompt: number, written: readonly number[]): number
}

/** An answer's character with white space behind it that was followed up. */
export interface FollowedTrail {
  path: AnswerPath
  token: number
}

/**
 * What a model's whole answers are worth. An answer is valid when it is one valid character, or that and white space, and
 * then ends. Its probability is the product of those of its tokens and of an end token. White space can go on for ever:
 * one token of it is followed up where `trails` says so, and the rest is `undecided`.
 *
 * @param paths of all prompts
 */
export function wholeAnswers(
  prompts: readonly CrcPrompt[],
  paths: readonly AnswerPath[],
  trails: readonly FollowedTrail[],
  next: NextTokens
): WholeAnswers {
  const first = prompts.map(({ valid }) => new Float64Array(valid.length))
  const whole = prompts.map(({ valid }) => new Float64Array(valid.length))
  const undecided = new Float64Array(prompts.length)
  const add = (to: readonly Float64Array[], { prompt, character }: AnswerPath, probability: number): void => {
    const ofPrompt = at(to, prompt, 'prompt')
    ofPrompt[character] = at(ofPrompt, character, 'character') + probability
  }
  for (const path of paths) {
    const { prompt, tokens } = path
    const written = pathProbability(path, next)
    if (tokens.length === 1) add(first, path, written)
    add(whole, path, written * next.end(prompt, tokens))
    if (path.mayTrail)
      undecided[prompt] = at(undecided, prompt, 'prompt') + written * next.trail(prompt, tokens)
  }
  for (const { path, token } of trails) {
    const { prompt, tokens } = path
    const trailing = [...tokens, token]
    const written = pathProbability(path, next) * next.of(prompt, tokens, token)
    add(whole, path, written * next.end(prompt, trailing))
    // It is decided now, but for white space that goes on.
    undecided[prompt] = at(undecided, prompt, 'prompt') - written * (1 - next.trail(prompt, trailing))
  }
  return {
    firstToken: meanScore(prompts, first),
    answers: meanScore(prompts, whole),
    undecided: Math.max(0, meanOf(prompts, undecided))
  }
}

export function pathProbability({ prompt, tokens }: AnswerPath, next: NextTokens): number {
  return tokens.reduce((product, token, i) => product * next.of(prompt, tokens.slice(0, i), token), 1)
}

function meanScore(prompts: readonly CrcPrompt[], probabilities: readonly Float64Array[]): CategoryScore {
  const scores = probabilities.map((each) => scorePrompt([...each]))
  const { validity, diversity } = averageScores(prompts, scores)
  return { validity, diversity }
}

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
