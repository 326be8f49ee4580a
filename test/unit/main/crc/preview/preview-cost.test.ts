import { describe, expect, it } from 'vitest'
import { modelOf, type SweptModel } from '../../../../../src/contract/documents/swept-model'
import { elementAt } from '../../../../../src/contract/model/look-up'
import { PreviewCost } from '../../../../../src/main/crc/preview/preview-cost'
import { packPrompts } from '../../../../../src/main/engine/tries/prompt-trie'
import { buildRecipeTrie, countEdges, noSharing } from '../../../../../src/main/engine/tries/recipe-trie'

const LAYERS = 6
const range = (start: number, end: number): SweptModel => ({ kind: 'range', range: { start, end } })
const MODELS: readonly SweptModel[] = [
  { kind: 'post' },
  { kind: 'base' },
  range(0, 2),
  range(1, 2),
  range(1, 4),
  range(3, 5),
  { kind: 'uniform-blend', strength: 0.5 },
  { kind: 'checkpoint', name: 'other', path: '/models/other', fingerprint: 'f' }
]
const PLACES = [
  [
    [1, 2, 3],
    [1, 2, 3, 4]
  ],
  [[1, 2, 5]],
  [[1, 2, 3, 6]],
  [[7]]
]
const cost = new PreviewCost(LAYERS, MODELS, PLACES)

describe('the cost of a preview', () => {
  it.each([[[0]], [[0, 1]], [[2, 3, 4]], [[4, 3, 2]], [[0, 1, 2, 3, 4, 5, 6]], [[3, 3]], [[]]])(
    'counts the blocks that models %j do not have in common as their trie does',
    (some) => {
      const models = some.map((model) =>
        modelOf(elementAt(MODELS, model, 'model'), { layerCount: LAYERS, source: null })
      )
      expect(cost.evaluations(some)).toBe(countEdges(buildRecipeTrie(models, noSharing(LAYERS))))
    }
  )

  it('counts all layers of another checkpoint, and no reused layer twice', () => {
    expect(cost.evaluations([7])).toBe(LAYERS)
    expect(cost.evaluationsAfter([2, 7])([2, 7])).toBe(0)
    expect(cost.evaluationsAfter([2])([3])).toBe(cost.evaluations([2, 3]) - cost.evaluations([2]))
  })

  it.each([[[0]], [[0, 1]], [[0, 2]], [[1, 2, 3]], [[3]], [[]]])(
    'counts the distinct beginnings of prompts %j as they are packed',
    (some) => {
      const { tokens } = packPrompts(some.flatMap((prompt) => elementAt(PLACES, prompt, 'prompt')))
      expect(cost.countRows(some)).toBe(tokens.length)
    }
  )
})
