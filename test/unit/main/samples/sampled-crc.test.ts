import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { averageScores, scorePrompt } from '../../../../src/main/crc/task/scoring'
import { agreement, type CrcAnswer, scoreSampledCrc } from '../../../../src/main/samples/sample-crc'
import { problemOf } from '../../../fixtures/problems'

const DIGITS = [...'0123456789']
const prompt = (category = 'digit', valid = DIGITS): { text: string; category: string; valid: string[] } => ({
  text: 'Name a digit.',
  category,
  valid
})
const ended = (...texts: string[]): CrcAnswer[] => texts.map((text) => ({ text, finish: 'stop' }))

/** Validity of one prompt's answers. */
function validityOf(answers: CrcAnswer[], countLeadingSpace = false, valid = DIGITS): number {
  return scoreSampledCrc([prompt('digit', valid)], [answers], countLeadingSpace).validity
}

describe('a full answer', () => {
  test('is valid when it is exactly one valid character, white space after it aside', () => {
    expect(validityOf(ended('7', '7\n', '7 \n\n'))).toBe(1)
    for (const text of ['7.', '77', 'I say 7', '"7"', 'x', '', '\n']) expect(validityOf(ended(text))).toBe(0)
  })

  test('may have white space before the character only where the exact score counts it too', () => {
    expect(validityOf(ended(' 7'), false)).toBe(0)
    expect(validityOf(ended(' 7', '\n7\n'), true)).toBe(1)
    expect(validityOf(ended(' 77'), true)).toBe(0)
  })

  test('is none when it was cut off, since it might have gone on', () => {
    expect(validityOf([{ text: '7', finish: 'length' }, ...ended('7')])).toBe(0.5)
  })

  test('can be a character of several code units, or white space', () => {
    expect(validityOf(ended('😀', ' ', 'x'), false, ['😀', ' '])).toBeCloseTo(2 / 3, 12)
  })
})

describe('the sampled score', () => {
  test('has the entropy of the counts of valid answers over that of the whole set', () => {
    // 3, 3, 7, 9 of five answers: shares 1/2, 1/4, 1/4 have 1.5 bits, of log2(10).
    const score = scoreSampledCrc([prompt()], [ended('3', '7', 'none', '3', '9')], false)
    expect(score.validity).toBeCloseTo(0.8, 12)
    expect(score.diversity).toBeCloseTo(1.5 / Math.log2(10), 12)
    expect(score.prompts[0]?.probabilities).toEqual([0, 0, 0, 0.4, 0, 0, 0, 0.2, 0, 0.2])
  })

  test('is the mean over the prompts of a category, then over categories', () => {
    const prompts = [prompt('a'), prompt('b'), prompt('a')]
    const score = scoreSampledCrc(prompts, [ended('1', 'x'), ended('2', '3'), ended('x')], false)
    expect(score.categories).toEqual({
      a: { validity: 0.25, diversity: 0 },
      b: { validity: 1, diversity: Math.log(2) / Math.log(10) }
    })
    expect(score.validity).toBe(0.625)
    expect(score.diversity).toBeCloseTo(Math.log10(2) / 2, 12)
  })

  test('needs an answer to every prompt', async () => {
    const work = Promise.resolve().then(() => scoreSampledCrc([prompt(), prompt()], [ended('1'), []], false))
    expect((await problemOf(work)).message).toBe('Prompt 2 ("Name a digit.") has no answers to score.')
  })

  test('stays within its bounds and does not depend on the order of the answers', () => {
    const answers = fc.array(fc.constantFrom('1', '2', '3\n', ' 4', 'five'), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(answers, (texts) => {
        const score = scoreSampledCrc([prompt()], [ended(...texts)], true)
        expect(score.validity).toBeCloseTo(texts.filter((text) => text !== 'five').length / texts.length, 12)
        expect(score.diversity).toBeGreaterThanOrEqual(0)
        expect(score.diversity).toBeLessThanOrEqual(1)
        const reversed = scoreSampledCrc([prompt()], [ended(...texts.toReversed())], true)
        expect(reversed).toEqual(score)
      })
    )
  })
})

describe('full answers disagree with first tokens', () => {
  /** Exact validities of the prompts, and sampled counts of valid answers of n. */
  function flag(exact: number[], counts: number[], n: number, categories = exact.map(() => 'a')): boolean {
    const prompts = categories.map((category) => ({ category }))
    const scores = (values: number[]): ReturnType<typeof averageScores> =>
      averageScores(
        prompts,
        values.map((value) => scorePrompt([value, 0]))
      )
    return agreement(
      prompts,
      scores(exact),
      scores(counts.map((count) => count / n)),
      exact.map(() => n)
    ).disagrees
  }

  test('when the difference exceeds the 99 % interval', () => {
    // z sqrt(0.9 * 0.1 / 100) + 1 / 200 = 0.0773 + 0.005 = 0.0823.
    expect(flag([0.9], [82], 100)).toBe(false)
    expect(flag([0.9], [81], 100)).toBe(true)
    expect(flag([0.9], [98], 100)).toBe(false)
    expect(flag([0.9], [99], 100)).toBe(true)
  })

  test('and 0.02, however sure the difference is', () => {
    // The interval is 0.0025 wide.
    expect(flag([0.99], [97_100], 100_000)).toBe(false)
    expect(flag([0.99], [96_900], 100_000)).toBe(true)
    expect(flag([1], [981], 1_000)).toBe(false)
    expect(flag([1], [979], 1_000)).toBe(true)
  })

  test('not for a single miss among few answers, which is rare but happens', () => {
    // At 0.99, one miss of four has a chance of 4 %.
    expect(flag([0.99], [3], 4)).toBe(false)
    expect(flag([0.99], [2], 4)).toBe(true)
  })

  test('with prompts weighed as in the score', () => {
    // Weights 1/2 for the one prompt of b, 1/4 for each of a. Interval z sqrt((1/4 + 2/16) * 0.25 / 100) +
    // 1/400 = 0.0814. Missing 17 of 100 in b lowers the score by 0.085, in one prompt of a by 0.0425.
    const categories = ['a', 'a', 'b']
    expect(flag([0.5, 0.5, 0.5], [50, 50, 33], 100, categories)).toBe(true)
    expect(flag([0.5, 0.5, 0.5], [50, 33, 50], 100, categories)).toBe(false)
  })

  test('in at most one of a hundred runs where only chance differs', () => {
    const exact = [0.97, 0.8, 0.6, 0.99, 0.5, 0.9]
    const random = mulberry32(5)
    let flags = 0
    for (let run = 0; run < 2_000; run++) {
      const counts = exact.map((chance) => Array.from({ length: 32 }, random).filter((u) => u < chance).length)
      if (flag(exact, counts, 32, ['a', 'a', 'a', 'b', 'b', 'c'])) flags++
    }
    expect(flags / 2_000).toBeLessThanOrEqual(0.01)
    expect(flags).toBeGreaterThan(0)
  })
})

/** A small seeded generator of uniform numbers. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
