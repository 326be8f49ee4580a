import { expect, it } from 'vitest'
import { trailsToFollow } from '../../../../../src/main/crc/check/check-answers'
import { SequenceProbabilities, SequenceQuestions } from '../../../../../src/main/crc/check/questions'
import { addPathQuestions } from '../../../../../src/main/crc/check/full-answers'

const [CHARACTER, END, LINE_BREAK, SPACE] = [5, 1, 2, 3]

/**
 * The answers of a model to two prompts with one valid character each, as [written, ended, white, line break,
 * space].
 */
function answersOf(first: readonly number[], second: readonly number[]): SequenceProbabilities {
  const answers = new SequenceProbabilities()
  answers.set(0, first)
  answers.set(1, second)
  return answers
}

it('white space is followed up by its share of the answers to a prompt, not by its probability', () => {
  const questions = new SequenceQuestions()
  const paths = [0, 1].map((prompt) =>
    addPathQuestions(
      questions,
      { prompt, character: 0, tokens: [CHARACTER], mayTrail: true },
      [END],
      [LINE_BREAK, SPACE]
    )
  )
  const likely = [0.9, 0.9, 1.1e-4, 1e-4, 1e-5]
  const unlikely = [2e-4, 9e-5, 1.1e-4, 1.1e-4, 1e-9]
  const followed = (...models: SequenceProbabilities[]): [number, number][] =>
    trailsToFollow(paths, models).map(({ path, token }) => [path.prompt, token])
  expect(followed(answersOf(likely, likely))).toEqual([])
  expect(followed(answersOf(likely, unlikely))).toEqual([[1, LINE_BREAK]])
  // One of the models is enough; a prompt without any valid answer has nothing to follow.
  expect(followed(answersOf(likely, likely), answersOf([0, 0, 0, 0, 0], unlikely))).toEqual([[1, LINE_BREAK]])
})
