import { at, got } from '../../../contract/model/look-up'
import type { RecipeTrie } from './recipe-trie'
import { type TriePart, wholeTrie } from './trie-parts'

/**
 * Most hidden states alive at once: a parent lives until its last child is computed, and the last level's nodes are
 * states of some rows only (`finals`).
 */
export function mostStates(trie: RecipeTrie, parts: readonly TriePart[] = [wholeTrie(trie)]): number {
  const { roots, levels } = trie
  const uses = levels.map((_, level) => {
    const of = new Map<number, number>()
    for (const part of parts)
      for (const { parent } of at(part.levels, level, 'level')) of.set(parent, (of.get(parent) ?? 0) + 1)
    return of
  })
  let alive = roots.length
  let most = alive
  for (const part of parts) {
    for (const [level, nodes] of part.levels.entries()) {
      const ofLevel = at(uses, level, 'level')
      for (const { parent } of nodes) {
        const left = got(ofLevel, parent, 'parent') - 1
        ofLevel.set(parent, left)
        if (left === 0) alive--
        if (level < levels.length - 1) most = Math.max(most, ++alive)
      }
    }
  }
  return most
}
