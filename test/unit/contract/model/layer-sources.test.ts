import { describe, expect, it } from 'vitest'
import { elementAt } from '../../../../src/contract/model/look-up'
import { layersModel, otherCheckpointsOf, weightsKey } from '../../../../src/contract/model/model'
import { type LayerStrength, Recipe } from '../../../../src/contract/model/recipe'
import {
  describeStrengths,
  nameStrengths,
  rangeStrengths,
  recipeOf,
  sourcesOf,
  setSource,
  withComponents
} from '../../../../src/contract/model/strengths'

const sft = { name: 'sft', path: '/models/sft', fingerprint: 'f1' }
const upper = rangeStrengths({ start: 2, end: 3 }, 4)
const mixed: LayerStrength[] = [
  { attention: 0.5, mlp: 0.5 },
  { attention: 1, mlp: 0, source: sft },
  { attention: 1, mlp: 1, source: sft },
  { attention: 0, mlp: 0, source: sft }
]

describe('layers of another source', () => {
  it('are named with it, and those of base are not', () => {
    expect(describeStrengths(setSource(upper, sft))).toBe('2–3 from sft')
    expect(describeStrengths(mixed)).toBe('0 at 0.5, attention 1 from sft, layer 2 from sft')
    expect(nameStrengths(rangeStrengths({ start: 2, end: 2 }, 4, sft))).toBe('Layer 2 from sft')
    expect(nameStrengths(upper)).toBe('Layers 2–3')
  })

  it('are other weights than the same of base, whatever the checkpoint is called and wherever it lies', () => {
    const ofSft = weightsKey(layersModel(setSource(upper, sft)))
    expect(ofSft).toBe('2-3 of f1')
    expect(weightsKey(layersModel(upper))).toBe('2-3')
    const moved = { name: 'SFT', path: '/elsewhere', fingerprint: 'f1' }
    expect(weightsKey(layersModel(setSource(upper, moved)))).toBe(ofSft)
    expect(weightsKey(layersModel(mixed))).toBe('0-0@0.5,1-1@1/0 of f1,2-2 of f1')
  })

  it('name each source of a model once, without unused ones', () => {
    expect(otherCheckpointsOf(layersModel(mixed))).toEqual([sft])
    expect(sourcesOf([{ attention: 0, mlp: 0, source: sft }])).toEqual([])
  })

  it('keep their source when strengths change, in a recipe as in its file', () => {
    const weaker = withComponents(elementAt(mixed, 1, 'layer'), (_half, _component, strength) => strength / 2)
    expect(weaker).toEqual({ attention: 0.5, mlp: 0, source: sft })
    const recipe = recipeOf('mixed', setSource(upper, sft))
    expect(Recipe.parse(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe)
    expect(recipe).toHaveProperty('layers')
    expect(recipeOf('upper', upper)).toEqual({ name: 'upper', ranges: [[2, 3]] })
  })
})
