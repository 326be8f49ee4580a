import { elementAt } from '../../../contract/model/look-up'
import { sum } from '../../base/sums'
import { type Origin, pathTo, type RecipeTrie } from './recipe-trie'

/** A node of one level of a recipe trie, and its parent on the level before. A node is the states of equal models. */
export interface LevelNode {
  readonly node: number
  readonly parent: number
}

export interface PartNode extends LevelNode {
  readonly block: number
  /**
   * True if several parts need the node. It is then computed in a run of its own, because the number of nodes in a run
   * changes the last bits of states. All parts must get the same states, also if only some parts are computed.
   */
  readonly runsAlone: boolean
}

/** A part of a trie that passes through all layers before the next part begins. */
export interface TriePart {
  readonly leaves: readonly number[]
  /** The nodes to compute on each level, in the level's order. */
  readonly levels: readonly (readonly PartNode[])[]
}

/** Returns the leaves in depth-first order, so that neighbouring leaves share most nodes. */
export function leavesByDepth({ roots, levels }: RecipeTrie): number[] {
  const children = levels.map(({ nodes }, level) => {
    const parents = level === 0 ? roots.length : elementAt(levels, level - 1, 'level').nodes.length
    const childrenOf = Array.from({ length: parents }, (): number[] => [])
    // Nodes are in reverse order, so that post, whose block is last on each level, comes first.
    for (const [node, { parent }] of nodes.entries()) elementAt(childrenOf, parent, 'parent').unshift(node)
    return childrenOf
  })
  const below = (level: number, node: number): number[] =>
    level === levels.length
      ? [node]
      : elementAt(elementAt(children, level, 'level'), node, 'node').flatMap((child) => below(level + 1, child))
  const first: Origin[] = ['base', 'post']
  const others = roots.filter((root) => !first.includes(root))
  return [...first, ...others].flatMap((origin) => {
    const root = roots.indexOf(origin)
    return root === -1 ? [] : below(0, root)
  })
}

/**
 * Splits leaves into parts of about equal cost.
 * @param costOf cost of a node on a level.
 * @param count number of parts.
 * @param together number of first leaves that must be in the same part
 */
export function splitLeaves(
  trie: RecipeTrie,
  leaves: readonly number[],
  costOf: (level: number) => number,
  count: number,
  together: number
): number[][] {
  let pathBefore: readonly number[] = []
  const costs = leaves.map((leaf) => {
    const path = pathTo(trie, leaf)
    const newCosts = path.map((node, level) => (node === pathBefore[level] ? 0 : costOf(level)))
    pathBefore = path
    return sum(newCosts)
  })
  const total = sum(costs)
  const parts: number[][] = Array.from({ length: count }, () => [])
  let passed = 0
  for (const [index, leaf] of leaves.entries()) {
    const cost = elementAt(costs, index, 'leaf')
    const part = index < together ? 0 : Math.floor((count * (passed + cost / 2)) / total)
    elementAt(parts, Math.min(part, count - 1), 'part').push(leaf)
    passed += cost
  }
  return parts.filter((part) => part.length > 0)
}

/**
 * Returns the nodes that each part computes, one part after the other. A node that several parts need is computed by
 * the first of them.
 *
 * @param known indices of parts whose scores are stored, which are not computed
 * @param isAvailable reports whether a node's states are cached
 */
export function walkParts(
  trie: RecipeTrie,
  parts: readonly (readonly number[])[],
  known: ReadonlySet<number> = new Set(),
  isAvailable: (level: number, node: number) => boolean = () => false
): TriePart[] {
  const last = trie.levels.length - 1
  const paths = parts.map((leaves) =>
    leaves.map((leaf) => {
      const path = pathTo(trie, leaf)
      const deepestAvailable = path.findLastIndex((node, level) => level < last && isAvailable(level, node))
      return { path, from: deepestAvailable + 1 }
    })
  )
  const timesNeeded = trie.levels.map(({ nodes }) => new Uint32Array(nodes.length))
  const needed = paths.map((partPaths) =>
    trie.levels.map((_, level) => {
      const passing = partPaths.filter(({ from }) => level >= from).map(({ path }) => elementAt(path, level, 'level'))
      const nodes = [...new Set(passing)].sort((a, b) => a - b)
      const times = elementAt(timesNeeded, level, 'level')
      for (const node of nodes) times[node] = elementAt(times, node, 'node') + 1
      return nodes
    })
  )
  const computed = trie.levels.map(() => new Set<number>())
  return parts.flatMap((leaves, part) => {
    if (known.has(part)) return []
    const levels = elementAt(needed, part, 'part').map((nodes, level) => {
      const before = elementAt(computed, level, 'level')
      const newNodes = nodes.filter((node) => !before.has(node))
      for (const node of newNodes) before.add(node)
      return newNodes.map((node): PartNode => {
        const { parent, block } = elementAt(elementAt(trie.levels, level, 'level').nodes, node, 'node')
        const times = elementAt(elementAt(timesNeeded, level, 'level'), node, 'node')
        return { node, parent, block, runsAlone: times > 1 }
      })
    })
    return [{ leaves, levels }]
  })
}

/** Returns, for each level but the last, the nodes whose states the parts need but do not compute themselves. */
export function nodesBefore({ levels }: RecipeTrie, parts: readonly TriePart[]): number[][] {
  const nodesOf = (level: number): readonly PartNode[] =>
    parts.flatMap((part) => elementAt(part.levels, level, 'level'))
  return levels.slice(0, -1).map((_, level) => {
    const computed = new Set(nodesOf(level).map(({ node }) => node))
    const parents = new Set(nodesOf(level + 1).map(({ parent }) => parent))
    return [...parents].filter((parent) => !computed.has(parent))
  })
}

export function wholeTrie(trie: RecipeTrie): TriePart {
  const { nodes } = elementAt(trie.levels, trie.levels.length - 1, 'level')
  return elementAt(walkParts(trie, [[...nodes.keys()]]), 0, 'part')
}

/** Counts the block evaluations of a part. */
export function countPartEdges({ levels }: TriePart): number {
  return levels.reduce((sum, nodes) => sum + nodes.length, 0)
}
