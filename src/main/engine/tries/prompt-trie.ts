import { at, got } from '../../../contract/model/look-up'

/**
 * All prompts of a run as one packed sequence: a row per distinct token prefix, so that what prompts share is
 * computed once per recipe. Rows are in order of first appearance; a row's parent always comes before it.
 */
export interface PackedPrompts {
  /** Token of each row, [rowCount]. */
  readonly tokens: Int32Array
  /** Depth of each row in the trie, which is its position in its prompts, [rowCount]. */
  readonly positions: Int32Array
  /** For each prompt, the rows of its tokens in order. */
  readonly paths: readonly Int32Array[]
}

interface TrieNode {
  readonly row: number
  readonly children: Map<number, TrieNode>
}

class PromptTrie {
  readonly tokens: number[] = []
  readonly positions: number[] = []
  /** Rows that nothing follows. */
  leaves = 0
  private readonly root: TrieNode = { row: -1, children: new Map() }

  /** Adds what is new of a sequence and returns the row of each of its tokens. */
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

/** How many tokens of a prompt come after the beginning that it shares with another. */
export function countNewTokens(known: readonly number[], prompt: readonly number[]): number {
  const differs = prompt.findIndex((token, position) => token !== known[position])
  return differs === -1 ? 0 : prompt.length - differs
}

/** @param prompts token ids of each prompt, none empty; of one with answers its places */
export function packPrompts(prompts: readonly (readonly number[])[]): PackedPrompts {
  const trie = new PromptTrie()
  const paths = prompts.map((prompt) => trie.insert(prompt))
  return { tokens: Int32Array.from(trie.tokens), positions: Int32Array.from(trie.positions), paths }
}

/** The sequences of tokens of one prompt after which a next token is asked for: the prompt, and what begins its answers. */
export type PromptPlaces = readonly (readonly number[])[]

/** How large a group of prompts is. */
export interface GroupSize {
  /** Rows of its packed sequence. */
  readonly rows: number
  /** Where a next token is asked for; places that are the same count each. */
  readonly places: number
  /** Sequences that are no beginning of another. */
  readonly leaves: number
  /** Most tokens by which a place lies behind its prompt's first. */
  readonly furthest: number
  readonly prompts: number
  /** Tokens of the longest sequence. */
  readonly longest: number
}

/** A group of prompts that is growing. */
class GrowingGroup {
  readonly prompts: number[] = []
  private readonly trie = new PromptTrie()
  private places = 0
  private longest = 0
  private furthest = 0

  add(index: number, places: PromptPlaces): void {
    for (const sequence of places) {
      this.trie.insert(sequence)
      this.longest = Math.max(this.longest, sequence.length)
      this.furthest = Math.max(this.furthest, sequence.length - at(places, 0, 'place').length)
    }
    this.places += places.length
    this.prompts.push(index)
  }

  get size(): GroupSize {
    const { places, longest, furthest, trie } = this
    return {
      rows: trie.tokens.length,
      places,
      leaves: trie.leaves,
      longest,
      furthest,
      prompts: this.prompts.length
    }
  }
}

/** How large prompts are together. */
export function sizeOf(prompts: readonly PromptPlaces[]): GroupSize {
  const group = new GrowingGroup()
  for (const [index, places] of prompts.entries()) group.add(index, places)
  return group.size
}

/**
 * Splits prompts into runs of neighbours that fit, as long as possible. A prompt that does not fit by itself gets a group
 * of its own.
 *
 * @param fits false for every group that contains one that does not fit
 * @returns indices of the prompts of each group, in order
 */
export function groupPrompts(
  prompts: readonly PromptPlaces[],
  fits: (size: GroupSize) => boolean
): number[][] {
  if (prompts.length > 0 && fits(sizeOf(prompts))) return [[...prompts.keys()]]
  const groups: number[][] = []
  let group = new GrowingGroup()
  for (const [index, places] of prompts.entries()) {
    const before = [...group.prompts]
    group.add(index, places)
    if (before.length === 0 || fits(group.size)) continue
    groups.push(before)
    group = new GrowingGroup()
    group.add(index, places)
  }
  if (group.prompts.length > 0) groups.push(group.prompts)
  return groups
}

/** The distinct rows that predict the prompts' next tokens; prompts with the same tokens share one. */
export function finalRows(packed: PackedPrompts): Int32Array {
  return Int32Array.from(new Set(packed.paths.map(lastRow)))
}

/** For each prompt, its place in `finalRows`. */
export function finalRowOfPrompts(packed: PackedPrompts): number[] {
  const places = new Map(Array.from(finalRows(packed), (row, place) => [row, place]))
  return packed.paths.map((path) => got(places, lastRow(path), 'final row'))
}

function lastRow(path: Int32Array): number {
  return at(path, path.length - 1, 'row')
}
