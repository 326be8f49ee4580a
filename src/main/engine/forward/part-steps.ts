import { at } from '../../../contract/model/look-up'
import type { RecipeTrie } from '../tries/recipe-trie'
import type { PartNode, TriePart } from '../tries/trie-parts'
import type { BlockStep } from '../weights/block-weights'

/** A block, and the nodes of a part that go through it. */
export interface PartStep extends BlockStep {
  readonly nodes: readonly PartNode[]
}

/** For each layer the blocks that a part's nodes go through, in the order of the trie's. */
export function partSteps(trie: RecipeTrie, part: TriePart): PartStep[][] {
  return trie.levels.map(({ blocks }, layer) => {
    const used = blocks.flatMap((source, block) => {
      const nodes = at(part.levels, layer, 'level').filter((node) => node.block === block)
      return nodes.length === 0 ? [] : [{ source, nodes }]
    })
    return used.map((step, i) => ({
      layer,
      expert: null,
      ...step,
      later: used.slice(i + 1).map(({ source }) => source)
    }))
  })
}

/** Nodes that are computed together: those that are computed alone, then as many of the others as a run may have. */
export function chunksOf(nodes: readonly PartNode[], most: number): PartNode[][] {
  const chunks = nodes.filter(({ alone }) => alone).map((node) => [node])
  const others = nodes.filter(({ alone }) => !alone)
  for (let first = 0; first < others.length; first += most) chunks.push(others.slice(first, first + most))
  return chunks
}
