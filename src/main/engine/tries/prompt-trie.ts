import { elementAt, mapGet } from '../../../contract/model/look-up'

/** All prompts of a run as one packed sequence: one row per distinct token prefix, parents before their children. */
export interface PackedPrompts {
  /** Token of each row, [rowCount]. */
  readonly tokens: Int32Array
  /** Depth of each row in the trie, which equals its position in its prompts, [rowCount]. */
  readonly positions: Int32Array
  /** The rows of each prompt's tokens, in order. */
  readonly paths: readonly Int32Array[]
}

/** A distinct prefix. The root is the empty prefix and has no row, so its row is -1. */
interface TrieNode {
  readonly row: number
  readonly children: Map<number, TrieNode>
}

class PromptTrie {
  readonly tokens: number[] = []
  readonly positions: number[] = []
  /** Number of prefixes that no longer prefix continues. */
  leaves = 0
  private readonly root: TrieNode = { row: -1, children: new Map() }

  /** Adds a sequence. @returns the rows of its tokens */
  insert(sequence: readonly number[]): Int32Array {
    let node = this.root
    return Int32Array.from(sequence, (token, position) => {
      let child = node.children.get(token)
      if (child === undefined) {
        child = { row: this.tokens.length, children: new Map() }
        this.tokens.push(token)
        this.positions.push(position)
        if (node.children.size > 0 || node === this.root) this.leaves++
        node.children.set(token, child)
      }
      node = child
      return child.row
    })
  }
}

/** Counts the tokens of a prompt that follow the beginning that it shares with another. */
export function countNewTokens(other: readonly number[], prompt: readonly number[]): number {
  const differs = prompt.findIndex((token, position) => token !== other[position])
  return differs === -1 ? 0 : prompt.length - differs
}

/** Packs prompts. @param prompts token ids, never empty; a prompt with answers is given as each of its prefixes */
export function packPrompts(prompts: readonly (readonly number[])[]): PackedPrompts {
  const trie = new PromptTrie()
  const paths = prompts.map((prompt) => trie.insert(prompt))
  return { tokens: Int32Array.from(trie.tokens), positions: Int32Array.from(trie.positions), paths }
}

/** The token sequences after which a prompt's next tokens are requested: itself, and beginnings of its answers. */
export type PromptPrefixes = readonly (readonly number[])[]

/** Sizes of a group of prompts that are packed together, which decide how much memory it takes. */
export interface GroupSize {
  readonly rows: number
  /** Prefixes after which a next token is requested. Equal prefixes are counted separately. */
  readonly prefixCount: number
  readonly leaves: number
  /** Maximum distance in tokens of a prefix from its prompt's first prefix. */
  readonly furthest: number
  readonly prompts: number
  readonly longest: number
}

class GrowingGroup {
  readonly prompts: number[] = []
  private readonly trie = new PromptTrie()
  private prefixCount = 0
  private longest = 0
  private furthest = 0

  add(index: number, prefixes: PromptPrefixes): void {
    for (const sequence of prefixes) {
      this.trie.insert(sequence)
      this.longest = Math.max(this.longest, sequence.length)
      this.furthest = Math.max(this.furthest, sequence.length - elementAt(prefixes, 0, 'prefix').length)
    }
    this.prefixCount += prefixes.length
    this.prompts.push(index)
  }

  get size(): GroupSize {
    const { prefixCount, longest, furthest, trie } = this
    return {
      rows: trie.tokens.length,
      prefixCount,
      leaves: trie.leaves,
      longest,
      furthest,
      prompts: this.prompts.length
    }
  }
}

export function sizeOf(prompts: readonly PromptPrefixes[]): GroupSize {
  const group = new GrowingGroup()
  for (const [index, prefixes] of prompts.entries()) group.add(index, prefixes)
  return group.size
}

/** Splits prompts into the longest groups of neighbours that fit, as indices. A prompt that never fits is alone. */
export function groupPrompts(prompts: readonly PromptPrefixes[], fits: (size: GroupSize) => boolean): number[][] {
  if (prompts.length > 0 && fits(sizeOf(prompts))) return [[...prompts.keys()]]
  const groups: number[][] = []
  let group = new GrowingGroup()
  for (const [index, prefixes] of prompts.entries()) {
    const before = [...group.prompts]
    group.add(index, prefixes)
    if (before.length === 0 || fits(group.size)) continue
    groups.push(before)
    group = new GrowingGroup()
    group.add(index, prefixes)
  }
  if (group.prompts.length > 0) groups.push(group.prompts)
  return groups
}

/** Returns the distinct rows that predict the prompts' next tokens. Prompts with equal tokens share a row. */
export function finalRows(packed: PackedPrompts): Int32Array {
  return Int32Array.from(new Set(packed.paths.map(lastRow)))
}

/** Returns the index of each prompt's last row in `finalRows`. */
export function finalRowOfPrompts(packed: PackedPrompts): number[] {
  const indexOf = new Map(Array.from(finalRows(packed), (row, index) => [row, index]))
  return packed.paths.map((path) => mapGet(indexOf, lastRow(path), 'final row'))
}

function lastRow(path: Int32Array): number {
  return elementAt(path, path.length - 1, 'row')
}
