import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  defaultSearchSettings,
  type SearchDocument,
  type SearchSettings
} from '../../../../src/contract/documents/search'
import { at } from '../../../../src/contract/model/look-up'
import { recipeStrengths } from '../../../../src/contract/model/strengths'
import { runRecipeSearch } from '../../../../src/main/crc/search/search-run'
import { runCrcSweep } from '../../../../src/main/crc/sweep/crc-sweep'
import { sharedEngine } from '../../../fixtures/shared-engine'
import { demoSweep } from '../../../fixtures/swept-demo'

describe('searches beyond the ranges of the demo', { timeout: 300_000 }, async () => {
  const never = new AbortController().signal
  const request = await demoSweep()
  const { base, post } = request
  const sweep = await runCrcSweep(sharedEngine.client(), request, never, () => undefined)
  const { layerCount } = sweep
  const search = (settings: SearchSettings): Promise<SearchDocument> =>
    runRecipeSearch(
      sharedEngine.client(),
      { pair: { base, post }, sweep, check: null, rho: 0.9, settings },
      never,
      () => undefined
    )

  it('try all subsets of its layers, of which layers 3 to 5 and 7 to 11 are best', async () => {
    const all = await search(defaultSearchSettings('subsets', layerCount))
    const [best] = all.found
    if (best === undefined) throw new Error('nothing was found')
    expect(recipeStrengths(best.recipe, layerCount).map(({ mlp }) => mlp)).toEqual([
      0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1, 1
    ])
    expect(best.diversity).toBeCloseTo(0.923, 3)
    expect(best.validity).toBeGreaterThanOrEqual(all.minimumValidity)
    expect(all.verdict).toBe('confirmed')
    expect(all.generations[0]?.blockEvaluations).toBeLessThanOrEqual(8202)

    const shares = all.shapley
    if (shares === null) throw new Error('no shares')
    expect(Math.abs(at(shares.diversity, 11, 'layer') - 0.196)).toBeLessThan(1e-3)
    const stored = z
      .object({ diversity: z.array(z.number()), validity: z.array(z.number()) })
      .parse(JSON.parse(await readFile('test/fixtures/demo-subsets.json', 'utf8')))
    for (const measure of ['diversity', 'validity'] as const) {
      const sum = shares[measure].reduce((total, value) => total + value, 0)
      expect(Math.abs(sum - (shares.all[measure] - shares.none[measure]))).toBeLessThan(1e-9)
      expect(shares.all[measure]).toBeCloseTo(at(stored[measure], 4095, 'subset'), 5)
      expect(shares.none[measure]).toBeCloseTo(at(stored[measure], 0, 'subset'), 5)
    }
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
