import { dropNow } from '../../base/drop-now'
import { elementAt } from '../../../contract/model/look-up'
import { rowAt } from '../rows/rows'
import type { PackedPrompts } from '../tries/prompt-trie'
import { blockKey, type RecipeTrie } from '../tries/recipe-trie'

/** Stands for the row before a prompt's first one, and for a row that is not cached. */
const NO_ROW = -1

/** States of some models on one set of packed prompts. A row is a distinct token prefix. */
interface Pack {
  /** Maps a row and the token after it to the next row. */
  readonly nextRow: ReadonlyMap<string, number>
  /** States by node key (see `nodeKeys`), [rows, hidden] each. */
  readonly states: Map<string, Float32Array>
}

/** Caches hidden states between layers for later requests of models and prompts that begin alike. */
export class StateCache {
  bytes = 0
  private readonly packs: Pack[] = []
  private newest: PackedPrompts | null = null
  private limitBytes = 0

  limit(bytes: number): void {
    this.limitBytes = bytes
  }

  clear(): void {
    for (const { states } of this.packs.splice(0)) for (const { buffer } of states.values()) dropNow(buffer)
    this.bytes = 0
  }

  /** Returns the cached states of a trie's nodes on a run's prompts. It is valid until another run adds states. */
  of(trie: RecipeTrie, packed: PackedPrompts): RunStates {
    const candidates = this.packs.map((pack) => ({ pack, rows: rowsIn(pack, packed) }))
    return new RunStates(trie, packed, candidates, (key, state) => this.put(packed, key, state))
  }

  private put(packed: PackedPrompts, key: string, state: Float32Array): void {
    if (this.bytes + state.byteLength > this.limitBytes) return
    let pack = this.packs.at(-1)
    if (pack === undefined || this.newest !== packed) {
      pack = { nextRow: nextRows(packed), states: new Map() }
      this.packs.push(pack)
      this.newest = packed
    }
    pack.states.set(key, state.slice())
    this.bytes += state.byteLength
  }
}

/**
 * Cached states of a trie's nodes for the packed rows of a run. A node is the states of models that are equal up to a
 * layer. States that the run computes are stored as well.
 */
export class RunStates {
  private readonly keys: readonly (readonly string[])[]

  constructor(
    trie: RecipeTrie,
    private readonly packed: PackedPrompts,
    /** Packs with the index of each packed row in them, or NO_ROW. */
    private readonly candidates: readonly { readonly pack: Pack; readonly rows: Int32Array }[],
    private readonly keep: (key: string, state: Float32Array) => void
  ) {
    this.keys = nodeKeys(trie)
  }

  has(level: number, node: number): boolean {
    const packs = this.withNode(level, node)
    return packs.length > 0 && this.packed.tokens.every((_, row) => packs.some(({ rows }) => rows[row] !== NO_ROW))
  }

  /** Returns a copy of a node's states, [rows, hidden]. @throws RangeError if a row is not cached */
  get(level: number, node: number): Float32Array {
    const key = this.keyOf(level, node)
    const packs = this.withNode(level, node)
    const rows = Array.from(this.packed.tokens, (_, row) => {
      const candidate = packs.find(({ rows }) => rows[row] !== NO_ROW)
      const state = candidate?.pack.states.get(key)
      if (candidate === undefined || state === undefined) throw new RangeError(`no state of row ${row} is kept`)
      return { state, row: elementAt(candidate.rows, row, 'row'), count: candidate.pack.nextRow.size }
    })
    const [first] = rows
    if (first === undefined) throw new RangeError('a run without rows')
    const width = first.state.length / first.count
    const gathered = new Float32Array(rows.length * width)
    for (const [i, { state, row }] of rows.entries()) gathered.set(rowAt(state, row, width), i * width)
    return gathered
  }

  store(level: number, node: number, state: Float32Array): void {
    this.keep(this.keyOf(level, node), state)
  }

  private withNode(level: number, node: number): typeof this.candidates {
    const key = this.keyOf(level, node)
    return this.candidates.filter(({ pack }) => pack.states.has(key))
  }

  private keyOf(level: number, node: number): string {
    return elementAt(elementAt(this.keys, level, 'level'), node, 'node')
  }
}

/** Returns keys of nodes that are equal in any trie of one pair: the embedding and all blocks on the path. */
function nodeKeys({ roots, levels }: RecipeTrie): string[][] {
  let above: readonly string[] = roots
  return levels.map(({ blocks, nodes }) => {
    const parents = above
    const keys = nodes.map(
      ({ parent, block }) => `${elementAt(parents, parent, 'parent')}\n${blockKey(elementAt(blocks, block, 'block'))}`
    )
    above = keys
    return keys
  })
}

function nextRows({ paths, tokens }: PackedPrompts): Map<string, number> {
  const nextRow = new Map<string, number>()
  for (const path of paths) {
    let before = NO_ROW
    for (const row of path) {
      nextRow.set(`${before} ${elementAt(tokens, row, 'row')}`, row)
      before = row
    }
  }
  return nextRow
}

/** Returns the index of each packed row in a pack, or NO_ROW. */
function rowsIn({ nextRow }: Pack, { paths, tokens }: PackedPrompts): Int32Array {
  const rows = new Int32Array(tokens.length).fill(NO_ROW)
  for (const path of paths) {
    let cachedRow: number | undefined = NO_ROW
    for (const row of path) {
      cachedRow = nextRow.get(`${cachedRow} ${elementAt(tokens, row, 'row')}`)
      if (cachedRow === undefined) break
      rows[row] = cachedRow
    }
  }
  return rows
}
