import { elementAt, mapGet } from '../../../contract/model/look-up'
import type { RecipeTrie } from './recipe-trie'
import { type TriePart, wholeTrie } from './trie-parts'

/** Computes the maximum of hidden states alive at once, without the last level, whose states are of some rows only. */
export function maxAliveStates(trie: RecipeTrie, parts: readonly TriePart[] = [wholeTrie(trie)]): number {
  const { roots, levels } = trie
  const uses = levels.map((_, level) => {
    const childCounts = new Map<number, number>()
    for (const part of parts)
      for (const { parent } of elementAt(part.levels, level, 'level'))
        childCounts.set(parent, (childCounts.get(parent) ?? 0) + 1)
    return childCounts
  })
  let alive = roots.length
  let max = alive
  for (const part of parts) {
    for (const [level, nodes] of part.levels.entries()) {
      const levelUses = elementAt(uses, level, 'level')
      for (const { parent } of nodes) {
        const remaining = mapGet(levelUses, parent, 'parent') - 1
        levelUses.set(parent, remaining)
        if (remaining === 0) alive--
        if (level < levels.length - 1) max = Math.max(max, ++alive)
      }
    }
  }
  return max
}
