import { halvesOf } from '../../../../fixtures/halves'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, test } from 'vitest'
import type { LayerStrength } from '../../../../../src/contract/model/recipe'
import { allRanges, blendStrengths, postStrengths, rangeStrengths } from '../../../../../src/contract/model/strengths'
import { bestStep, optimiseStrengths } from '../../../../../src/main/crc/search/optimise-strengths'
import { scoredBySweep, runSearch } from '../../../../../src/main/crc/search/search-problem'
import { countBlockEvaluations } from '../../../../../src/main/crc/search/search-run'
import { searchMethod } from '../../../../../src/main/crc/search/search-methods'

const random = xoroshiro128plus(5)
const uniform = (low: number, high: number): number => low + (high - low) * uniformFloat64(random)
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? NaN), 0)

describe('a step', () => {
  test('is the best within its bounds: no step of a grid is better', () => {
    for (let repetition = 0; repetition < 50; repetition++) {
      const point = [uniform(0, 1), uniform(0, 1), uniform(0, 1)]
      const slopes = {
        diversity: point.map(() => uniform(-1, 1)),
        validity: point.map(() => uniform(-1, 1))
      }
      const radius = 0.4
      const need = uniform(-0.3, 0.1)
      const step = bestStep(point, slopes, need, radius, { least: 0, most: 1 })
      for (const [index, by] of step.entries()) {
        expect(Math.abs(by)).toBeLessThanOrEqual(radius + 1e-12)
        expect((point[index] ?? NaN) + by).toBeGreaterThanOrEqual(-1e-12)
        expect((point[index] ?? NaN) + by).toBeLessThanOrEqual(1 + 1e-12)
      }
      const grid = Array.from({ length: 9 }, (_, place) => -radius + (place * radius) / 4)
      const allowed = grid
        .flatMap((a) => grid.flatMap((b) => grid.map((c) => [a, b, c])))
        .filter((by) =>
          by.every((value, index) => (point[index] ?? NaN) + value >= 0 && (point[index] ?? NaN) + value <= 1)
        )
        .filter((by) => dot(slopes.validity, by) >= need)
      if (allowed.length === 0) continue
      expect(dot(slopes.validity, step)).toBeGreaterThanOrEqual(need - 1e-9)
      const best = Math.max(...allowed.map((by) => dot(slopes.diversity, by)))
      expect(dot(slopes.diversity, step)).toBeGreaterThanOrEqual(best - 1e-9)
    }
  })

  test('comes as close to the required validity as possible if it is out of reach', () => {
    const step = bestStep([0.5, 0.5], { diversity: [1, 1], validity: [-1, 0.5] }, 10, 0.2, {
      least: 0,
      most: 1
    })
    expect(step).toEqual([-0.2, 0.2])
  })
})

describe('the strengths of layers', () => {
  const LAYERS = 4
  /** Diversity is greatest at the target; validity falls with what is restored. */
  const modelTo = (target: readonly number[]) => (layers: readonly LayerStrength[]) => {
    const strengths = halvesOf(layers).map(({ attention, mlp }) => (attention + mlp) / 2)
    const away = strengths.reduce((sum, strength, layer) => sum + (strength - (target[layer] ?? NaN)) ** 2, 0)
    const restored = strengths.reduce((sum, strength) => sum + strength, 0)
    return { diversity: [0.95 - 0.2 * away], validity: [1 - 0.02 * restored] }
  }
  const model = modelTo([0.2, 0.6, 1, 1])
  const problemOf = (scored: typeof model) => ({
    layerCount: LAYERS,
    rho: 0.9,
    post: scored(postStrengths(LAYERS)),
    ranges: allRanges(LAYERS).map((range) => {
      const layers = rangeStrengths(range, LAYERS)
      return { layers, measures: scored(layers) }
    }),
    blends: [0.5, 1].map((strength) => {
      const layers = blendStrengths({ strength: strength }, LAYERS)
      return { layers, measures: scored(layers) }
    }),
    rejected: new Set<string>(),
    views: [[[0]]]
  })
  const problem = problemOf(model)
  const run = (
    settings: { halves: boolean; starts: ('range' | 'blend')[] },
    scored = model,
    bounds = { least: 0, most: 1 }
  ) => {
    const asked = problemOf(scored)
    return runSearch(
      asked,
      scoredBySweep(asked),
      optimiseStrengths(asked, { ...settings, ...bounds }),
      { generations: 98, blockEvaluations: 1e5 },
      {
        score: (candidates) => Promise.resolve(candidates.map(scored)),
        cost: (candidates) => countBlockEvaluations(candidates, LAYERS)
      }
    )
  }

  test.each([
    { halves: false, starts: ['range' as const] },
    { halves: true, starts: ['range' as const, 'blend' as const] }
  ])('come to the optimum from %o', async (settings) => {
    const { recipes: found, stopped } = await run(settings)
    const [best] = found[0] ?? []
    expect(stopped).toBe('nothing-better')
    expect(best?.measures.diversity[0]).toBeGreaterThan(0.949)
    expect(best?.measures.validity[0]).toBeGreaterThanOrEqual(0.9)
  })

  test('exceed post and base only if allowed, and stay within their bounds', async () => {
    const beyond = modelTo([-0.3, 0.6, 1.4, 1])
    const found = async (bounds: { least: number; most: number }): Promise<number[]> => {
      const { recipes: ofViews } = await run({ halves: false, starts: ['range'] }, beyond, bounds)
      return halvesOf(ofViews[0]?.[0]?.layers ?? []).map(({ attention }) => attention)
    }
    const inside = await found({ least: 0, most: 1 })
    expect(inside).toHaveLength(LAYERS)
    for (const strength of inside) expect(Math.abs(strength - 0.5)).toBeLessThanOrEqual(0.5)
    const [first = NaN, , third = NaN] = await found({ least: -1, most: 2 })
    expect(first).toBeCloseTo(-0.3, 1)
    expect(third).toBeCloseTo(1.4, 1)
    expect((await found({ least: -0.1, most: 1.2 }))[2]).toBe(1.2)
  })

  test('refuse to start from a blend if the sweep has none', () => {
    const without = { ...problem, blends: [] }
    const settings = {
      method: 'strengths' as const,
      halves: false,
      starts: ['blend' as const],
      least: 0,
      most: 1,
      blockEvaluations: 1,
      seed: 1
    }
    expect(() => searchMethod(without, scoredBySweep(without), settings)).toThrow('no blends')
  })

  test('refuse all combinations of too many layers', () => {
    const deep = { ...problem, layerCount: 15 }
    const settings = { method: 'subsets' as const, orderPairs: 0, blockEvaluations: 1, seed: 1 }
    expect(() => searchMethod(deep, scoredBySweep(deep), settings)).toThrow('too many')
  })
})
