import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signFlip } from '../../../../../src/main/crc/selection/sign-flip'

const flip = (differences: readonly number[], weights = differences.map(() => 1)) => signFlip(differences, weights, 1)

describe('a mean difference by flipping signs', () => {
  it('counts every assignment of signs, and gives an interval from six prompts on', () => {
    // Of 2^5 sums, only those with all signs equal are as far from 0.
    expect(flip([1, 2, 3, 4, 5])).toEqual({ mean: 3, interval: null, pValue: 2 / 32 })
    expect(flip([1, 2, 3, 4, 5, 6])).toEqual({ mean: 3.5, interval: [1, 6], pValue: 2 / 64 })
    expect(flip([0, 0, 0, 0, 0, 0])).toEqual({ mean: 0, interval: [0, 0], pValue: 1 })
  })

  it('weighs differences', () => {
    expect(flip([1, 4], [3, 1]).mean).toBe(7 / 4)
  })

  it('has an interval that holds just the means that the test does not reject', () => {
    const numbers = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 6, maxLength: 9 })
    fc.assert(
      fc.property(numbers, (differences) => {
        const { mean, interval, pValue } = flip(differences)
        const [low, high] = interval ?? [NaN, NaN]
        expect(low).toBeLessThanOrEqual(mean + 1e-12)
        expect(high).toBeGreaterThanOrEqual(mean - 1e-12)
        if (low > 1e-9 || high < -1e-9) expect(pValue).toBeLessThanOrEqual(0.05)
        else if (low < -1e-9 && high > 1e-9) expect(pValue).toBeGreaterThan(0.05)
      }),
      { numRuns: 60 }
    )
  })

  it('draws assignments where there are many, the same for the same seed', () => {
    const differences = Array.from({ length: 20 }, (_, i) => Math.sin(i) + 0.5)
    const first = flip(differences)
    expect(flip(differences)).toEqual(first)
    expect(first.pValue).toBeGreaterThan(0)
    expect((first.interval?.[0] ?? NaN) < first.mean && first.mean < (first.interval?.[1] ?? NaN)).toBe(true)
  })
})

it('draws the same signs for a seed, whatever was asked in between', () => {
  const differences = Array.from({ length: 20 }, (_, i) => Math.sin(i) + 0.2)
  const weights = differences.map(() => 1)
  const first = signFlip(differences, weights, 1)
  expect(signFlip(differences, weights, 2)).not.toEqual(first)
  expect(signFlip(differences.slice(1), weights.slice(1), 1)).not.toEqual(first)
  expect(signFlip(differences, weights, 1)).toEqual(first)
})
