import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OPEN_SAMPLING, type Sampling } from '../../../../../src/contract/model/sampling'
import { candidates, sampleToken, tokenProbabilities } from '../../../../../src/main/engine/rows/sampler'

const logits = fc
  // A grid, so that ties are common and no two logits differ by less than their weights can tell.
  .array(fc.integer({ min: -64, max: 64 }), { minLength: 2, maxLength: 40 })
  .map((values) => Float32Array.from(values, (value) => value / 8))
const sampling: fc.Arbitrary<Sampling> = fc.record({
  temperature: fc.double({ min: 0.2, max: 3, noNaN: true }),
  topK: fc.option(fc.integer({ min: 1, max: 45 })),
  topP: fc.oneof(fc.constant(1), fc.double({ min: 0.05, max: 1, noNaN: true })),
  minP: fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 1, noNaN: true })),
  repetitionPenalty: fc.constant(1)
})

/** The definitions written down plainly, over whole sorted distributions. */
function referenceSupport(scores: Float32Array, { temperature, topK, topP, minP }: Sampling): number[] {
  const maximum = Math.max(...scores)
  const weights = Array.from(scores, (score, token) => ({
    token,
    score,
    weight: Math.exp((score - maximum) / temperature)
  }))
  const sorted = weights.sort((a, b) => b.weight - a.weight || a.token - b.token)
  const kth = topK === null ? -Infinity : (sorted[topK - 1]?.score ?? -Infinity)
  const afterTopK = sorted.filter(({ score }) => score >= kth)
  const total = afterTopK.reduce((sum, { weight }) => sum + weight, 0)
  let before = 0
  const afterTopP = afterTopK.filter(({ weight }, i) => {
    const kept = topP === 1 || i === 0 || before < topP * total
    before += weight
    return kept
  })
  return afterTopP.filter(({ weight }) => weight >= minP).map(({ token }) => token).sort((a, b) => a - b) // prettier-ignore
}

describe('the sampler', () => {
  it('keeps exactly the tokens that top-k, top-p and min-p define, in that order', () => {
    fc.assert(
      fc.property(logits, sampling, (scores, settings) => {
        const kept = [...candidates(scores, settings).tokens]
        const expected = referenceSupport(scores, settings)
        // Sums in another order may differ by a rounding at the very edge of the nucleus.
        expect(Math.abs(kept.length - expected.length)).toBeLessThanOrEqual(settings.topP === 1 ? 0 : 1)
        if (kept.length === expected.length) expect(kept).toEqual(expected)
        expect(kept.length).toBeGreaterThan(0)
      }),
      { numRuns: 500 }
    )
  })

  it('keeps the fewest likeliest tokens that reach top-p, however far down they lie', () => {
    // Some 75 temperatures from the likeliest to the least likely, a third of them hidden (-Infinity).
    const wide = fc
      .array(fc.integer({ min: -300, max: 300 }), { minLength: 2, maxLength: 400 })
      .map((values) => Float32Array.from(values, (value) => (value % 3 === 0 ? -Infinity : value / 8)))
      .filter((scores) => scores.some(Number.isFinite))
    const nearlyAll = fc.integer({ min: 1, max: 14 }).map((digits) => 1 - 10 ** -digits)
    fc.assert(
      fc.property(wide, nearlyAll, (scores, topP) => {
        const kept = [...candidates(scores, { ...OPEN_SAMPLING, topP }).tokens]
        const maximum = Math.max(...scores)
        const weight = (score: number): number => Math.exp(score - maximum)
        const total = scores.reduce((sum, score) => sum + weight(score), 0)
        // Added from the smallest up, which loses least.
        const share = (tokens: readonly number[]): number =>
          tokens.map((token) => weight(scores[token] ?? 0)).sort((x, y) => x - y).reduce((x, y) => x + y, 0) / total // prettier-ignore
        const least = kept.reduce((least, token) => ((scores[token] ?? 0) <= (scores[least] ?? 0) ? token : least))
        expect(share(kept)).toBeGreaterThan(topP - 1e-14)
        expect(share(kept.filter((token) => token !== least))).toBeLessThan(topP + 1e-14)
        const left = [...scores.keys()].filter((token) => !kept.includes(token))
        for (const token of left) expect(scores[token]).toBeLessThanOrEqual(scores[least] ?? 0)
      }),
      { numRuns: 300 }
    )
  })

  it('keeps of a large vocabulary without differences the first tokens that reach top-p', () => {
    const scores = new Float32Array(50_000).fill(3)
    const { tokens } = candidates(scores, { ...OPEN_SAMPLING, topP: 0.5 })
    expect([tokens.length, tokens[0], tokens.at(-1)]).toEqual([25_000, 0, 24_999])
    // Reused buffers must not keep values of a larger vocabulary.
    expect([...candidates(Float32Array.of(1, 2), { ...OPEN_SAMPLING, topP: 0.99 }).tokens]).toEqual([0, 1])
  })

  it('draws only kept tokens, and every stricter setting keeps a subset', () => {
    fc.assert(
      fc.property(logits, sampling, fc.double({ min: 0, max: 0.999999, noNaN: true }), (scores, settings, uniform) => {
        const kept = new Set(candidates(scores, settings).tokens)
        expect(kept.has(sampleToken(scores, settings, [], uniform))).toBe(true)
        const stricter = { ...settings, minP: Math.min(1, settings.minP * 1.5 + 0.05) }
        for (const token of candidates(scores, stricter).tokens) expect(kept.has(token)).toBe(true)
      })
    )
  })

  it.each([
    ['the whole distribution', OPEN_SAMPLING],
    ['a higher temperature', { ...OPEN_SAMPLING, temperature: 1.7 }],
    ['the paper’s min-p', { ...OPEN_SAMPLING, minP: 0.1 }],
    ['top-k and top-p together', { ...OPEN_SAMPLING, topK: 6, topP: 0.9 }]
  ])('draws from %s in proportion (chi-square on a fixed sequence)', (_what, settings) => {
    const scores = Float32Array.of(2, 1.5, 1, 0.5, 0, -0.5, -1, -3)
    const kept = referenceSupport(scores, settings)
    const weight = (token: number): number => Math.exp((scores[token] ?? 0) / settings.temperature)
    const total = kept.reduce((sum, token) => sum + weight(token), 0)
    const draws = 20_000
    const counts = new Map<number, number>()
    for (let i = 0; i < draws; i++) {
      const token = sampleToken(scores, settings, [], (i * 0.6180339887498949) % 1)
      counts.set(token, (counts.get(token) ?? 0) + 1)
    }
    const chiSquare = kept.reduce((sum, token) => {
      const expected = (draws * weight(token)) / total
      return sum + ((counts.get(token) ?? 0) - expected) ** 2 / expected
    }, 0)
    // The 99.9 % point of chi-square with 7 degrees of freedom.
    expect(chiSquare).toBeLessThan(24.3)
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(kept)
  })

  it('takes the likeliest token at temperature 0, the first of equals', () => {
    expect(sampleToken(Float32Array.of(1, 3, 3, 2), { ...OPEN_SAMPLING, temperature: 0 }, [], 0.99)).toBe(1)
  })

  it('divides positive and multiplies negative logits of earlier tokens by the repetition penalty', () => {
    const greedy = { ...OPEN_SAMPLING, temperature: 0, repetitionPenalty: 2 }
    // 3 becomes 1.5, below 2.
    expect(sampleToken(Float32Array.of(3, 2, -1), greedy, [0], 0)).toBe(1)
    // -1 becomes -2, below -1.5.
    expect(sampleToken(Float32Array.of(-1, -1.5), greedy, [0, 0], 0)).toBe(1)
  })

  it('leaves the logits as they were', () => {
    const scores = Float32Array.of(1, 2, 3)
    sampleToken(scores, { ...OPEN_SAMPLING, repetitionPenalty: 1.3, topK: 2 }, [2], 0.5)
    expect([...scores]).toEqual([1, 2, 3])
  })

  it('draws from the reported distribution: the share of uniform numbers that give a token', () => {
    const draws = 2_000
    fc.assert(
      fc.property(logits, sampling, (scores, settings) => {
        const told = tokenProbabilities(scores, settings, [], [...scores.keys()])
        const counts = new Map<number, number>()
        for (let i = 0; i < draws; i++) {
          const token = sampleToken(scores, settings, [], (i + 0.5) / draws)
          counts.set(token, (counts.get(token) ?? 0) + 1)
        }
        expect(told.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9)
        // Evenly spread numbers hit an interval of length p at most one time more or less than draws * p.
        for (const token of scores.keys()) {
          expect(Math.abs((counts.get(token) ?? 0) - draws * (told[token] ?? 0))).toBeLessThan(1.01)
        }
      }),
      { numRuns: 30 }
    )
    expect(tokenProbabilities(Float32Array.of(1, 3, 3), { ...OPEN_SAMPLING, temperature: 0 }, [], [2, 1])).toEqual(
      Float64Array.of(0, 1)
    )
    // The penalty takes token 1 below the others.
    const penalty = { ...OPEN_SAMPLING, repetitionPenalty: 9 }
    const [first, second] = tokenProbabilities(Float32Array.of(1, 3, 1), penalty, [1], [0, 1])
    expect(second).toBeLessThan(first ?? 0)
  })
})
