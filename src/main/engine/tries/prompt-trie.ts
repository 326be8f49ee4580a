import { at } from '../../base/look-up'

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
  private readonly root: TrieNode = { row: -1, children: new Map() }

  /** Adds what is new of a prompt and returns the row of each of its tokens. */
  insert(prompt: readonly number[]): Int32Array {
    let node = this.root
    return Int32Array.from(prompt, (token, position) => {
      let child = node.children.get(token)
      if (child === undefined) {
        child = { row: this.tokens.length, children: new Map() }
        this.tokens.push(token)
        this.positions.push(position)
        node.children.set(token, child)
      }
      node = child
      return child.row
    })
  }

  /** How many rows a prompt would add. */
  countNew(prompt: readonly number[]): number {
    let node: TrieNode | undefined = this.root
    let shared = 0
    for (const token of prompt) {
      node = node.children.get(token)
      if (node === undefined) break
      shared++
    }
    return prompt.length - shared
  }
}

/** How many tokens of a prompt come after the beginning that it shares with another. */
export function countNewTokens(known: readonly number[], prompt: readonly number[]): number {
  const differs = prompt.findIndex((token, position) => token !== known[position])
  return differs === -1 ? 0 : prompt.length - differs
}

/** @param prompts token ids of each prompt, none empty */
export function packPrompts(prompts: readonly (readonly number[])[]): PackedPrompts {
  const trie = new PromptTrie()
  const paths = prompts.map((prompt) => trie.insert(prompt))
  return { tokens: Int32Array.from(trie.tokens), positions: Int32Array.from(trie.positions), paths }
}

/** How large a group of prompts is. */
export interface GroupSize {
  /** Rows of its packed sequence. */
  readonly rows: number
  readonly prompts: number
  /** Tokens of the longest prompt. */
  readonly longest: number
}

/**
 * Splits prompts into runs of neighbours that fit, as long as possible. A prompt that does not fit by itself gets a group
 * of its own.
 *
 * @param fits false for every group that contains one that does not fit
 * @returns indices of the prompts of each group, in order
 */
export function groupPrompts(
  prompts: readonly (readonly number[])[],
  fits: (size: GroupSize) => boolean
): number[][] {
  const groups: number[][] = []
  let group: number[] = []
  let trie = new PromptTrie()
  let longest = 0
  for (const [index, prompt] of prompts.entries()) {
    const size = {
      rows: trie.tokens.length + trie.countNew(prompt),
      prompts: group.length + 1,
      longest: Math.max(longest, prompt.length)
    }
    if (group.length > 0 && !fits(size)) {
      groups.push(group)
      group = []
      trie = new PromptTrie()
      longest = 0
    }
    trie.insert(prompt)
    group.push(index)
    longest = Math.max(longest, prompt.length)
  }
  if (group.length > 0) groups.push(group)
  return groups
}

/** The distinct rows that predict the prompts' next tokens; prompts with the same tokens share one. */
export function finalRows(packed: PackedPrompts): Int32Array {
  return Int32Array.from(new Set(packed.paths.map(lastRow)))
}

/** For each prompt, its place in `finalRows`. */
export function finalRowOfPrompts(packed: PackedPrompts): number[] {
  const rows = finalRows(packed)
  return packed.paths.map((path) => rows.indexOf(lastRow(path)))
}

function lastRow(path: Int32Array): number {
  return at(path, path.length - 1, 'row')
}
