import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  layersModel,
  type Model,
  modelKey,
  modelStrengths,
  rangeModel,
  sameModel,
  weightsKey
} from '../../../../src/contract/model/model'
import { allRanges, blendStrengths, rangeStrengths } from '../../../../src/contract/model/strengths'
import { anyLayers } from '../../../fixtures/any-layers'

const LAYERS = 5
const layers = anyLayers(LAYERS)
const recipe = (changes: Partial<Extract<Model, { kind: 'recipe' }>> = {}): Model => ({
  ...rangeModel({ start: 1, end: 3 }),
  ...changes
})

describe('the key of a model', () => {
  it('is equal for equal strengths, and for no others', () => {
    fc.assert(
      fc.property(layers, layers, (a, b) => {
        expect(weightsKey(layersModel(a)) === weightsKey(layersModel(b))).toBe(JSON.stringify(a) === JSON.stringify(b))
      })
    )
  })

  it('is short for ranges, and the same however the recipe is written', () => {
    expect(weightsKey(rangeModel({ start: 1, end: 3 }))).toBe('1-3')
    for (const range of allRanges(LAYERS)) {
      expect(weightsKey(layersModel(rangeStrengths(range, LAYERS)))).toBe(weightsKey(rangeModel(range)))
    }
    const name = 'in two pieces'
    expect(weightsKey({ kind: 'recipe', recipe: { name, ranges: [[3, 3], [1, 2]] } })).toBe('1-3') // prettier-ignore
  })

  it('distinguishes blends, halves, whole models and checkpoints', () => {
    const half = { attention: 1, mlp: 0 }
    expect(weightsKey(layersModel(blendStrengths({ strength: 0.5 }, 3)))).toBe('0-2@0.5')
    expect(weightsKey(layersModel([half, { attention: 1, mlp: 1 }]))).toBe('0-0@1/0,1-1')
    expect(weightsKey(layersModel(blendStrengths({ strength: 0 }, 3)))).toBe(weightsKey({ kind: 'post' }))
    expect(weightsKey(layersModel(blendStrengths({ strength: 1 }, 3)))).not.toBe(weightsKey({ kind: 'base' }))
    const checkpoint: Model = { kind: 'checkpoint', name: 'other', path: '/other', fingerprint: 'f' }
    expect(weightsKey(checkpoint)).toBe(weightsKey({ ...checkpoint, name: 'moved', path: '/elsewhere' }))
  })

  it('is the id of what a project keeps, whatever it is called and restores now', () => {
    const kept = { id: 'first', mark: 0 }
    const edited = recipe({ ...rangeModel({ start: 0, end: 0 }), kept })
    expect(modelKey(recipe({ kept }))).toBe('first')
    expect(sameModel(recipe({ kept }), edited)).toBe(true)
    expect(sameModel(recipe({ kept }), recipe({ kept: { id: 'second', mark: 1 } }))).toBe(false)
    // As in runs of older programs, which do not say.
    expect(sameModel(recipe({ kept }), recipe())).toBe(true)
    expect(sameModel(recipe(), edited)).toBe(false)
  })
})

it('a model has the strength of each layer, and whole models have no recipe', () => {
  expect(modelStrengths({ kind: 'post' }, 2)).toEqual(blendStrengths({ strength: 0 }, 2))
  expect(modelStrengths(rangeModel({ start: 1, end: 1 }), 2)).toEqual(rangeStrengths({ start: 1, end: 1 }, 2))
  expect(modelStrengths({ kind: 'base' }, 2)).toBeNull()
  expect(() => modelStrengths(rangeModel({ start: 1, end: 2 }), 2)).toThrow('ends at layer 2')
})
