import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { TextMeasureId } from '../../../../../src/contract/model/measures'
import {
  answerEntropy,
  averageMeasures,
  COMPARED_ANSWERS,
  distinctN,
  meanPairwiseDistance,
  sampleMeasures
} from '../../../../../src/main/measures/sample-measures'
import { normaliseAnswer } from '../../../../../src/contract/model/answer'
import { processorMs } from '../../../../fixtures/processor-time'
import { countAnswers } from '../../../../../src/main/measures/texts/distinct-answers'
import { fixedSubset } from '../../../../../src/main/measures/texts/fixed-subset'
import { selfBleu } from '../../../../../src/main/measures/texts/self-bleu'
import { wordsOf } from '../../../../../src/main/measures/texts/words'
import { resourcePath } from '../../../../../src/main/base/resources'

/** Few words, so that answers overlap; now and then empty, cased or marked. */
const someAnswers = (minLength: number, maxLength = 12): fc.Arbitrary<string[]> =>
  fc
    .array(fc.array(fc.constantFrom('red', 'Red.', 'blue', 'green!', 'sea', '海', '😀', '...'), { maxLength: 8 }), {
      minLength,
      maxLength
    })
    .map((answers) => answers.map((words) => words.join(' ')))

const MEASURES = ['answerEntropy', 'distinct2', 'selfBleu', 'wordDistance'] as const satisfies TextMeasureId[]

const DemoCell = z.object({ answers: z.array(z.string()), distinct: z.number() })
const DemoSamples = z.object({
  prompts: z.array(z.object({ prompt: z.string(), base: DemoCell, post: DemoCell, best: DemoCell }))
})

const words = (text: string): string[] => text.split(' ')

describe('words', () => {
  test('are runs of letters, marks and digits in lower case, without punctuation', () => {
    const found = wordsOf('It\u2019s  blue-green, DON\'T you_know?\n7 "Äpfel"')
    expect(found.join(' ')).toBe("it\u2019s blue green don't you know 7 äpfel")
    expect(found).toHaveLength(8)
    expect(wordsOf(' ... !?')).toEqual([])
  })

  test('are single letters in scripts without spaces, and single emoji', () => {
    expect(wordsOf('我喜欢 tea。')).toEqual(['我', '喜', '欢', 'tea'])
    expect(wordsOf('ラーメン 2杯')).toEqual(['ラ', 'ー', 'メ', 'ン', '2', '杯'])
    expect(wordsOf('😀🇫🇷🇩🇪!')).toEqual(['😀', '🇫🇷', '🇩🇪'])
    expect(wordsOf('हिन्दी العربية')).toEqual(['हिन्दी', 'العربية'])
  })

  test('do not depend on how accents are composed', () => {
    expect(wordsOf('cafe\u0301')).toEqual(['caf\u00e9'])
  })

  test('hold no white space, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        for (const word of wordsOf(text)) expect(word).toMatch(/^\S+$/u)
      })
    )
  })
})

describe('distinct answers', () => {
  test('ignore case, surrounding white space and a final mark', () => {
    for (const text of ['Red.', ' red', 'RED!', 'red ...', 'Red。\n']) expect(normaliseAnswer(text)).toBe('red')
    expect(normaliseAnswer('Re.d')).toBe('re.d')
    expect(normaliseAnswer('"Red"')).toBe('"red"')
  })

  test('are normalised in time that grows with their length', () => {
    const marks = '.'.repeat(100_000)
    expect(processorMs(() => expect(normaliseAnswer(`${marks}x`)).toBe(`${marks}x`))).toBeLessThan(500)
  })

  test('are counted, the most frequent first, in their most frequent spelling', () => {
    expect(countAnswers(['Blue.', 'red', 'Red.', 'Red.', 'Green', ''])).toEqual([
      { text: 'Red.', count: 3 },
      { text: 'Blue.', count: 1 },
      { text: 'Green', count: 1 },
      { text: '', count: 1 }
    ])
    expect(countAnswers([])).toEqual([])
  })
})

test("the demo pair's stored answers are counted as its README counts them", async () => {
  const { prompts } = await demoSamples()
  for (const cell of prompts.flatMap(({ base, post, best }) => [base, post, best])) {
    expect(countAnswers(cell.answers)).toHaveLength(cell.distinct)
  }
})

describe('the entropy of answers', () => {
  test('is that of their shares, relative to the largest possible', () => {
    // Shares 1/2, 1/4, 1/4: H = 1/2 * 1 + 2 * 1/4 * 2 = 1.5 bits, of log2(4) = 2.
    expect(answerEntropy([2, 1, 1])).toBeCloseTo(0.75, 12)
    // Shares 3/4, 1/4: H = 3/4 * log2(4/3) + 1/4 * 2 = 0.8112781 bits, of 2.
    expect(answerEntropy([3, 1])).toBeCloseTo(0.405639, 6)
  })

  test('is 0 for equal answers, 1 for different ones and unknown for fewer than two', () => {
    expect(answerEntropy([7])).toBe(0)
    expect(answerEntropy([1, 1, 1, 1, 1])).toBe(1)
    expect(answerEntropy([1])).toBeNull()
    expect(answerEntropy([])).toBeNull()
  })
})

describe('distinct-n', () => {
  test('is the share of different n-grams, within answers only', () => {
    // Bigrams: "a b", "b a", "a b" and "a b": 2 different ones of 4. "b a" between the answers does not count.
    expect(distinctN([words('a b a b'), words('a b')], 2)).toBe(0.5)
    // Unigrams: a and b, of 6.
    expect(distinctN([words('a b a b'), words('a b')], 1)).toBeCloseTo(1 / 3, 12)
  })

  test('is unknown when no answer is long enough', () => {
    expect(distinctN([['a'], []], 2)).toBeNull()
    expect(distinctN([], 2)).toBeNull()
  })
})

describe('self-BLEU', () => {
  test('is the mean BLEU against the other answers', () => {
    // "the cat sat" against "the cat ran": 2 of 3 words, 1 of 2 bigrams, 0 of 1 trigrams, smoothed to 0.1 of
    // 1; no longer orders, same length: (2/3 * 1/2 * 1/10)^(1/3). The other way round alike.
    expect(selfBleu([words('the cat sat'), words('the cat ran')])).toBeCloseTo((1 / 30) ** (1 / 3), 12)
  })

  test('clips repeated words and punishes brevity', () => {
    // "a a a a a" against "a a": clipped to 2 of 5 words and 1 of 4 bigrams; 0.1 of 3 trigrams, 0.1 of 2
    // 4-grams; longer, so no penalty: (2/5 * 1/4 * 1/30 * 1/20)^(1/4) = (1/6000)^(1/4). "a a" against "a a a
    // a a": 2 of 2 words, 1 of 1 bigrams, and exp(1 - 5/2) for brevity.
    const expected = ((1 / 6000) ** (1 / 4) + Math.exp(-1.5)) / 2
    expect(selfBleu([words('a a a a a'), words('a a')])).toBeCloseTo(expected, 12)
  })

  test('uses the reference with the most of an n-gram, and the closest length, the shorter of two', () => {
    // "b b c" against "b b" and "c c d d": words b 2 of 2, c 1 of 1; bigrams "b b" 1 of 2; no trigram: 0.1 of
    // 1. Lengths 2 and 4 are equally close to 3; 2 counts, so no penalty: (1 * 1/2 * 1/10)^(1/3). "b b"
    // against the others: all, with 3 words closest: exp(1 - 3/2). "c c d d" against the others: c 1 of 4
    // words; 0.1 of 3, 2 and 1: (1/4 * 1/30 * 1/20 * 1/10)^(1/4).
    const expected = ((1 / 20) ** (1 / 3) + Math.exp(-0.5) + (1 / 24_000) ** (1 / 4)) / 3
    expect(selfBleu([words('b b c'), words('b b'), words('c c d d')])).toBeCloseTo(expected, 12)
  })

  test('is 1 for equal answers, however short, and 0 without a common word', () => {
    expect(selfBleu([['blue'], ['blue'], ['blue']])).toBe(1)
    expect(selfBleu([words('one two three four five'), words('one two three four five')])).toBe(1)
    expect(selfBleu([[], []])).toBe(1)
    expect(selfBleu([words('a b'), words('c d')])).toBe(0)
    expect(selfBleu([words('a b'), []])).toBe(0)
    expect(selfBleu([['a']])).toBeNull()
    expect(selfBleu([])).toBeNull()
  })

  test("agrees with NLTK's sentence_bleu (3.9.1, method 1, auto_reweigh) on the demo's stored answers", async () => {
    const stored = await demoSamples()
    const measured = stored.prompts.map(({ prompt, base, post, best }) => [
      prompt,
      [base, post, best].map((cell) => selfBleu(cell.answers.map(wordsOf)) ?? NaN)
    ])
    const byPrompt = new Map(measured.map(([prompt, values]) => [prompt, values]))
    const close = (values: number[]): unknown[] => values.map((value) => expect.closeTo(value, 12))
    expect(byPrompt.get('Write one line about the sea.')).toEqual(
      close([0.1829121508212658, 0.9215616242455827, 0.48309014257346056])
    )
    expect(byPrompt.get('Tell me a very short story about a cat.')).toEqual(
      close([0.22232531281527998, 0.8680500262957659, 0.42567464489731216])
    )
  })
})

describe('pairwise distance', () => {
  test('is the mean Jaccard distance of word sets', () => {
    // {a, b} and {b, c} share 1 of 3: 2/3. Neither shares a word with {d}: 1 and 1. Mean 8/9.
    expect(meanPairwiseDistance([words('a b a'), words('b c'), ['d']])).toBeCloseTo(8 / 9, 12)
  })

  test('counts answers without words as equal, and needs two answers', () => {
    expect(meanPairwiseDistance([[], []])).toBe(0)
    expect(meanPairwiseDistance([[], ['a']])).toBe(1)
    expect(meanPairwiseDistance([['a']])).toBeNull()
  })
})

describe('the measures of a cell', () => {
  test('are computed together', () => {
    // Words: blue; blue; the sea. Entropy of 2/3, 1/3 over log 3: (2/3 ln 1.5 + 1/3 ln 3) / ln 3 = 0.579380.
    // One bigram. Self-BLEU: 1, 1, 0. Distances 0, 1, 1.
    expect(sampleMeasures(['Blue.', 'blue', 'The sea'])).toEqual({
      sampleCount: 3,
      values: {
        distinctAnswers: 2,
        answerEntropy: expect.closeTo(0.57938, 5),
        distinct2: 1,
        selfBleu: expect.closeTo(2 / 3, 12),
        wordDistance: expect.closeTo(2 / 3, 12)
      }
    })
  })

  test('omit values that need more answers', () => {
    expect(sampleMeasures(['Blue.'])).toEqual({ sampleCount: 1, values: { distinctAnswers: 1 } })
    expect(sampleMeasures([])).toEqual({ sampleCount: 0, values: { distinctAnswers: 0 } })
  })

  test('show no diversity in equal or empty answers', () => {
    const none = { distinctAnswers: 1, answerEntropy: 0, selfBleu: 1, wordDistance: 0 }
    // Two words, ten times: 1 bigram of 10.
    expect(sampleMeasures(Array<string>(10).fill('the sea')).values).toEqual({ ...none, distinct2: 0.1 })
    expect(sampleMeasures(['', ' ', '\n']).values).toEqual(none)
  })

  test('keep their bounds and do not depend on the order of the answers', () => {
    const shuffled = someAnswers(0).chain((answers) =>
      fc.tuple(fc.constant(answers), fc.shuffledSubarray(answers, { minLength: answers.length }))
    )
    fc.assert(
      fc.property(shuffled, ([answers, reordered]) => {
        const measures = sampleMeasures(answers)
        for (const name of MEASURES) {
          const value = measures.values[name]
          if (value === undefined) continue
          expect(value).toBeGreaterThanOrEqual(0)
          expect(value).toBeLessThanOrEqual(1 + 1e-12)
        }
        expect(measures.values.distinctAnswers).toBeLessThanOrEqual(answers.length)
        expect(sampleMeasures(reordered)).toEqual(measures)
      })
    )
  })

  test('are not raised by repeated answers', () => {
    fc.assert(
      fc.property(someAnswers(2), (answers) => {
        const doubled = sampleMeasures([...answers, ...answers])
        expect(doubled.values.distinctAnswers).toBe(sampleMeasures(answers).values.distinctAnswers)
        expect(doubled.values.answerEntropy ?? NaN).toBeLessThan(1)
      })
    )
  })

  test('compare a fixed subset of many answers, the same in any order', () => {
    const answers = Array.from({ length: 1_000 }, (_, index) => `answer ${index % 37} of ${index}`)
    const measures = sampleMeasures(answers)
    expect(sampleMeasures(answers.toReversed())).toEqual(measures)
    expect(measures.values.distinctAnswers).toBe(1_000)
    const all = meanPairwiseDistance(answers.map(wordsOf)) ?? NaN
    expect(measures.values.wordDistance).not.toBe(all)
    expect(measures.values.wordDistance).toBeCloseTo(all, 2)
  })

  test('compare all answers up to the size of the subset', () => {
    const items = Array.from({ length: COMPARED_ANSWERS }, (_, index) => index)
    expect(fixedSubset(items, COMPARED_ANSWERS)).toEqual(items)
    const some = fixedSubset(items, 20)
    expect(new Set(some).size).toBe(20)
    expect(fixedSubset(items, 20)).toEqual(some)
    // Not just one end of the list.
    expect(Math.min(...some)).toBeLessThan(COMPARED_ANSWERS / 4)
    expect(Math.max(...some)).toBeGreaterThan((3 * COMPARED_ANSWERS) / 4)
  })
})

test('the measures of several cells are means over the cells that have them', () => {
  const cells = [sampleMeasures(['a b', 'a b']), sampleMeasures(['a', 'c']), sampleMeasures(['x'])]
  expect(averageMeasures(cells)).toEqual({
    sampleCount: expect.closeTo(5 / 3, 12),
    values: {
      distinctAnswers: expect.closeTo(4 / 3, 12),
      // 0 and 1; the single answer has none.
      answerEntropy: 0.5,
      // 1 bigram of 2; the others have no bigram.
      distinct2: 0.5,
      selfBleu: 0.5,
      wordDistance: 0.5
    }
  })
  expect(averageMeasures([])).toEqual({ sampleCount: 0, values: {} })
})

/** 12 answers of base, post and the selected range to each of six prompts. */
async function demoSamples(): Promise<z.infer<typeof DemoSamples>> {
  return DemoSamples.parse(JSON.parse(await readFile(resourcePath('blend-pair', 'samples.json'), 'utf8')))
}
