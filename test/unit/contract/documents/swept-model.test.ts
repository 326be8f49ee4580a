import { expect, it } from 'vitest'
import { modelOf, modelsOf, scoreIn } from '../../../../src/contract/documents/swept-model'
import { layersModel, rangeModel } from '../../../../src/contract/model/model'
import { blendStrengths, rangeStrengths } from '../../../../src/contract/model/strengths'
import { tinySweep } from '../../../fixtures/tiny-sweep'

it('a sweep has the score of a model under any name, and none of a model that it has not scored', () => {
  const sweep = tinySweep()
  const { layerCount, ranges, uniformBlends } = sweep
  expect(scoreIn(sweep, { kind: 'post' })).toBe(sweep.post)
  expect(scoreIn(sweep, { kind: 'base' })).toBe(sweep.base)
  expect(scoreIn({ ...sweep, base: null }, { kind: 'base' })).toBeNull()
  for (const range of ranges) {
    expect(scoreIn(sweep, rangeModel(range))).toBe(range)
    expect(scoreIn(sweep, layersModel(rangeStrengths(range, layerCount)))).toBe(range)
  }
  expect(scoreIn({ ...sweep, ranges: [] }, rangeModel({ start: 0, end: 0 }))).toBeNull()
  const blend = { ...sweep.post, strength: 0.3 }
  expect(
    scoreIn(
      { ...sweep, uniformBlends: [...uniformBlends, blend] },
      layersModel(blendStrengths({ strength: 0.3 }, layerCount))
    )
  ).toBe(blend)
  const name = 'of mine'
  const checkpoint = { ...sweep.post, name, path: '/there', fingerprint: 'f' }
  const moved = { kind: 'checkpoint' as const, name: 'moved', path: '/here', fingerprint: 'f' }
  expect(scoreIn({ ...sweep, checkpoints: [checkpoint] }, moved)).toBe(checkpoint)
})

it('the models of a sweep have unique names', () => {
  const sweep = { ...tinySweep(), uniformBlends: [{ ...tinySweep().post, strength: 0.5 }] }
  const named = modelsOf(sweep).map(({ model }) => modelOf(model, sweep))
  expect(named).toContainEqual(rangeModel({ start: 0, end: 1 }))
  expect(named).toContainEqual({
    kind: 'recipe',
    recipe: { name: 'All layers at 0.5', layers: blendStrengths({ strength: 0.5 }, sweep.layerCount) }
  })
})
