import { elementAt } from '../../../contract/model/look-up'
import type { RecipeTrie } from './recipe-trie'
import { type PartNode, type TriePart, wholeTrie } from './trie-parts'

/** The hidden states that one run of a block computes, which are freed together. */
interface RunOutput {
  readonly size: number
  remaining: number
}

/**
 * Computes how many nodes' hidden states are in memory at once at most. States of the last level are not counted,
 * because they have only some of the rows.
 * @param perRun number of nodes that a run of a block advances
 */
export function maxAliveStates(trie: RecipeTrie, parts: readonly TriePart[] = [wholeTrie(trie)], perRun = 1): number {
  const { roots, levels } = trie
  const uses = levels.map((_, level) => {
    const childCounts: number[] = []
    for (const part of parts)
      for (const { parent } of elementAt(part.levels, level, 'level'))
        childCounts[parent] = (childCounts[parent] ?? 0) + 1
    return childCounts
  })
  /** Outputs with the states of each level's parents. */
  const outputs = [roots.map((): RunOutput => ({ size: 1, remaining: 1 })), ...levels.map((): RunOutput[] => [])]
  let alive = roots.length
  let max = alive
  for (const part of parts) {
    for (const [level, nodes] of part.levels.entries()) {
      const levelUses = elementAt(uses, level, 'level')
      const parents = elementAt(outputs, level, 'level')
      const children = elementAt(outputs, level + 1, 'level')
      for (const run of runsOf(nodes, perRun)) {
        for (const { parent } of run) {
          const remaining = elementAt(levelUses, parent, 'parent') - 1
          levelUses[parent] = remaining
          if (remaining > 0) continue
          const output = elementAt(parents, parent, 'output')
          output.remaining--
          if (output.remaining === 0) alive -= output.size
        }
        if (level === levels.length - 1) continue
        const output = { size: run.length, remaining: run.length }
        for (const { node } of run) children[node] = output
        alive += run.length
        max = Math.max(max, alive)
      }
    }
  }
  return max
}

/** Divides nodes, which are grouped by block, into runs. */
function runsOf(nodes: readonly PartNode[], perRun: number): PartNode[][] {
  const runs: PartNode[][] = []
  for (const node of nodes) {
    const run = runs.at(-1)
    if (run === undefined || run.length === perRun || run[0]?.block !== node.block) runs.push([node])
    else run.push(node)
  }
  return runs
}

/** Returns a cached `maxAliveStates`, whose argument is the nodes per run, rounded up to a power of two. */
export function aliveStatesOf(trie: RecipeTrie): (perRun: number) => number {
  const byRun = new Map<number, number>()
  return (perRun) => {
    const rounded = 2 ** Math.ceil(Math.log2(perRun))
    const states = byRun.get(rounded) ?? maxAliveStates(trie, [wholeTrie(trie)], rounded)
    byRun.set(rounded, states)
    return states
  }
}
