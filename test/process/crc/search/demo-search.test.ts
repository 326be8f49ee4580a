import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  defaultSearchSettings,
  type SearchDocument,
  type SearchSettings
} from '../../../../src/contract/documents/search'
import { elementAt } from '../../../../src/contract/model/look-up'
import { subsetsOf, toStrengths } from '../../../../src/main/crc/search/layer-subsets'
import { runRecipeSearch } from '../../../../src/main/crc/search/search-run'
import { scoreRecipes } from '../../../../src/main/crc/sweep/score-recipes'
import { pairPaths } from '../../../../src/main/project/demo'
import { sharedEngine } from '../../../fixtures/shared-engine'
import { demoSweepDocument } from '../../../fixtures/swept-project'

describe('searches beyond the ranges of the demo', { timeout: 300_000 }, async () => {
  const never = new AbortController().signal
  const { base, post } = pairPaths({ kind: 'demo', pair: 'blend' })
  const sweep = await demoSweepDocument()
  const { layerCount } = sweep
  const search = (settings: SearchSettings): Promise<SearchDocument> =>
    runRecipeSearch(
      sharedEngine.client(),
      { pair: { base, post }, sweep, check: null, rho: 0.9, settings },
      never,
      () => undefined
    )

  it('find the stored scores for subsets of layers, of which layers 3 to 5 and 7 to 11 are best', async () => {
    const stored = z
      .object({ diversity: z.array(z.number()), validity: z.array(z.number()) })
      .parse(JSON.parse(await readFile('test/fixtures/demo-subsets.json', 'utf8')))
    // layer-shares.test.ts shows that this subset is the best of all 4,096, and each layer's share.
    const best = 0b000111011111
    expect(elementAt(stored.diversity, best, 'subset')).toBeCloseTo(0.923, 3)
    const subsets = subsetsOf(layerCount)
    const places = [0, 4095, best, ...subsets.keys()].filter((place, i) => i < 3 || place % 137 === 1)
    const recipes = places.map((place) => ({
      name: `subset ${place}`,
      layers: toStrengths(elementAt(subsets, place, 'subset'))
    }))
    const scored = await scoreRecipes(
      sharedEngine.client(),
      { pair: { base, post }, sweep, recipes },
      never,
      () => undefined
    )
    expect(scored.recipes.length).toBeGreaterThan(30)
    for (const [i, place] of places.entries()) {
      for (const measure of ['diversity', 'validity'] as const) {
        expect(elementAt(scored.recipes, i, 'recipe')[measure], `subset ${place}`).toBeCloseTo(
          elementAt(stored[measure], place, 'subset'),
          5
        )
      }
    }
    // Subset 0 is post.
    const { klToBase = null } = sweep.post
    expect(klToBase).toBeGreaterThan(0)
    expect(elementAt(scored.recipes, 0, 'recipe').klToBase).toBeCloseTo(klToBase ?? NaN, 5)
    expect(elementAt(scored.recipes, 2, 'recipe').validity).toBeGreaterThanOrEqual(0.9 * sweep.post.validity)
  })

  it('optimise the strengths of its layers within 800 block evaluations', async () => {
    const optimised = await search({
      ...defaultSearchSettings('strengths', layerCount),
      blockEvaluations: 800
    })
    expect(optimised.range.range).toEqual({ start: 4, end: 11 })
    expect(optimised.found[0]?.diversity).toBeGreaterThanOrEqual(0.929)
    expect(optimised.found[0]?.validity).toBeGreaterThanOrEqual(optimised.minimumValidity)
    const spent = optimised.generations.map(({ blockEvaluations }) => blockEvaluations)
    expect(spent.reduce((sum, evaluations) => sum + evaluations, 0)).toBeLessThanOrEqual(800)
    // Each half found more on the prompts it did not see, but with less validity than is asked for.
    expect(optimised.heldOut?.interval[0]).toBeGreaterThan(0)
    expect(optimised.verdict).not.toBe('none')
  })
})
