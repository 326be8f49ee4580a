import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compressionRatio,
  equalLength,
  expectationAdjustedDistinct,
  repetition
} from '../../../../src/main/measures/cell-measures'
import { evaluationResults } from '../../../../src/main/measures/results'
import { evaluationRun, taskFixture } from '../../../fixtures/evaluation-documents'
import { sampleLine } from '../../../fixtures/sample-run'
import { coverage, majorityVote, passAtK, solutionPaths } from '../../../../src/main/measures/correctness'
import { elementAt } from '../../../../src/contract/model/look-up'
import { limitsOf, measureOf } from '../../../../src/contract/model/measures'
import { numbersOf } from '../../../../src/main/answers/numbers'
import { meanCosineDistance, vendiScore } from '../../../../src/main/measures/texts/embedding-measures'
import { planeMap } from '../../../../src/main/measures/texts/principal-components'
import { holm, meanEstimate, pairedDifferences, rankCorrelation } from '../../../../src/main/measures/statistics'

const vector = (...values: number[]): Float32Array => Float32Array.from(values)
const words = (text: string): string[] => text.split(' ')
const ofLength = (minLength: number, maxLength: number) => ({ minLength, maxLength })

describe('expectation-adjusted distinct', () => {
  it('is different tokens divided by those expected from uniform draws', () => {
    // V = 4, C = 4: 4 (1 - 0.75^4) = 2.734375 expected; 3 different ones seen.
    expect(
      expectationAdjustedDistinct(
        [
          [0, 1],
          [2, 2]
        ],
        4
      )
    ).toBeCloseTo(3 / 2.734375, 12)
    expect(expectationAdjustedDistinct([[7, 7, 7]], 1)).toBe(1)
    expect(expectationAdjustedDistinct([[], []], 10)).toBeNull()
  })

  it('does not fall as uniform text gets longer, unlike distinct-1', () => {
    const draws = (count: number): number[] =>
      Array.from({ length: count }, (_, i) => Math.floor(((i * 0.6180339887) % 1) * 50))
    const short = expectationAdjustedDistinct([draws(20)], 50) ?? 0
    const long = expectationAdjustedDistinct([draws(2000)], 50) ?? 0
    expect(long).toBeCloseTo(1, 2)
    expect(long).toBeGreaterThan(short - 0.6)
  })
})

describe('compression ratio', () => {
  it('is higher for repeated answers, and undefined without text', () => {
    const different = Array.from({ length: 30 }, (_, i) => `${i * 7919} ${i * 104729} x${i}`)
    const same = different.map(() => different[0] ?? '')
    expect(compressionRatio(same)).toBeGreaterThan(2 * (compressionRatio(different) ?? Infinity))
    expect(compressionRatio(['', ''])).toBeNull()
    expect(compressionRatio([])).toBeNull()
  })
})

describe('mean cosine distance', () => {
  it('is 0 for equal directions, 1 for orthogonal and 2 for opposite ones', () => {
    expect(meanCosineDistance([vector(1, 0), vector(5, 0)])).toBeCloseTo(0, 12)
    expect(meanCosineDistance([vector(1, 0), vector(0, 3)])).toBeCloseTo(1, 12)
    expect(meanCosineDistance([vector(2, 0), vector(-1, 0)])).toBeCloseTo(2, 12)
    expect(meanCosineDistance([vector(1, 1)])).toBeNull()
    expect(meanCosineDistance([vector(0, 0), vector(1, 0)])).toBeCloseTo(1, 12)
  })

  it('equals the mean computed pair by pair', () => {
    const values = fc.float({ min: -1, max: 1, noNaN: true })
    const vectors = fc.array(fc.tuple(values, values, values), { minLength: 2, maxLength: 8 })
    fc.assert(
      fc.property(vectors, (rows) => {
        const distances = rows.flatMap((a, i) => rows.slice(i + 1).map((b) => 1 - cosine(a, b)))
        const expected = distances.reduce((sum, distance) => sum + distance, 0) / distances.length
        const found = meanCosineDistance(rows.map((row) => vector(...row)))
        expect(Math.abs((found ?? NaN) - Math.max(0, expected))).toBeLessThan(1e-9)
      })
    )
  })

  function cosine(a: readonly number[], b: readonly number[]): number {
    const dot = (x: readonly number[], y: readonly number[]): number =>
      x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0)
    const lengths = Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b))
    return lengths === 0 ? 0 : dot(a, b) / lengths
  }
})

describe('the Vendi score', () => {
  it('counts n orthogonal answers as n, and copies as one', () => {
    expect(vendiScore([vector(1, 0, 0), vector(0, 1, 0), vector(0, 0, 1)])).toBeCloseTo(3, 9)
    expect(vendiScore([vector(1, 2), vector(1, 2), vector(2, 4)])).toBeCloseTo(1, 9)
    expect(vendiScore([vector(1, 0), vector(1, 0), vector(0, 1), vector(0, 1)])).toBeCloseTo(2, 9)
    expect(vendiScore([vector(3, 4)])).toBeCloseTo(1, 9)
    expect(vendiScore([])).toBeNull()
  })

  it('follows the eigenvalues of two vectors at an angle, (1 + cos)/2 and (1 - cos)/2', () => {
    const [a, b] = [0.8, 0.2]
    const expected = Math.exp(-a * Math.log(a) - b * Math.log(b))
    expect(vendiScore([vector(1, 0), vector(0.6, 0.8)])).toBeCloseTo(expected, 6)
  })

  it('counts zero vectors as different answers', () => {
    const zero = vector(0, 0)
    expect(vendiScore([zero, zero, vector(0, 0)])).toBeCloseTo(3, 9)
  })

  it('is the same for one vector given again as for its copies', () => {
    const [a, b, c] = [vector(3, 1, 0), vector(1, 2, 0), vector(0, 1, 5)]
    const again = [a, b, a, c, a, b]
    expect(vendiScore(again)).toBeCloseTo(vendiScore(again.map((each) => each.slice())) ?? NaN, 12)
  })
})

describe('pass@k', () => {
  it('is the probability that a draw of k contains a right answer', () => {
    // 2 of 4 right, 2 drawn: 1 - C(2,2)/C(4,2) = 5/6.
    expect(passAtK(4, 2, 2)).toBeCloseTo(5 / 6, 12)
    expect(passAtK(10, 3, 1)).toBeCloseTo(0.3, 12)
    expect(passAtK(5, 0, 3)).toBe(0)
    expect(passAtK(5, 5, 5)).toBe(1)
    expect(passAtK(5, 3, 3)).toBe(1)
    expect(passAtK(2, 1, 3)).toBeNull()
  })

  it('equals counting all draws', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(9), fc.integer({ min: 1, max: 9 }), (n, c, k) => {
        fc.pre(c <= n && k <= n)
        let draws = 0
        let holdsRight = 0
        for (let subset = 0; subset < 2 ** n; subset++) {
          const drawn = Array.from({ length: n }, (_, i) => i).filter((i) => (subset >> i) & 1)
          if (drawn.length !== k) continue
          draws++
          if (drawn.some((i) => i < c)) holdsRight++
        }
        expect(passAtK(n, c, k)).toBeCloseTo(holdsRight / draws, 9)
      })
    )
  })
})

describe('other measures of correctness', () => {
  it('use the most frequent final answer, or the share of right ones among equally frequent ones', () => {
    const right = (final: string): boolean => final === '7'
    expect(majorityVote(['7', '7', '3', null], right)).toBe(1)
    expect(majorityVote(['3', '3', '7'], right)).toBe(0)
    expect(majorityVote(['3', '7'], right)).toBe(0.5)
    expect(majorityVote([null, null], right)).toBeNull()
    expect(majorityVote([], right)).toBeNull()
  })

  it('count the share of a closed set that was given', () => {
    expect(coverage(['red', 'red', 'blue'], 4)).toBe(0.5)
    expect(coverage([], 4)).toBe(0)
  })

  it('count solutions with the same numbers in the same order as one path', () => {
    expect(solutionPaths(['3 + 4 = 7', 'Three: 3, four: 4, so 7', '4 + 3 = 7'])).toBe(2)
    expect(solutionPaths([])).toBe(0)
  })

  it('read numbers without their thousands separators', () => {
    expect(numbersOf('It costs $1,250.50, or -3 and 1000.0.')).toEqual(['1250.5', '-3', '1000'])
    expect(numbersOf('none')).toEqual([])
    expect(numbersOf('12345678901234567890')).toEqual(['12345678901234567890'])
  })

  it('measure repetition within an answer', () => {
    // a b a b a: the bigrams ab ba ab ba are two different of four.
    expect(repetition(words('a b a b a'), 2)).toBe(0.5)
    expect(repetition(words('a b c'), 2)).toBe(0)
    expect(repetition([], 4)).toBe(0)
  })
})

describe('estimates over prompts', () => {
  const OWN = [-Infinity, Infinity] as const
  const SHARE = [0, 1] as const

  it("have the mean and Hall's interval, which equals Student's without skewness", () => {
    const estimate = meanEstimate([0.2, 0.4, 0.5, 0.6, 0.8], OWN)
    expect(estimate?.mean).toBeCloseTo(0.5, 12)
    // 0.5 -+ 2.776445 x 0.223607 / sqrt(5), the standard deviation over n - 1.
    expect(estimate?.interval?.[0]).toBeCloseTo(0.222355, 3)
    expect(estimate?.interval?.[1]).toBeCloseTo(0.777645, 3)
  })

  // Computed once in NumPy from the roots of the cubic of Hall (1992).
  it.each([
    ['as they are', [1, 2, 2, 3, 3, 4, 4, 5, 7, 9, 12, 14], 3.295019, 9.086758],
    ['more than the cubic can bear', [1, 1, 2, 2, 3, 15], -0.498453, 13.99924],
    ['to below, too much', [1, 0.375, 0.75, 1, 0.875, 0.75], 0.363919, 0.984101]
  ])('reach farther to where values are rare: skewed %s', (_, values, low, high) => {
    const interval = meanEstimate(values, OWN)?.interval
    // Student's t is an expansion here, right within 2e-4 of the half width.
    const tolerance = 2e-4 * (high - low)
    expect(Math.abs((interval?.[0] ?? NaN) - low)).toBeLessThan(tolerance)
    expect(Math.abs((interval?.[1] ?? NaN) - high)).toBeLessThan(tolerance)
  })

  it("have Wilson's interval for shares of 0 or 1, even if all are equal", () => {
    const none = meanEstimate([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], SHARE)
    expect(none?.interval?.[0]).toBe(0)
    // z^2 / (n + z^2)
    expect(none?.interval?.[1]).toBeCloseTo(3.841459 / 15.841459, 6)
    expect(meanEstimate([1, 0, 0, 1, 0, 0, 0, 0, 0, 0], SHARE)?.interval?.[0]).toBeCloseTo(0.056682, 5)
  })

  it('stay within the range of a measure', () => {
    expect(meanEstimate([0, 0.01, 0.02, 0.9, 0], SHARE)?.interval?.[0]).toBeGreaterThanOrEqual(0)
    expect(meanEstimate([1, 0.99, 0.2, 1, 0.98], SHARE)?.interval?.[1]).toBeLessThanOrEqual(1)
  })

  it('count no more answers than there are, and no more right ones than are listed', () => {
    const listed = ['Red', 'Blue', 'Green'].map((name) => [name])
    const prompts = [1, 2, 3, 4, 5, 6].map((n) => ({ text: `Colour ${n}`, category: '', raw: false, answers: listed }))
    const run = evaluationRun({ task: taskFixture({ kind: 'open-ended', prompts }) })
    // The settings have four answers a prompt: four different ones with three right, and once four equal ones.
    const texts = (prompt: number): string[] => (prompt === 0 ? Array(4).fill('Red') : [...listed.flat(), 'Loud'])
    const samples = prompts.flatMap((_, prompt) =>
      texts(prompt).map((text, index) => sampleLine('post', prompt, index, text))
    )
    const stored = { run, samples, scores: [], judgeScores: [], pairs: [], forms: [] }
    const { measures } = elementAt(evaluationResults(stored, { characters: null, task: null }).variants, 1, 'post')
    expect(measures.distinctAnswers?.interval?.[1]).toBe(4)
    expect(measures.distinctRight?.interval?.[1]).toBe(3)
    expect(limitsOf(measureOf('words'), { answers: 4, listed: 3 })).toEqual([0, Infinity])
    expect(limitsOf(measureOf('logLikelihoodPost'))).toEqual([-Infinity, 0])
  })

  it('have no interval below five prompts, or if all prompts have the same value that is no share', () => {
    expect(meanEstimate([], OWN)).toBeNull()
    expect(meanEstimate([0.2, 0.4, 0.6, 0.8], OWN)).toEqual({ mean: 0.5, interval: null, promptCount: 4 })
    expect(meanEstimate([3, 3, 3, 3, 3, 3], OWN)).toEqual({ mean: 3, interval: null, promptCount: 6 })
  })
})

describe('differences of variants on the same prompts', () => {
  it('have an effect size, and p by flipping signs', () => {
    const [difference] = pairedDifferences([[1, 2, 3]])
    expect(difference?.mean).toBe(2)
    expect(difference?.effectSize).toBeCloseTo(2, 12)
    // Two of 8 assignments of signs reach a sum of 6 or more in absolute value.
    expect(difference).toMatchObject({ pValue: 0.25, interval: null, promptCount: 3 })
  })

  it('find nothing if nothing differs', () => {
    expect(pairedDifferences([[0, 0, 0]])).toMatchObject([{ mean: 0, effectSize: null, pValue: 1 }])
    // An interval without width would say that no other prompt differs, either.
    expect(pairedDifferences([Array<number>(12).fill(0)])).toMatchObject([{ mean: 0, interval: null }])
    expect(pairedDifferences([Array<number>(12).fill(0.1)])).toMatchObject([{ interval: null }])
    expect(pairedDifferences([[], [5]])).toMatchObject([null, { mean: 5, effectSize: null, pValue: 1 }])
  })

  it('count copies once, and copies of the reference not at all', () => {
    const [low, other] = [
      [-1, -1, -1, -1, -1, -1, -0.5, -1],
      [1, -1, 1, 1, -1, 1, 1, 2]
    ]
    const pOf = (...found: Parameters<typeof pairedDifferences>): unknown =>
      pairedDifferences(...found).map((difference) => difference?.adjustedPValue)
    const [once, beside] = pairedDifferences([low, other])
    expect(once?.adjustedPValue).toBeGreaterThan(once?.pValue ?? NaN)
    const [p, q] = [once?.adjustedPValue, beside?.adjustedPValue]
    expect(pOf([low, low, other], ['4-11', '4-11', '0-3'])).toEqual([p, p, q])
    expect(pOf([low, Array<number>(8).fill(0), other], ['4-11', null, '0-3'])).toEqual([p, 1, q])
    // Two models with equal answers both count, and so do the further answers of a stopped run.
    expect(pOf([low, low], ['4-11', '4-10'])).toEqual([2 * (once?.pValue ?? NaN), 2 * (once?.pValue ?? NaN)])
    expect(pOf([low, low.slice(1)], ['4-11', '4-11'])).not.toEqual(pOf([low, low], ['4-11', '4-11']))
  })

  it('draw signs for many prompts, near the exact value', () => {
    const values = Array.from({ length: 14 }, (_, i) => Math.cos(i * 2.7) + 0.3)
    const exact = pairedDifferences([values])[0]?.pValue ?? NaN
    // Two prompts without any difference change nothing but the way it is computed.
    const drawn = pairedDifferences([[...values, 0, 0]])[0]?.pValue ?? NaN
    expect(Math.abs(drawn - exact)).toBeLessThan(0.02)
  })

  it('have intervals and adjusted p-values that never contradict each other', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: -100, max: 200 }), ofLength(8, 8)), ofLength(1, 5)),
        (comparisons) => {
          fc.pre(comparisons.every((values) => new Set(values).size > 1))
          for (const difference of pairedDifferences(comparisons)) {
            const interval = difference?.interval ?? [-Infinity, Infinity]
            const holdsZero = interval[0] <= 0 && interval[1] >= 0
            expect(holdsZero).toBe((difference?.adjustedPValue ?? NaN) > 0.05)
          }
        }
      ),
      { numRuns: 60, seed: 1 }
    )
  })

  it("are adjusted by Holm's method, each at the level of its step", () => {
    const decided = holm([0.01, 0.04, 0.03])
    expect(decided.map(({ adjusted }) => adjusted)).toEqual([0.03, 0.06, 0.06])
    // The smallest is a finding at 0.05 / 3; the next is none at 0.05 / 2, which ends the procedure.
    expect(decided.map(({ level }) => level)).toEqual([0.05 / 3, 0.025, 0.025])
    // Equal p-values get one level, the strictest, in whatever order they are named.
    const tied = holm([0.001, 0.04, 0.001, 0.001])
    expect(tied.map(({ level }) => level)).toEqual([0.05 / 4, 0.05, 0.05 / 4, 0.05 / 4])
    expect(tied.map(({ adjusted }) => adjusted)).toEqual([0.004, 0.04, 0.004, 0.004])
    expect(holm([0.5, 0.9]).map(({ adjusted }) => adjusted)).toEqual([1, 1])
    expect(holm([])).toEqual([])
  })
})

describe('rank correlation', () => {
  const correlation = (a: number[], b: number[]): number | null =>
    rankCorrelation(a.map((value, place) => [value, b[place] ?? NaN]))

  it('depends on order, not distance, and equal values share a rank', () => {
    expect(correlation([1, 2, 3], [1, 10, 1000])).toBeCloseTo(1, 12)
    expect(correlation([1, 2, 3], [9, 5, 1])).toBeCloseTo(-1, 12)
    // Ranks 1 2.5 2.5 4 against 1 2 3 4: 0.9486832980505138 by Pearson on the ranks.
    expect(correlation([1, 2, 2, 9], [1, 2, 3, 4])).toBeCloseTo(0.9486832980505138, 12)
  })

  it('is undefined if one side does not vary, or with too few pairs', () => {
    expect(correlation([1, 2, 3], [1, 1, 1])).toBeNull()
    expect(correlation([1, 2], [1, 2])).toBeNull()
  })
})

describe('the map of embeddings', () => {
  it('keeps distances of points that lie in a plane', () => {
    const corners = [vector(0, 0, 5), vector(4, 0, 5), vector(4, 1, 5), vector(0, 1, 5)]
    const { points, explained } = planeMap(corners)
    expect(explained[0] + explained[1]).toBeCloseTo(1, 6)
    // Variances along the sides: 4 and 0.25.
    expect(explained[0]).toBeCloseTo(4 / 4.25, 6)
    const distance = (a = { x: 0, y: 0 }, b = { x: 0, y: 0 }): number => Math.hypot(a.x - b.x, a.y - b.y)
    expect(distance(points[0], points[1])).toBeCloseTo(4, 5)
    expect(distance(points[1], points[2])).toBeCloseTo(1, 5)
    expect(distance(points[0], points[2])).toBeCloseTo(Math.hypot(4, 1), 5)
  })

  it('is the same for one vector given again as for its copies', () => {
    const [a, b, c] = [vector(3, 1, 0), vector(1, 2, 0), vector(0, 1, 5)]
    const again = [a, b, a, c, a, b]
    const [shared, copied] = [planeMap(again), planeMap(again.map((each) => each.slice()))]
    for (const axis of [0, 1] as const) expect(shared.explained[axis]).toBeCloseTo(copied.explained[axis], 9)
    for (const [i, { x, y }] of shared.points.entries()) {
      expect(x).toBeCloseTo(copied.points[i]?.x ?? NaN, 6)
      expect(y).toBeCloseTo(copied.points[i]?.y ?? NaN, 6)
    }
  })

  it('puts equal answers at one point, and needs two answers', () => {
    const zero = { x: 0, y: 0 }
    expect(planeMap([vector(1, 2), vector(1, 2)])).toEqual({ points: [zero, zero], explained: [0, 0] })
    expect(planeMap([vector(1, 2)]).points).toEqual([zero])
    const line = planeMap([vector(0, 0), vector(1, 1), vector(3, 3)])
    expect(line.explained[0]).toBeCloseTo(1, 6)
    expect(line.points.every(({ y }) => Math.abs(y) < 1e-6)).toBe(true)
  })
})

describe('measures of words at equal length', () => {
  const sample = (text: string) => sampleLine('post', 0, 0, text)

  it('cut every answer to the median length of the variant with the shortest answers', () => {
    const terse = ['a', 'a b c', 'a b c d e'].map(sample)
    const wordy = ['a b c d', 'a b c d e f', 'a b c d e f g h'].map(sample)
    expect(equalLength([terse, wordy])).toBe(3)
    expect(equalLength([[sample('')], wordy])).toBe(1)
    expect(equalLength([[], wordy])).toBe(6)
    expect(equalLength([[], []])).toBe(1)
  })
})
