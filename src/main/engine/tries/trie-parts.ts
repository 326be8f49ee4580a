import { at } from '../../../contract/model/look-up'
import { type Origin, pathTo, type RecipeTrie } from './recipe-trie'

/** A node of a level, and the node of the level above that it goes on from. */
export interface LevelNode {
  readonly node: number
  readonly parent: number
}

/** A node of a part, to be computed. */
export interface PartNode extends LevelNode {
  /** Index into the level's blocks. */
  readonly block: number
  /**
   * Other parts go on from it too, and any of them may have to compute it, so it is computed by itself: how many nodes go
   * through a block together changes the last bits of their states.
   */
  readonly alone: boolean
}

/** A part of a trie that is taken through all layers before the next begins. */
export interface TriePart {
  readonly leaves: readonly number[]
  /** Of each level the nodes to compute, in the level's order. */
  readonly levels: readonly (readonly PartNode[])[]
}

/**
 * The leaves as one finds them going into the depth first, base before post and what stays post before what leaves it. Leaves
 * that follow one another have most of their way in common: of all that a leaf shares with those before it, the last one has
 * everything.
 */
export function leavesByDepth({ roots, levels }: RecipeTrie): number[] {
  const children = levels.map(({ nodes }, level) => {
    const parents = level === 0 ? roots.length : at(levels, level - 1, 'level').nodes.length
    const of = Array.from({ length: parents }, (): number[] => [])
    // Post is the last of a level's blocks.
    for (const [node, { parent }] of nodes.entries()) at(of, parent, 'parent').unshift(node)
    return of
  })
  const below = (level: number, node: number): number[] =>
    level === levels.length
      ? [node]
      : at(at(children, level, 'level'), node, 'node').flatMap((child) => below(level + 1, child))
  const first: Origin[] = ['base', 'post']
  const others = roots.filter((root) => !first.includes(root))
  return [...first, ...others].flatMap((origin) => {
    const root = roots.indexOf(origin)
    return root === -1 ? [] : below(0, root)
  })
}

/**
 * Splits leaves into runs of about equal cost.
 *
 * @param leaves as `leavesByDepth` has them
 * @param costOf of a node of a level
 * @param together so many of the first leaves stay together
 */
export function splitLeaves(
  trie: RecipeTrie,
  leaves: readonly number[],
  costOf: (level: number) => number,
  count: number,
  together: number
): number[][] {
  let before: readonly number[] = []
  const costs = leaves.map((leaf) => {
    const way = pathTo(trie, leaf)
    const fresh = way.map((node, level) => (node === before[level] ? 0 : costOf(level)))
    before = way
    return fresh.reduce((sum, cost) => sum + cost, 0)
  })
  const total = costs.reduce((sum, cost) => sum + cost, 0)
  const parts: number[][] = Array.from({ length: count }, () => [])
  let passed = 0
  for (const [place, leaf] of leaves.entries()) {
    const cost = at(costs, place, 'leaf')
    const part = place < together ? 0 : Math.floor((count * (passed + cost / 2)) / total)
    at(parts, Math.min(part, count - 1), 'part').push(leaf)
    passed += cost
  }
  return parts.filter((part) => part.length > 0)
}

/**
 * What each part has to compute when they are walked one after the other: what those before it have computed is still there.
 *
 * @param parts leaves of all parts
 * @param known indices of those that are left out
 * @param isThere whether a node above the last level is there before any part
 */
export function walkParts(
  trie: RecipeTrie,
  parts: readonly (readonly number[])[],
  known: ReadonlySet<number> = new Set(),
  isThere: (level: number, node: number) => boolean = () => false
): TriePart[] {
  const last = trie.levels.length - 1
  const ways = parts.map((leaves) =>
    leaves.map((leaf) => {
      const way = pathTo(trie, leaf)
      const there = way.findLastIndex((node, level) => level < last && isThere(level, node))
      return { way, from: there + 1 }
    })
  )
  const timesNeeded = trie.levels.map(({ nodes }) => new Uint32Array(nodes.length))
  const needed = ways.map((ofPart) =>
    trie.levels.map((_, level) => {
      const passing = ofPart.filter(({ from }) => level >= from).map(({ way }) => at(way, level, 'level'))
      const nodes = [...new Set(passing)].sort((a, b) => a - b)
      const times = at(timesNeeded, level, 'level')
      for (const node of nodes) times[node] = at(times, node, 'node') + 1
      return nodes
    })
  )
  const computed = trie.levels.map(() => new Set<number>())
  return parts.flatMap((leaves, part) => {
    if (known.has(part)) return []
    const levels = at(needed, part, 'part').map((nodes, level) => {
      const before = at(computed, level, 'level')
      const fresh = nodes.filter((node) => !before.has(node))
      for (const node of fresh) before.add(node)
      return fresh.map((node): PartNode => ({
        node,
        ...at(at(trie.levels, level, 'level').nodes, node, 'node'),
        alone: at(at(timesNeeded, level, 'level'), node, 'node') > 1
      }))
    })
    return [{ leaves, levels }]
  })
}

/** Nodes of each level but the last that parts go on from and do not compute. */
export function nodesBefore({ levels }: RecipeTrie, parts: readonly TriePart[]): number[][] {
  const nodesOf = (level: number): readonly PartNode[] =>
    parts.flatMap((part) => at(part.levels, level, 'level'))
  return levels.slice(0, -1).map((_, level) => {
    const computed = new Set(nodesOf(level).map(({ node }) => node))
    const parents = new Set(nodesOf(level + 1).map(({ parent }) => parent))
    return [...parents].filter((parent) => !computed.has(parent))
  })
}

/** The whole trie as one part. */
export function wholeTrie(trie: RecipeTrie): TriePart {
  const { nodes } = at(trie.levels, trie.levels.length - 1, 'level')
  return at(walkParts(trie, [[...nodes.keys()]]), 0, 'part')
}

/** Evaluations of a block on one packed sequence. */
export function countPartEdges({ levels }: TriePart): number {
  return levels.reduce((sum, nodes) => sum + nodes.length, 0)
}
