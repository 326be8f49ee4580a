import { elementAt } from '../../contract/model/look-up'
import type { StateShape } from '../family/recurrent'
import { concatRows, gatherRows } from './graph-rows'
import type { OnnxGraph } from './onnx-model'
import type { ChunkGroup, RecurrentShape } from './recurrent-shape'

// Recurrent layers whose state is a matrix S for each value head, [keySize, valueSize]. Several value heads, a group,
// share the q and k of one key head. Tokens are computed in chunks, which are consecutive tokens of a prompt.

/** Inputs of the recurrence, one for each token; q, k and v are taken after the convolution. */
export interface TokenInputs {
  /** [..., keyHeads x keySize] */
  readonly q: string
  readonly k: string
  /** [..., valueHeads x valueSize] */
  readonly v: string
  /** Logarithm of the state's decay at each token, [..., valueHeads]. */
  readonly decay: string
  /** Factor of each token's change of the state, [..., valueHeads]. */
  readonly strength: string
}

/**
 * Inputs of chunks: q and k [chunks, keyHeads, length, keySize], all others [chunks, keyHeads, group, length, size].
 */
export interface TokenChunk extends TokenInputs {
  /** Prefix of the names of nodes that compute these chunks. */
  readonly path: string
  readonly length: number
  /** Multiplies rows of q or k with the keys, decayed from their token, [chunks, keyHeads, group, length, length]. */
  productsWithKeys(name: 'q' | 'k', rows: string): string
  /** Multiplies rows of q or k with the state before the chunk, which has decayed; null without one. */
  productsWithState(name: 'q' | 'k', rows: string): string | null
}

/** The state of a value head changes with each token by S' = e^g S + k u^T, where g is the decay. */
export interface StateRule {
  /** Gives the changes u of a chunk's tokens, of the shape of v. */
  changes(chunk: TokenChunk): string
  /** Computes a term of the outputs of a chunk's tokens, in the shape of v; null if the rule has none. */
  direct(chunk: TokenChunk): string | null
}

/**
 * Computes the outputs of tokens with state S before their chunk. Let G be the sum of g from the chunk's start to a
 * token. The token's output is e^G S^T q, plus the sum of e^(G - G_j) (q k_j) u_j over tokens j up to it.
 */
export class ChunkedStates {
  /** Value heads of one key head. */
  private readonly group: number

  constructor(
    private readonly graph: OnnxGraph,
    private readonly sizes: StateShape,
    private readonly rule: StateRule
  ) {
    this.group = sizes.valueHeads / sizes.keyHeads
  }

  /**
   * Computes packed rows.
   * @param tokens [nodes, rows + 1, width] with a last row of zeros, which fills up chunks.
   * @returns `mixed` outputs, [nodes, rows, heads x size]. `states` after the ends, [nodes, ends, state], or null.
   */
  packed(tokens: TokenInputs, shape: RecurrentShape): { mixed: string; states: string | null } {
    const { graph } = this
    const { results, statesOf } = this.computeLevels(tokens, shape)
    const joined = concatRows(graph, 'recurrent/results', results)
    const ends = shape.ends.map(({ level, chunk }, i) =>
      gatherRows(graph, `recurrent/end${i}`, elementAt(statesOf, level, 'level'), Int32Array.of(chunk))
    )
    return {
      mixed: gatherRows(graph, 'recurrent/mixed', joined, shape.resultIndex),
      states: ends.length === 0 ? null : concatRows(graph, 'recurrent/ends', ends)
    }
  }

  /**
   * Computes one token of each row, [rows, width].
   * @param state [rows, keyHeads, group, keySize, valueSize]
   * @returns outputs, [rows, heads x size], and the next state, [rows, state]
   */
  step(tokens: TokenInputs, state: string): { mixed: string; state: string } {
    const { graph } = this
    const { keyHeads, keySize, valueSize } = this.sizes
    const splitHeads = (name: keyof TokenInputs, dims: readonly number[]): string =>
      graph.reshape(`recurrent/${name}/heads`, tokens[name], [-1, keyHeads, ...dims])
    const token = {
      q: splitHeads('q', [1, keySize]),
      k: splitHeads('k', [1, keySize]),
      v: splitHeads('v', [this.group, 1, valueSize]),
      decay: splitHeads('decay', [this.group, 1, 1]),
      strength: splitHeads('strength', [this.group, 1, 1])
    }
    const { result, state: after } = this.computeChunks('recurrent/token', token, 1, state, true)
    if (after === null) throw new Error('a step has a state')
    return {
      mixed: graph.reshape('recurrent/mixed', result, [-1, this.outputSize]),
      state: graph.reshape('recurrent/state', after, [-1, this.outputSize * keySize])
    }
  }

  private get outputSize(): number {
    return this.sizes.valueHeads * this.sizes.valueSize
  }

  /**
   * Computes chunks level by level. Chunks of a level continue from states after chunks of the level before.
   * @returns results of each group of chunks, [nodes, rows, heads x size], and the states after levels that are read
   */
  private computeLevels(
    tokens: TokenInputs,
    { levels, ends }: RecurrentShape
  ): { results: string[]; statesOf: string[] } {
    const { graph } = this
    const results: string[] = []
    const statesOf: string[] = []
    for (const [level, groups] of levels.entries()) {
      const isRead = level < levels.length - 1 || ends.some((end) => end.level === level)
      const states: string[] = []
      for (const [i, group] of groups.entries()) {
        const path = `recurrent/level${level}/group${i}`
        const { length, rows } = group
        const before = level === 0 ? null : this.gatherStates(path, elementAt(statesOf, level - 1, 'level'), group)
        const chunks = this.gatherTokens(path, tokens, group)
        const { result, state } = this.computeChunks(path, chunks, length, before, isRead)
        results.push(graph.reshape(`${path}/result/nodes`, result, [-1, rows.length, this.outputSize]))
        if (state === null) continue
        const dims = [-1, rows.length / length, this.outputSize * this.sizes.keySize]
        states.push(graph.reshape(`${path}/state/nodes`, state, dims))
      }
      if (isRead) statesOf.push(concatRows(graph, `recurrent/level${level}/states`, states))
    }
    return { results, statesOf }
  }

  /** Gathers the tokens of chunks into the shapes of a `TokenChunk`. */
  private gatherTokens(path: string, tokens: TokenInputs, { length, rows }: ChunkGroup): TokenInputs {
    const { graph, group } = this
    const { keyHeads, keySize, valueSize } = this.sizes
    const byChunk = (name: keyof TokenInputs, dims: readonly number[], perm: number[]): string => {
      const gathered = gatherRows(graph, `${path}/${name}/rows`, tokens[name], rows)
      const chunks = graph.reshape(`${path}/${name}/chunks`, gathered, [-1, length, ...dims])
      return graph.node(`${path}/${name}`, 'Transpose', [chunks], { perm: { ints: perm } })
    }
    const ofKeyHead = [0, 2, 1, 3]
    const ofValueHead = [0, 2, 3, 1, 4]
    return {
      q: byChunk('q', [keyHeads, keySize], ofKeyHead),
      k: byChunk('k', [keyHeads, keySize], ofKeyHead),
      v: byChunk('v', [keyHeads, group, valueSize], ofValueHead),
      decay: byChunk('decay', [keyHeads, group, 1], ofValueHead),
      strength: byChunk('strength', [keyHeads, group, 1], ofValueHead)
    }
  }

  /** Gathers the states that chunks continue from, [chunks, keyHeads, group, keySize, valueSize]. */
  private gatherStates(path: string, states: string, { before }: ChunkGroup): string {
    const { keyHeads, keySize, valueSize } = this.sizes
    const gathered = gatherRows(this.graph, `${path}/before`, states, before)
    const dims = [-1, keyHeads, this.group, keySize, valueSize]
    return this.graph.reshape(`${path}/before/heads`, gathered, dims)
  }

  /**
   * Computes chunks of one length.
   * @param before states before the chunks, [chunks, keyHeads, group, keySize, valueSize]; null for zeros.
   * @returns results, [chunks, length, keyHeads, group, valueSize], and the states after the chunks; null if unread
   */
  private computeChunks(
    path: string,
    tokens: TokenInputs,
    length: number,
    before: string | null,
    isStateRead: boolean
  ): { result: string; state: string | null } {
    const { graph } = this
    const { q, k, decay } = tokens
    const apply = (name: string, op: string, ...values: string[]): string => graph.node(`${path}/${name}`, op, values)
    const columns = graph.node(`${path}/k/columns`, 'Transpose', [k], { perm: { ints: [0, 1, 3, 2] } })
    const total = length === 1 ? decay : apply('total', 'MatMul', this.triangle(length), decay)
    const stateDecay = before === null ? null : apply('kept', 'Exp', total)
    const decays = length === 1 ? null : this.decayMatrix(path, total, length)
    const productsWithState = (name: 'q' | 'k', rows: string): string | null => {
      if (before === null || stateDecay === null) return null
      const shared = this.addGroupAxis(`${path}/${name}/group`, rows, [length, this.sizes.keySize])
      return apply(`${name}/before`, 'Mul', stateDecay, apply(`${name}/state`, 'MatMul', shared, before))
    }
    const productsWithKeys = (name: 'q' | 'k', rows: string): string => {
      const products = apply(`${name}k`, 'MatMul', rows, columns)
      const shared = this.addGroupAxis(`${path}/${name}k/group`, products, [length, length])
      return decays === null ? shared : apply(`${name}k/decayed`, 'Mul', shared, decays)
    }
    const chunk = { ...tokens, path, length, productsWithKeys, productsWithState }
    const changes = this.rule.changes(chunk)
    let mixed = apply('within', 'MatMul', productsWithKeys('q', q), changes)
    const terms = [productsWithState('q', q), this.rule.direct(chunk)].filter((term) => term !== null)
    for (const [i, term] of terms.entries()) mixed = apply(`mixed${i}`, 'Add', mixed, term)
    const result = graph.node(`${path}/result`, 'Transpose', [mixed], { perm: { ints: [0, 3, 1, 2, 4] } })
    const state = isStateRead ? this.stateAfter(path, { columns, total, changes, length, before }) : null
    return { result, state }
  }

  /** Adds the changes of a chunk to the state before it, each decayed up to the chunk's last token. */
  private stateAfter(
    path: string,
    {
      columns,
      total,
      changes,
      length,
      before
    }: { columns: string; total: string; changes: string; length: number; before: string | null }
  ): string {
    const { graph } = this
    const apply = (name: string, op: string, ...values: string[]): string => graph.node(`${path}/${name}`, op, values)
    const index = graph.constant(`${path}/last/index`, BigInt64Array.of(BigInt(length - 1)))
    const last = graph.node(`${path}/last`, 'Gather', [total, index], { axis: { int: 3 } })
    const share = apply('share', 'Exp', apply('share/log', 'Sub', last, total))
    const shared = this.addGroupAxis(`${path}/k/columns/group`, columns, [this.sizes.keySize, length])
    const added = apply('state/added', 'MatMul', shared, apply('changes/kept', 'Mul', changes, share))
    if (before === null) return added
    return apply('state', 'Add', added, apply('state/kept', 'Mul', before, apply('last/kept', 'Exp', last)))
  }

  /** Gives values of key heads an axis of size 1 for the value heads of each, over which they are broadcast. */
  private addGroupAxis(path: string, value: string, dims: readonly number[]): string {
    return this.graph.reshape(path, value, [-1, this.sizes.keyHeads, 1, ...dims])
  }

  /** Computes e^(G_i - G_j) for tokens j <= i, and 0 elsewhere: [..., length, length]. @param total the sums G */
  private decayMatrix(path: string, total: string, length: number): string {
    const { graph } = this
    const columns = graph.node(`${path}/total/columns`, 'Transpose', [total], {
      perm: { ints: [0, 1, 2, 4, 3] }
    })
    const differences = graph.node(`${path}/decays/log`, 'Sub', [total, columns])
    const mask = this.square(`future${length}`, length, (i, j) => (j <= i ? 0 : -1e9))
    return graph.node(`${path}/decays`, 'Exp', [graph.node(`${path}/decays/past`, 'Add', [differences, mask])])
  }

  /** Multiplying by this matrix sums over all earlier tokens of a chunk and the token itself. */
  private triangle(length: number): string {
    return this.square(`triangle${length}`, length, (i, j) => (j <= i ? 1 : 0))
  }

  private readonly squares = new Map<string, string>()

  /** Returns a constant matrix, [length, length], which the graph contains once under its name. */
  square(name: string, length: number, valueAt: (i: number, j: number) => number): string {
    const stored = this.squares.get(name)
    if (stored !== undefined) return stored
    const values = Float32Array.from({ length: length * length }, (_, i) => valueAt(Math.floor(i / length), i % length))
    const constant = this.graph.constant(`recurrent/${name}`, values, [length, length])
    this.squares.set(name, constant)
    return constant
  }
}
