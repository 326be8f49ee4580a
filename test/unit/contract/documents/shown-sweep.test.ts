import { expect, it } from 'vitest'
import { rangeModel, weightsKey } from '../../../../src/contract/model/model'
import { ShownSweep, shownSweep } from '../../../../src/contract/documents/shown-sweep'
import { scoreOfKey } from '../../../../src/contract/documents/swept-model'
import { sweepFixture } from '../../../fixtures/project-documents'
import { tinySweep } from '../../../fixtures/tiny-sweep'

it('says of a sweep all but what each prompt has of its models, which is found by their keys', () => {
  const layers = {
    kind: 'recipe' as const,
    recipe: {
      name: 'Half',
      layers: [
        { attention: 1, mlp: 0 },
        { attention: 0, mlp: 0 }
      ]
    }
  }
  const [first] = tinySweep().ranges
  if (first === undefined) throw new Error('no range')
  const score = tinySweep().post
  const sweep = {
    ...tinySweep(),
    uniformBlends: [{ strength: 0.5, ...score }],
    recipes: [{ recipe: layers.recipe, ...score }],
    baselines: [{ baseline: { kind: 'mix' as const, share: 0.7 }, ...score }]
  }
  const shown = ShownSweep.parse(shownSweep(sweep))
  expect(shown.post).toEqual(sweep.post)
  for (const models of [shown.ranges, shown.uniformBlends, shown.recipes, shown.baselines]) {
    for (const model of models) expect(model).not.toHaveProperty('prompts')
  }
  expect(shown.ranges[0]).toMatchObject({ start: first.start, end: first.end, validity: first.validity })
  // Three prompts are too few for an interval.
  expect(shown.ranges[0]?.margins).toEqual({ validity: null, diversity: null })
  expect(scoreOfKey(sweep, '0-1')?.prompts).toEqual(sweep.ranges[1]?.prompts)
  for (const key of ['mix 0.7', weightsKey(layers)]) {
    expect(scoreOfKey(sweep, key)?.prompts, key).toEqual(score.prompts)
  }
  expect(scoreOfKey(sweep, weightsKey(rangeModel({ start: 1, end: 1 })))?.prompts).toEqual(sweep.ranges[2]?.prompts)
  expect(scoreOfKey(sweep, '7-9')).toBeNull()
})

it('sends 64 layers in less than a megabyte, where prompts would make it tens of them', () => {
  const sweep = sweepFixture({ layerCount: 64, promptCount: 40, validCount: 18 })
  const bytes = (document: unknown): number => Buffer.byteLength(JSON.stringify(document))
  expect(bytes(sweep)).toBeGreaterThan(20e6)
  expect(bytes(shownSweep(sweep))).toBeLessThan(1e6)
})
