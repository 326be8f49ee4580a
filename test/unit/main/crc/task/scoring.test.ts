import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { promptWithStoredDigits } from '../../../../../src/main/crc/sweep/assemble-sweep'
import { ScoreCollector } from '../../../../../src/main/crc/task/model-scores'
import { averageScores, scorePrompt } from '../../../../../src/main/crc/task/scoring'

describe('the score of one prompt', () => {
  test('is the probability of the valid characters and their normalised entropy', () => {
    // H(1/2, 1/4, 1/4) = 1.5 bits of the log2(3) bits that three characters can have.
    const score = scorePrompt([0.4, 0.2, 0.2])
    expect(score.validity).toBeCloseTo(0.8, 12)
    expect(score.diversity).toBeCloseTo(1.5 / Math.log2(3), 12)
    expect(score.effectiveChoices).toBeCloseTo(2 ** 1.5, 12)
    expect(score.probabilities).toEqual([0.4, 0.2, 0.2])
  })

  test('counts characters that no token adds in the size of the valid set', () => {
    expect(scorePrompt([0.5, 0.5, 0, 0]).diversity).toBeCloseTo(0.5, 12)
  })

  test('has no diversity when one answer is sure or none is possible', () => {
    expect(scorePrompt([0, 1])).toMatchObject({ validity: 1, diversity: 0, effectiveChoices: 1 })
    expect(scorePrompt([0, 0])).toMatchObject({ validity: 0, diversity: 0, effectiveChoices: 1 })
  })

  test('is a probability also where single precision adds up to more than 1', () => {
    const { validity, probabilities } = scorePrompt([1.0000000208616258, 3e-8])
    expect([validity, ...probabilities]).toEqual([1, 1, 3e-8])
  })

  test('lies between 0 and 1, is 1 for equal chances and ignores the scale', () => {
    const probabilities = fc.array(fc.double({ min: 1e-12, max: 1, noNaN: true }), {
      minLength: 2,
      maxLength: 30
    })
    fc.assert(
      fc.property(probabilities, (values) => {
        const score = scorePrompt(values)
        expect(score.diversity).toBeGreaterThanOrEqual(0)
        expect(score.diversity).toBeLessThanOrEqual(1)
        expect(score.validity).toBeLessThanOrEqual(1)
        expect(scorePrompt(values.map((value) => value / 8)).diversity).toBeCloseTo(score.diversity, 12)
        expect(scorePrompt(values.map(() => values[0] ?? 1)).diversity).toBeCloseTo(1, 12)
        expect(score.effectiveChoices).toBeCloseTo(values.length ** score.diversity, 6)
      })
    )
  })
})

test('a model scores the mean over categories of the means over their prompts', () => {
  const prompts = ['letter', 'digit', 'letter', 'letter'].map((category) => ({ category }))
  const validities = [0.9, 0.2, 0.6, 0.3]
  const scores = validities.map((validity) => scorePrompt([validity / 2, validity / 2, 0, 0]))
  const score = averageScores(prompts, scores)
  expect(score.categories.letter?.validity).toBeCloseTo(0.6, 12)
  expect(score.categories.digit?.validity).toBeCloseTo(0.2, 12)
  expect(score.validity).toBeCloseTo(0.4, 12)
  expect(score.diversity).toBeCloseTo(0.5, 12)
  expect(score.effectiveChoices).toBeCloseTo(2, 12)
  expect(score.prompts).toEqual(scores)
})

test('scores so far are over the prompts that arrived, complete ones over all', () => {
  const scores = new ScoreCollector([{ category: 'a' }, { category: 'b' }])
  scores.set(1, scorePrompt([0.25, 0.25]))
  expect(scores.soFar()).toEqual({ validity: 0.5, diversity: 1, effectiveChoices: 2, promptCount: 1 })
  expect(scores.complete()).toBeNull()
  scores.set(0, scorePrompt([1 / 3, 0]))
  expect(scores.soFar()).toMatchObject({ diversity: 0.5, promptCount: 2 })
  expect(scores.complete()).toMatchObject({ diversity: 0.5 })
})

test('a stored score has rounded probabilities and exact measures', () => {
  const stored = promptWithStoredDigits(scorePrompt([1 / 3, 0]))
  expect(stored.probabilities).toEqual([0.333333333, 0])
  expect(stored.validity).toBe(1 / 3)
})
