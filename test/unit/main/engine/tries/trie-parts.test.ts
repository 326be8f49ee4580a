import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { postAndRanges, trieOf } from '../../../../../src/bench/workload'
import { layersModel, type Model } from '../../../../../src/contract/model/model'
import { maxAliveStates } from '../../../../../src/main/engine/tries/alive-states'
import { countEdges, type RecipeTrie } from '../../../../../src/main/engine/tries/recipe-trie'
import {
  countPartEdges,
  leavesByDepth,
  splitLeaves,
  walkParts,
  wholeTrie
} from '../../../../../src/main/engine/tries/trie-parts'
import { anyLayers } from '../../../../fixtures/any-layers'

const LAYERS = 12

const recipe = anyLayers(4).map(layersModel)
const anyTrie = fc.oneof(
  fc.constant(trieOf(postAndRanges(LAYERS), LAYERS)),
  fc
    .array(fc.oneof(recipe, fc.constant<Model>({ kind: 'base' })), { minLength: 1, maxLength: 12 })
    .map((models) => trieOf(models, 4))
)

const edgesOf = (parts: readonly Parameters<typeof countPartEdges>[0][]): number =>
  parts.reduce((sum, part) => sum + countPartEdges(part), 0)

function split(trie: RecipeTrie, count: number, together = 0): number[][] {
  return splitLeaves(trie, leavesByDepth(trie), () => 1, count, together)
}

describe('the parts of a trie', () => {
  it('compute every node once over all parts, each after its parent', () => {
    fc.assert(
      fc.property(anyTrie, fc.integer({ min: 1, max: 15 }), (trie, count) => {
        const parts = walkParts(trie, split(trie, count))
        const computed = trie.levels.map(() => new Set<number>())
        for (const { levels } of parts) {
          for (const [level, nodes] of levels.entries()) {
            for (const { node, parent } of nodes) {
              expect(computed[level]?.has(node)).toBe(false)
              if (level > 0) expect(computed[level - 1]?.has(parent)).toBe(true)
              computed[level]?.add(node)
            }
          }
        }
        expect(edgesOf(parts)).toBe(countEdges(trie))
      })
    )
  })

  it('cost at most one path more when a walk is stopped between two of them and gone on with', () => {
    fc.assert(
      fc.property(anyTrie, fc.integer({ min: 2, max: 15 }), fc.nat(), (trie, count, stop) => {
        const parts = split(trie, count)
        const known = new Set([...parts.keys()].slice(0, stop % (parts.length + 1)))
        const before = walkParts(trie, parts).slice(0, known.size)
        const rest = walkParts(trie, parts, known)
        expect(edgesOf(before) + edgesOf(rest)).toBeLessThanOrEqual(countEdges(trie) + trie.levels.length)
      })
    )
  })

  it('compute a node together with the same others whatever is known, and by itself where parts share it', () => {
    fc.assert(
      fc.property(anyTrie, fc.integer({ min: 2, max: 15 }), fc.nat(), (trie, count, stop) => {
        const parts = split(trie, count)
        const known = new Set([...parts.keys()].slice(0, stop % parts.length))
        const together = (walk: ReturnType<typeof walkParts>): Map<number, number[][]> =>
          new Map(
            walk.map(({ leaves, levels }) => [
              leaves[0] ?? -1,
              levels.map((nodes) => nodes.flatMap(({ node, runsAlone }) => (runsAlone ? [] : [node])))
            ])
          )
        const whole = together(walkParts(trie, parts))
        for (const [part, nodes] of together(walkParts(trie, parts, known))) expect(nodes).toEqual(whole.get(part))
      })
    )
  })

  it('are of about equal cost, and begin with base and post, which may have to be in one', () => {
    const models: Model[] = [...postAndRanges(LAYERS), { kind: 'base' }]
    const trie = trieOf(models, LAYERS)
    const sizes = walkParts(trie, split(trie, 4)).map(countPartEdges)
    expect(sizes).toHaveLength(4)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(2 * LAYERS)
    const [first] = split(trie, 20, 2)
    const leafOf = (kind: Model['kind']): number => trie.leafOf[models.findIndex((model) => model.kind === kind)] ?? -1
    expect(first?.slice(0, 2)).toEqual([leafOf('base'), leafOf('post')])
  })

  it('of all ranges hold no more states at a time than one part', () => {
    const trie = trieOf(postAndRanges(LAYERS), LAYERS)
    for (const count of [2, 3, 7, 20])
      expect(maxAliveStates(trie, walkParts(trie, split(trie, count)))).toBeLessThanOrEqual(maxAliveStates(trie))
  })

  it('hold the states of a run until the last of them is used', () => {
    const trie = trieOf(postAndRanges(LAYERS), LAYERS)
    const counts = [1, 2, 4, 16].map((perRun) => maxAliveStates(trie, [wholeTrie(trie)], perRun))
    expect(counts).toEqual([...counts].sort((a, b) => a - b))
    expect(counts[3]).toBeGreaterThan(maxAliveStates(trie))
  })
})
