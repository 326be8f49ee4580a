import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Model, layersModel, rangeModel } from '../../../../../src/contract/model/model'
import { allRanges, postStrengths, recipeStrengths } from '../../../../../src/contract/model/strengths'
import {
  blockKey,
  buildRecipeTrie,
  countEdges,
  noSharing,
  type RecipeTrie
} from '../../../../../src/main/engine/tries/recipe-trie'
import { anyLayers } from '../../../../fixtures/any-layers'

const base: Model = { kind: 'base' }
const post: Model = { kind: 'post' }
const everyRange = (layerCount: number): Model[] => allRanges(layerCount).map(rangeModel)

/** The blocks on the way from the root to a model's leaf. */
function blocksOf(trie: RecipeTrie, model: number): string[] {
  let node = trie.leafOf[model] ?? 0
  const path: string[] = []
  for (const level of [...trie.levels].reverse()) {
    const edge = level.nodes[node]
    const source = level.blocks[edge?.block ?? 0]
    if (edge === undefined || source === undefined) throw new Error('broken trie')
    path.unshift(blockKey(source))
    node = edge.parent
  }
  return path
}

describe('the recipe trie', () => {
  it.each([1, 2, 12, 24, 32])('needs L + L(L+1)/2 + (L-1)L(L+1)/6 evaluations for post and all ranges, L = %i', (L) => {
    const trie = buildRecipeTrie([post, ...everyRange(L)], noSharing(L))
    expect(countEdges(trie)).toBe(L + (L * (L + 1)) / 2 + ((L - 1) * L * (L + 1)) / 6)
  })

  it.each([11, 13, 0])('refuses a recipe of %i layers for a model of 12', (layers) => {
    expect(() => buildRecipeTrie([post, layersModel(postStrengths(layers))], noSharing(12))).toThrow(
      `The model has 12 layers, but the recipe "Nothing" lists ${layers}.`
    )
  })

  it('has 1 + (l+1) + l(l+1)/2 nodes after layer l', () => {
    const trie = buildRecipeTrie([post, ...everyRange(12)], noSharing(12))
    expect(trie.levels.map((level) => level.nodes.length)).toEqual(
      Array.from({ length: 12 }, (_, l) => 1 + (l + 1) + (l * (l + 1)) / 2)
    )
  })

  it('adds L evaluations for base as a whole model, on the same base blocks', () => {
    const ranges = [post, ...everyRange(12)]
    const trie = buildRecipeTrie([...ranges, base], noSharing(12))
    expect(countEdges(trie)).toBe(376 + 12)
    expect(trie.roots).toEqual(['post', 'base'])
    expect(trie.levels.every((level) => level.blocks.length === 2)).toBe(true)
  })

  it('reads base as base stores it when restoring would round it', () => {
    const sharing = { ...noSharing(2), lossless: false }
    const trie = buildRecipeTrie([base, ...everyRange(2)], sharing)
    expect(blocksOf(trie, 0)).toEqual(['base', 'base'])
    expect(trie.levels[0]?.blocks.map(blockKey)).toEqual(['1/1', 'base', '0/0'])
  })

  it('merges models that differ only in layers that post-training did not change', () => {
    const sharing = { ...noSharing(2), identical: (layer: number) => layer === 1 }
    const trie = buildRecipeTrie([post, ...everyRange(2)], sharing)
    expect(countEdges(trie)).toBe(4)
    expect(trie.leafOf[0]).toBe(trie.leafOf[3])
  })

  it('gives every model exactly its own blocks, whatever the set of recipes', () => {
    fc.assert(
      fc.property(fc.array(anyLayers(4), { minLength: 1, maxLength: 20 }), (recipes) => {
        const trie = buildRecipeTrie(recipes.map(layersModel), noSharing(4))
        recipes.forEach((layers, model) => {
          expect(blocksOf(trie, model)).toEqual(layers.map(({ attention, mlp }) => `${attention}/${mlp}`))
        })
        const distinctPrefixes = new Set(
          recipes.flatMap((layers) => layers.map((_, l) => JSON.stringify(layers.slice(0, l + 1))))
        )
        expect(countEdges(trie)).toBe(distinctPrefixes.size)
      })
    )
  })
})

describe('recipes', () => {
  it('says which layers a model has when a range goes past them', () => {
    expect(() => recipeStrengths({ name: 'top', ranges: [[10, 12]] }, 12)).toThrow(
      'The recipe "top" ends at layer 12, but the model has layers 0 to 11.'
    )
    expect(() => recipeStrengths({ name: 'short', layers: [{ attention: 1, mlp: 1 }] }, 12)).toThrow(
      'The model has 12 layers, but the recipe "short" lists 1.'
    )
  })

  it('combines several ranges', () => {
    const strengths = recipeStrengths({ name: 'two', ranges: [[0, 1], [3, 3]] }, 5) // prettier-ignore
    expect(strengths.map(({ attention }) => attention)).toEqual([1, 1, 0, 1, 0])
  })
})
