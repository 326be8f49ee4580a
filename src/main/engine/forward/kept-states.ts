import { dropNow } from '../../base/drop-now'
import { at } from '../../../contract/model/look-up'
import { rowAt } from '../rows/rows'
import type { PackedPrompts } from '../tries/prompt-trie'
import { blockKey, type RecipeTrie } from '../tries/recipe-trie'

/** States of some models on some packed prompts. */
interface Pack {
  /** The row behind a row and a token; -1 stands before the first. */
  readonly rowBehind: ReadonlyMap<string, number>
  /** By node, see `nodeKeys`, [rows, hidden] each. */
  readonly states: Map<string, Float32Array>
}

/**
 * Hidden states between layers, kept from one request to the next: of models that have their first layers in common, on prompts that
 * were computed before, or that begin as those do.
 */
export class KeptStates {
  /** Of all that is kept. */
  bytes = 0
  private readonly packs: Pack[] = []
  private limitBytes = 0

  /** Keeps so much from now on. */
  limit(bytes: number): void {
    this.limitBytes = bytes
  }

  clear(): void {
    for (const { states } of this.packs.splice(0)) for (const { buffer } of states.values()) dropNow(buffer)
    this.bytes = 0
  }

  /** What is there of a trie's nodes on a run's prompts, as long as nothing else is computed. */
  of(trie: RecipeTrie, packed: PackedPrompts): RunStates {
    const found = this.packs.map((pack) => ({ pack, rows: rowsIn(pack, packed) }))
    return new RunStates(trie, packed, found, (key, state) => {
      this.put(packed, key, state)
    })
  }

  private put(packed: PackedPrompts, key: string, state: Float32Array): void {
    if (this.bytes + state.byteLength > this.limitBytes) return
    let pack = this.packs.at(-1)
    if (pack === undefined || this.newest !== packed) {
      pack = { rowBehind: rowsOf(packed), states: new Map() }
      this.packs.push(pack)
      this.newest = packed
    }
    pack.states.set(key, state.slice())
    this.bytes += state.byteLength
  }

  /** What the last pack is of. */
  private newest: PackedPrompts | null = null
}

/** States that are there before a run, of a trie's nodes at the run's packed rows; and where its own go. */
export class RunStates {
  private readonly keys: readonly (readonly string[])[]

  constructor(
    trie: RecipeTrie,
    private readonly packed: PackedPrompts,
    /** With the row of each packed row there, or -1. */
    private readonly found: readonly { readonly pack: Pack; readonly rows: Int32Array }[],
    private readonly keep: (key: string, state: Float32Array) => void
  ) {
    this.keys = nodeKeys(trie)
  }

  has(level: number, node: number): boolean {
    const some = this.withNode(level, node)
    return some.length > 0 && this.packed.tokens.every((_, row) => some.some(({ rows }) => rows[row] !== -1))
  }

  /** A copy, [rows, hidden]. @throws RangeError where it is not there */
  get(level: number, node: number): Float32Array {
    const key = this.keyOf(level, node)
    const some = this.withNode(level, node)
    const rows = Array.from(this.packed.tokens, (_, row) => {
      const there = some.find(({ rows }) => rows[row] !== -1)
      const state = there?.pack.states.get(key)
      if (there === undefined || state === undefined) throw new RangeError(`no state of row ${row} is kept`)
      return { state, row: at(there.rows, row, 'row'), count: there.pack.rowBehind.size }
    })
    const [first] = rows
    if (first === undefined) throw new RangeError('a run without rows')
    const width = first.state.length / first.count
    const gathered = new Float32Array(rows.length * width)
    for (const [i, { state, row }] of rows.entries()) gathered.set(rowAt(state, row, width), i * width)
    return gathered
  }

  /** Keeps a copy where there is room. @param state [rows, hidden] */
  put(level: number, node: number, state: Float32Array): void {
    this.keep(this.keyOf(level, node), state)
  }

  private withNode(level: number, node: number): typeof this.found {
    const key = this.keyOf(level, node)
    return this.found.filter(({ pack }) => pack.states.has(key))
  }

  private keyOf(level: number, node: number): string {
    return at(at(this.keys, level, 'level'), node, 'node')
  }
}

/** Names of nodes that are equal in any trie of one pair: the embedding and all blocks on the way. */
function nodeKeys({ roots, levels }: RecipeTrie): string[][] {
  let above: readonly string[] = roots
  return levels.map(({ blocks, nodes }) => {
    const parents = above
    const keys = nodes.map(
      ({ parent, block }) => `${at(parents, parent, 'parent')}\n${blockKey(at(blocks, block, 'block'))}`
    )
    above = keys
    return keys
  })
}

function rowsOf({ paths, tokens }: PackedPrompts): Map<string, number> {
  const rowBehind = new Map<string, number>()
  for (const path of paths) {
    let before = -1
    for (const row of path) {
      rowBehind.set(`${before} ${at(tokens, row, 'row')}`, row)
      before = row
    }
  }
  return rowBehind
}

function rowsIn({ rowBehind }: Pack, { paths, tokens }: PackedPrompts): Int32Array {
  const rows = new Int32Array(tokens.length).fill(-1)
  for (const path of paths) {
    let there: number | undefined = -1
    for (const row of path) {
      there = rowBehind.get(`${there} ${at(tokens, row, 'row')}`)
      if (there === undefined) break
      rows[row] = there
    }
  }
  return rows
}
