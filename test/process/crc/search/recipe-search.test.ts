import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import type { CheckedModel } from '../../../../src/contract/documents/answer-check'
import { DEFAULT_RENDERING } from '../../../../src/contract/documents/crc'
import type { LayerStrength, RestorationRange } from '../../../../src/contract/model/recipe'
import { SearchDocument, type SearchSettings } from '../../../../src/contract/documents/search'
import { allRanges, postStrengths, rangeStrengths } from '../../../../src/contract/model/strengths'
import { builtinPromptSet } from '../../../../src/main/crc/task/builtin-prompts'
import { runCrcSweep } from '../../../../src/main/crc/sweep/crc-sweep'
import { pairedDifference } from '../../../../src/main/crc/selection/paired-difference'
import {
  layersKey,
  neighbours,
  type PromptMeasures,
  searchRecipes
} from '../../../../src/main/crc/search/recipe-search'
import { scoreRecipes } from '../../../../src/main/crc/sweep/score-recipes'
import { SearchCheckpoints } from '../../../../src/main/crc/search/search-checkpoints'
import { bestRanges } from '../../../../src/main/crc/selection/best-ranges'
import { countBlockEvaluations, runRecipeSearch } from '../../../../src/main/crc/search/search-run'
import { searchCheckpointsBeside } from '../../../../src/main/project/search-files'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { HeldEngine, inOrder, type Moment } from '../../../fixtures/held-engine'
import { sharedEngine } from '../../../fixtures/shared-engine'
import { inGroups } from '../../../fixtures/swept-demo'
import { shortPair } from '../../../fixtures/swept-project'
import { whole } from '../../../fixtures/tiny-sweep'

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

function search(
  model: Model,
  change: Partial<typeof SETTINGS & { rho: number; rejected: ReadonlySet<string> }> = {}
) {
  const measures = measuresBy(model)
  const batches: (readonly LayerStrength[])[][] = []
  const { rho = 0.9, rejected = new Set<string>(), ...settings } = change
  const outcome = searchRecipes(
    {
      layerCount: LAYERS,
      rho,
      post: measures(postStrengths(LAYERS)),
      ranges: allRanges(LAYERS).map((range) => {
        const layers = rangeStrengths(range, LAYERS)
        return { layers, measures: measures(layers) }
      }),
      rejected,
      views: [VIEW]
    },
    { ...SETTINGS, ...settings },
    {
      score: (candidates) => {
        batches.push([...candidates])
        return Promise.resolve(candidates.map(measures))
      },
      cost: (candidates) => countBlockEvaluations(candidates, LAYERS)
    }
  )
  return outcome.then((result) => ({ ...result, batches, best: result.beams[0]?.[0]?.layers }))
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
  const distance = layers.reduce(
    (sum, { attention, mlp }, layer) =>
      sum + Math.abs(attention - (target[layer]?.attention ?? 0)) + Math.abs(mlp - (target[layer]?.mlp ?? 0)),
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

  test('asks for nothing twice, and never for a range, whose score it has', async () => {
    const { batches } = await search(planted, { beam: 4 })
    const asked = batches.flat().map(layersKey)
    expect(new Set(asked).size).toBe(asked.length)
    const ranges = new Set(allRanges(LAYERS).map((range) => layersKey(rangeStrengths(range, LAYERS))))
    expect(asked.filter((key) => ranges.has(key))).toEqual([])
  })

  test('neither compares with, nor ends at, what is known not to do', async () => {
    const free = await search(planted)
    const first = free.bestRanges[0]?.layers ?? []
    const rejected = new Set([layersKey(first), layersKey(target)])
    const { best = [], bestRanges } = await search(planted, { rejected })
    expect(rejected).not.toContain(layersKey(bestRanges[0]?.layers ?? []))
    expect(bestRanges[0]).not.toBeNull()
    expect(rejected).not.toContain(layersKey(best))
  })

  test('passes by what is more diverse at too little validity', async () => {
    const limited: Model = (layers) => {
      const restored = layers.reduce((sum, { attention, mlp }) => sum + attention + mlp, 0)
      return { validity: 1 - 0.03 * restored, diversity: 0.2 + 0.05 * restored }
    }
    const { best = [], beams } = await search(limited, { beam: 3 })
    // 0.03 times restored is at most 0.1 for 3 whole halves and no more.
    expect(best.reduce((sum, { attention, mlp }) => sum + attention + mlp, 0)).toBe(3)
    for (const { layers } of beams[0] ?? []) expect(limited(layers).validity).toBeGreaterThanOrEqual(0.9)
  })

  test('crosses with a beam what stops a greedy search', async () => {
    // The attention of layers 0 and 5 pays only together; each alone costs. Any MLP spoils it.
    const valley: Model = (layers) => {
      const attention = layers.map((layer) => layer.attention)
      const [first = 0, , third = 0, , , last = 0] = attention
      const restored = attention.reduce((sum, strength) => sum + strength, 0)
      if (restored === 0) return { validity: 0.9, diversity: 0.3 }
      if (layers.some(({ mlp }) => mlp > 0))
        return { validity: 0.9, diversity: 0.32 + 0.01 * third - 0.001 * restored }
      const together = 0.3 * first * last - 0.03 * first - 0.02 * last
      return { validity: 0.9, diversity: 0.5 + 0.1 * third + together - 0.001 * restored }
    }
    const attentionOf = async (beam: number): Promise<number[] | undefined> =>
      (await search(valley, { beam, strengths: [] })).best?.map(({ attention }) => attention)
    expect(await attentionOf(1)).toEqual([0, 0, 1, 0, 0, 0])
    expect(await attentionOf(16)).toEqual([1, 0, 1, 0, 0, 1])
  })

  test('begins no generation beyond its budget, and ends after the asked number', async () => {
    const first = countBlockEvaluations((await search(planted)).batches[0] ?? [], LAYERS)
    expect(await search(planted, { blockEvaluations: first - 1 })).toMatchObject({
      stopped: 'budget',
      batches: []
    })
    const once = await search(planted, { blockEvaluations: first })
    expect(once).toMatchObject({ stopped: 'budget', generations: [{ blockEvaluations: first }] })
    expect(await search(planted, { generations: 1 })).toMatchObject({ stopped: 'generations' })
  })

  test('starts from post where no range qualifies, and finds nothing where nothing does', async () => {
    const half: Model = (layers) => {
      const whole = layers.some(({ attention, mlp }) => attention > 0 && mlp > 0)
      const attention = layers.reduce((sum, layer) => sum + layer.attention, 0)
      return { validity: whole ? 0.1 : 0.9, diversity: 0.3 + 0.01 * attention }
    }
    const { best, bestRanges } = await search(half)
    expect(bestRanges).toEqual([null])
    expect(best).toEqual(new Array(LAYERS).fill({ attention: 1, mlp: 0 }))
    const { beams } = await search(() => ({ validity: 0.9, diversity: 0.3 }))
    expect(beams).toEqual([[]])
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
  test('of a model with itself is 0 and so is its interval', () => {
    expect(pairedDifference(new Array(PROMPTS).fill(0), VIEW, 1)).toMatchObject({
      difference: 0,
      interval: [0, 0]
    })
  })

  test('weighs categories alike, and its interval holds 0 when prompts disagree', () => {
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

describe('the search on a real pair, in the engine process', async () => {
  const engine = sharedEngine
  const pair = await shortPair()
  const never = new AbortController().signal
  const sweep = await runCrcSweep(
    engine.client(),
    {
      ...pair,
      prompts: (await builtinPromptSet('demo-crc')).filter((_, place) => place % 3 === 0),
      rendering: DEFAULT_RENDERING,
      rho: 0.9,
      ranges: true,
      soupSize: 0,
      recipes: []
    },
    never,
    () => undefined
  )
  const settings: SearchSettings = {
    beam: 1,
    generations: 4,
    blockEvaluations: 10_000,
    strengths: [],
    seed: 1
  }
  const request = { pair, sweep, check: null, rho: 0.9, settings }
  const run = (): Promise<SearchDocument> => runRecipeSearch(engine.client(), request, never, () => undefined)
  const found = await run()

  it('keeps the validity and is at least as diverse as the best range', () => {
    expect(SearchDocument.parse(JSON.parse(JSON.stringify(found)))).toEqual(found)
    expect(found.range.range).toEqual(sweep.selected)
    for (const recipe of found.found) expect(recipe.validity).toBeGreaterThanOrEqual(found.minimumValidity)
    expect(found.found[0]?.diversity).toBeGreaterThanOrEqual(found.range.diversity)
  })

  it('reports the scores that the recipe has when it is scored on its own', async () => {
    const [best] = found.found
    if (best === undefined) throw new Error('nothing was found')
    const alone = await scoreRecipes(engine.client(), pair, sweep, [best.recipe], never, () => undefined)
    expect(alone.recipes[0]?.diversity).toBeCloseTo(best.diversity, 6)
    expect(alone.recipes[0]?.validity).toBeCloseTo(best.validity, 6)
    expect(found.generations.at(-1)?.best.diversity).toBeCloseTo(best.diversity, 6)
  })

  it('compares with the best range that a check has left', async () => {
    const [first, second] = bestRanges(sweep.ranges, found.minimumValidity, 2)
    if (first === undefined || second === undefined) throw new Error('too few ranges qualify')
    const checked = ({ start, end }: RestorationRange, validity: number): CheckedModel => ({
      recipe: { name: 'checked', ranges: [[start, end]] },
      ...whole(validity, 0.9)
    })
    const { layerCount } = sweep
    const check = { layerCount, post: whole(0.99, 0.4), models: [checked(first, 0.5), checked(second, 0.95)] }
    const short = { ...request, check, settings: { ...settings, generations: 1 } }
    const { range } = await runRecipeSearch(engine.client(), short, never, () => undefined)
    expect(range.range).toEqual({ start: second.start, end: second.end })
  })

  it('finds the same again', async () => {
    const again = await run()
    expect({ ...again, createdAt: found.createdAt, seconds: found.seconds }).toEqual(found)
  })

  it('counts its work, and needs a sweep of ranges', async () => {
    expect(found.stopped).toBe('nothing-better')
    const counted = found.generations.reduce((sum, generation) => sum + generation.blockEvaluations, 0)
    // The last call scores the found recipe again: 6 for post, 3 for layer 3 onwards.
    expect(found.work.blockEvaluations).toBe(counted + 9)
    const rangeless = { ...request, sweep: { ...sweep, ranges: [] } }
    await expect(runRecipeSearch(engine.client(), rangeless, never, () => undefined)).rejects.toMatchObject({
      problem: { code: 'bad-input', message: expect.stringContaining('no ranges') }
    })
  })

  it(
    'cancelled and begun again ends as if it had not been, and computes only what is missing',
    { timeout: 120_000 },
    async () => {
      const held = new HeldEngine(engine)
      const grouped = inGroups(held.client())
      const keptIn = (folder: string) =>
        new SearchCheckpoints(searchCheckpointsBeside(join(folder, 'search.json')), false)
      const search = (
        checkpoints: SearchCheckpoints,
        signal = never,
        doneBefore = new Map<number, number>()
      ) =>
        runRecipeSearch(
          grouped,
          request,
          signal,
          ({ generation, blockEvaluationsDone }) => {
            // Found recipes are scored under the number of the last generation.
            if (!doneBefore.has(generation)) doneBefore.set(generation, blockEvaluationsDone)
          },
          checkpoints
        )
      const folder = await temporaryFolder()
      /** @returns the work that was done before each generation that began until it was stopped */
      const stopAt = async (moment: Moment): Promise<ReadonlyMap<number, number>> => {
        const stop = new AbortController()
        const doneBefore = new Map<number, number>()
        const reached = held.holdAt(moment)
        const stopped = search(keptIn(folder), stop.signal, doneBefore)
        await reached()
        stop.abort()
        await expect(stopped).rejects.toMatchObject({ problem: { code: 'cancelled' } })
        return doneBefore
      }
      const whole = new Map<number, number>()
      const uninterrupted = await search(keptIn(await temporaryFolder()), never, whole)
      const work = (generation: number): number => whole.get(generation) ?? NaN

      // The first generation has a group of prompts done; then the second begins.
      expect((await stopAt(inOrder('group'))).get(1)).toBe(0)
      const restOfFirst = (await stopAt(inOrder('done', 'plan'))).get(2) ?? NaN
      expect(restOfFirst).toBeGreaterThan(0)
      expect(restOfFirst).toBeLessThan(work(2))

      const checkpoints = keptIn(folder)
      const resumed = await search(checkpoints)
      const { createdAt, seconds } = uninterrupted
      expect({ ...resumed, createdAt, seconds, work: uninterrupted.work }).toEqual(uninterrupted)
      expect(resumed.work.blockEvaluations).toBe(uninterrupted.work.blockEvaluations - work(2))
      await checkpoints.clear()
      expect(await readdir(folder)).toEqual([])
    }
  )
})
