import { elementAt } from '../../../contract/model/look-up'
import type { RecipeTrie } from '../tries/recipe-trie'
import type { PartNode, TriePart } from '../tries/trie-parts'
import type { BlockStep } from '../weights/block-weights'

/** A block to read, and the nodes (hidden states of distinct models) that go through it. */
export interface PartStep extends BlockStep {
  readonly nodes: readonly PartNode[]
}

/** Returns for each layer the blocks that a part's nodes go through, in the order of the trie's blocks. */
export function partSteps(trie: RecipeTrie, part: TriePart): PartStep[][] {
  return trie.levels.map(({ blocks }, layer) => {
    const used = blocks.flatMap((source, block) => {
      const nodes = elementAt(part.levels, layer, 'level').filter((node) => node.block === block)
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

/** Divides nodes into runs of at most `maxNodes`. Each node with `runsAlone` has a run of its own. */
export function chunksOf(nodes: readonly PartNode[], maxNodes: number): PartNode[][] {
  const chunks = nodes.filter(({ runsAlone }) => runsAlone).map((node) => [node])
  const others = nodes.filter(({ runsAlone }) => !runsAlone)
  for (let first = 0; first < others.length; first += maxNodes) chunks.push(others.slice(first, first + maxNodes))
  return chunks
}
