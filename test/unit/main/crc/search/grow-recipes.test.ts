import { halvesOf } from '../../../../fixtures/halves'
import { describe, expect, test } from 'vitest'
import type { LayerStrength } from '../../../../../src/contract/model/recipe'
import { allRanges, postStrengths, rangeStrengths } from '../../../../../src/contract/model/strengths'
import { pairedDifference } from '../../../../../src/main/crc/selection/paired-difference'
import { growRecipes, neighbours } from '../../../../../src/main/crc/search/grow-recipes'
import {
  scoredBySweep,
  layersKey,
  type PromptMeasures,
  runSearch
} from '../../../../../src/main/crc/search/search-problem'
import { countBlockEvaluations } from '../../../../../src/main/crc/search/search-run'

const LAYERS = 6
const PROMPTS = 4
const VIEW = [
  [0, 1],
  [2, 3]
]
const SETTINGS = { beam: 1, generations: 20, blockEvaluations: 1e6, strengths: [0.5] }

type Model = (layers: readonly LayerStrength[]) => { validity: number; diversity: number }

/** Each prompt a little apart from the next, the mean over them the model's own score. */
const measuresBy =
  (model: Model) =>
  (layers: readonly LayerStrength[]): PromptMeasures => {
    const { validity, diversity } = model(layers)
    const apart = [-0.02, 0.02, -0.01, 0.01]
    return {
      validity: apart.map((by) => validity + by),
      diversity: apart.map((by) => diversity - by)
    }
  }

function search(model: Model, change: Partial<typeof SETTINGS & { rho: number; rejected: ReadonlySet<string> }> = {}) {
  const measures = measuresBy(model)
  const batches: (readonly LayerStrength[])[][] = []
  const { rho = 0.9, rejected = new Set<string>(), ...settings } = change
  const problem = {
    layerCount: LAYERS,
    rho,
    post: measures(postStrengths(LAYERS)),
    ranges: allRanges(LAYERS).map((range) => {
      const layers = rangeStrengths(range, LAYERS)
      return { layers, measures: measures(layers) }
    }),
    blends: [],
    rejected,
    views: [VIEW]
  }
  const outcome = runSearch(
    problem,
    scoredBySweep(problem),
    growRecipes(problem, { ...SETTINGS, ...settings }),
    { ...SETTINGS, ...settings },
    {
      score: (candidates) => {
        batches.push([...candidates])
        return Promise.resolve(candidates.map(measures))
      },
      cost: (candidates) => countBlockEvaluations(candidates, LAYERS)
    }
  )
  return outcome.then((result) => ({ ...result, batches, best: result.recipes[0]?.[0]?.layers }))
}

/** Diversity falls with the distance from a target; validity with how much is restored. */
const target: LayerStrength[] = [
  { attention: 0, mlp: 0 },
  { attention: 1, mlp: 1 },
  { attention: 1, mlp: 0 },
  { attention: 0, mlp: 0 },
  { attention: 0.5, mlp: 0.5 },
  { attention: 0, mlp: 1 }
]
const planted: Model = (layers) => {
  const wanted = halvesOf(target)
  const distance = halvesOf(layers).reduce(
    (sum, { attention, mlp }, layer) =>
      sum + Math.abs(attention - (wanted[layer]?.attention ?? 0)) + Math.abs(mlp - (wanted[layer]?.mlp ?? 0)),
    0
  )
  return { validity: 0.9, diversity: 0.95 - 0.05 * distance }
}

describe('the search for recipes', () => {
  test('finds a planted recipe of halves, a coarse strength and two separate parts', async () => {
    const { best, stopped } = await search(planted)
    expect(best).toEqual(target)
    expect(stopped).toBe('nothing-better')
  })

  test('requests nothing twice, and never a range that the sweep has scored', async () => {
    const { batches } = await search(planted, { beam: 4 })
    const asked = batches.flat().map(layersKey)
    expect(new Set(asked).size).toBe(asked.length)
    const ranges = new Set(allRanges(LAYERS).map((range) => layersKey(rangeStrengths(range, LAYERS))))
    expect(asked.filter((key) => ranges.has(key))).toEqual([])
  })

  test('ignores rejected recipes in comparisons and results', async () => {
    const free = await search(planted)
    const first = free.bestRanges[0]?.layers ?? []
    const rejected = new Set([layersKey(first), layersKey(target)])
    const { best = [], bestRanges } = await search(planted, { rejected })
    expect(rejected).not.toContain(layersKey(bestRanges[0]?.layers ?? []))
    expect(bestRanges[0]).not.toBeNull()
    expect(rejected).not.toContain(layersKey(best))
  })

  test('ignores recipes with more diversity but too little validity', async () => {
    const limited: Model = (layers) => {
      const restored = halvesOf(layers).reduce((sum, { attention, mlp }) => sum + attention + mlp, 0)
      return { validity: 1 - 0.03 * restored, diversity: 0.2 + 0.05 * restored }
    }
    const { best = [], recipes: found } = await search(limited, { beam: 3 })
    // 0.03 times restored is at most 0.1 for 3 whole halves and no more.
    expect(halvesOf(best).reduce((sum, { attention, mlp }) => sum + attention + mlp, 0)).toBe(3)
    for (const { layers } of found[0] ?? []) expect(limited(layers).validity).toBeGreaterThanOrEqual(0.9)
  })

  test('passes with a beam where a greedy search stops', async () => {
    // The attention of layers 0 and 5 pays only together; each alone costs. Any MLP spoils it.
    const valley: Model = (strengths) => {
      const layers = halvesOf(strengths)
      const attention = layers.map((layer) => layer.attention)
      const [first = 0, , third = 0, , , last = 0] = attention
      const restored = attention.reduce((sum, strength) => sum + strength, 0)
      if (restored === 0) return { validity: 0.9, diversity: 0.3 }
      if (layers.some(({ mlp }) => mlp > 0)) return { validity: 0.9, diversity: 0.32 + 0.01 * third - 0.001 * restored }
      const together = 0.3 * first * last - 0.03 * first - 0.02 * last
      return { validity: 0.9, diversity: 0.5 + 0.1 * third + together - 0.001 * restored }
    }
    const attentionOf = async (beam: number): Promise<number[]> =>
      halvesOf((await search(valley, { beam, strengths: [] })).best ?? []).map(({ attention }) => attention)
    expect(await attentionOf(1)).toEqual([0, 0, 1, 0, 0, 0])
    expect(await attentionOf(16)).toEqual([1, 0, 1, 0, 0, 1])
  })

  test('respects its budget and its number of generations', async () => {
    const first = countBlockEvaluations((await search(planted)).batches[0] ?? [], LAYERS)
    expect(await search(planted, { blockEvaluations: first - 1 })).toMatchObject({
      stopped: 'budget',
      batches: []
    })
    const once = await search(planted, { blockEvaluations: first })
    expect(once).toMatchObject({ stopped: 'budget', generations: [{ blockEvaluations: first }] })
    expect(await search(planted, { generations: 1 })).toMatchObject({ stopped: 'generations' })
  })

  test('starts from post if no range qualifies, and returns nothing if no recipe does', async () => {
    const half: Model = (strengths) => {
      const layers = halvesOf(strengths)
      const whole = layers.some(({ attention, mlp }) => attention > 0 && mlp > 0)
      const attention = layers.reduce((sum, layer) => sum + layer.attention, 0)
      return { validity: whole ? 0.1 : 0.9, diversity: 0.3 + 0.01 * attention }
    }
    const { best, bestRanges } = await search(half)
    expect(bestRanges).toEqual([null])
    expect(best).toEqual(new Array(LAYERS).fill({ attention: 1, mlp: 0 }))
    const { recipes: found } = await search(() => ({ validity: 0.9, diversity: 0.3 }))
    expect(found).toEqual([[]])
  })

  test('changes one place at a time', () => {
    const layers = rangeStrengths({ start: 2, end: 3 }, LAYERS)
    const keys = neighbours(layers, [], []).map(layersKey)
    expect(keys).toHaveLength(3 * LAYERS)
    expect(keys).not.toContain(layersKey(layers))
    const joined = neighbours(layers, [rangeStrengths({ start: 5, end: 5 }, LAYERS)], [0.5])
    expect(joined).toHaveLength(4 * LAYERS)
    const away = neighbours(layers, [rangeStrengths({ start: 4, end: 5 }, LAYERS)], [])
    expect(away.map(layersKey)).toContain(layersKey(rangeStrengths({ start: 2, end: 5 }, LAYERS)))
  })
})

describe('a paired difference', () => {
  test('is 0 for equal models, as is its interval', () => {
    expect(pairedDifference(new Array(PROMPTS).fill(0), VIEW, 1)).toMatchObject({
      difference: 0,
      interval: [0, 0]
    })
  })

  test('weighs categories equally, with an interval that contains 0 when prompts disagree', () => {
    const { difference, interval } = pairedDifference(
      [0.1, -0.1, 0.3, 0.1, 0.2],
      [
        [0, 1],
        [2, 3, 4]
      ],
      1
    )
    expect(difference).toBeCloseTo(0.1, 12)
    expect(interval[0]).toBeLessThan(difference)
    expect(pairedDifference([0.3, -0.2, 0.1, -0.2], VIEW, 1).interval[0]).toBeLessThan(0)
    expect(pairedDifference([0.3, 0.2, 0.1, 0.2], VIEW, 1).interval[0]).toBeGreaterThan(0)
  })
})
