import { elementAt } from '../../contract/model/look-up'
import type { StateShape } from '../family/recurrent'
import { concatRows, gatherRows } from './graph-rows'
import type { OnnxGraph } from './onnx-model'
import type { ChunkGroup, RecurrentShape } from './recurrent-shape'

/** Inputs of the recurrence: q, k and v after the convolution, logarithm of the decay, and strength of a token. */
export interface TokenInputs {
  /** [..., keyHeads x keySize] */
  readonly q: string
  readonly k: string
  /** [..., valueHeads x valueSize] */
  readonly v: string
  /** [..., valueHeads] */
  readonly decay: string
  readonly strength: string
}

/**
 * Inputs of chunks: q and k [chunks, keyHeads, length, keySize], all others [chunks, keyHeads, group, length, size].
 */
export interface TokenChunk extends TokenInputs {
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
 * Computes the outputs e^G S^T q + sum over j of e^(G - G_j) (q k_j) u_j of tokens with state S, where G is the sum
 * of g up to a token.
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
   * Computes packed rows. @param tokens [nodes, rows + 1, width] with a last row of zeros @returns outputs [nodes,
   * rows, heads x size], and states after the ends [nodes, ends, state]; null without ends
   */
  packed(tokens: TokenInputs, shape: RecurrentShape): { mixed: string; states: string | null } {
    const { graph } = this
    const { results, statesOf } = this.throughLevels(tokens, shape)
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
   * Computes one token of each row, [rows, width]. @param state [rows, keyHeads, group, keySize, valueSize] @returns
   * outputs [rows, heads x size], and the next state [rows, state]
   */
  step(tokens: TokenInputs, state: string): { mixed: string; state: string } {
    const { graph } = this
    const { keyHeads, keySize, valueSize } = this.sizes
    const ofHeads = (name: keyof TokenInputs, dims: readonly number[]): string =>
      graph.reshape(`recurrent/${name}/heads`, tokens[name], [-1, keyHeads, ...dims])
    const token = {
      q: ofHeads('q', [1, keySize]),
      k: ofHeads('k', [1, keySize]),
      v: ofHeads('v', [this.group, 1, valueSize]),
      decay: ofHeads('decay', [this.group, 1, 1]),
      strength: ofHeads('strength', [this.group, 1, 1])
    }
    const { result, state: after } = this.chunk('recurrent/token', token, 1, state, true)
    if (after === null) throw new Error('a step has a state')
    return {
      mixed: graph.reshape('recurrent/mixed', result, [-1, this.outputSize]),
      state: graph.reshape('recurrent/state', after, [-1, this.outputSize * keySize])
    }
  }

  private get outputSize(): number {
    return this.sizes.valueHeads * this.sizes.valueSize
  }

  /** Computes chunks level by level: results, [nodes, rows, heads x size] each, and the states of read levels. */
  private throughLevels(
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
        const before = level === 0 ? null : this.statesBefore(path, elementAt(statesOf, level - 1, 'level'), group)
        const { result, state } = this.chunk(path, this.gathered(path, tokens, group), length, before, isRead)
        results.push(graph.reshape(`${path}/result/nodes`, result, [-1, rows.length, this.outputSize]))
        if (state === null) continue
        const dims = [-1, rows.length / length, this.outputSize * this.sizes.keySize]
        states.push(graph.reshape(`${path}/state/nodes`, state, dims))
      }
      if (isRead) statesOf.push(concatRows(graph, `recurrent/level${level}/states`, states))
    }
    return { results, statesOf }
  }

  private gathered(path: string, tokens: TokenInputs, { length, rows }: ChunkGroup): TokenInputs {
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

  private statesBefore(path: string, states: string, { before }: ChunkGroup): string {
    const { keyHeads, keySize, valueSize } = this.sizes
    const gathered = gatherRows(this.graph, `${path}/before`, states, before)
    const dims = [-1, keyHeads, this.group, keySize, valueSize]
    return this.graph.reshape(`${path}/before/heads`, gathered, dims)
  }

  /**
   * Computes chunks of one length. @param before states [chunks, keyHeads, group, keySize, valueSize]; null for zeros
   * @returns results [chunks, length, keyHeads, group, valueSize], and states that are read
   */
  private chunk(
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
    const decays = length === 1 ? null : this.decays(path, total, length)
    const productsWithState = (name: 'q' | 'k', rows: string): string | null => {
      if (before === null || stateDecay === null) return null
      const shared = this.ofGroup(`${path}/${name}/group`, rows, [length, this.sizes.keySize])
      return apply(`${name}/before`, 'Mul', stateDecay, apply(`${name}/state`, 'MatMul', shared, before))
    }
    const productsWithKeys = (name: 'q' | 'k', rows: string): string => {
      const ofKeyHead = apply(`${name}k`, 'MatMul', rows, columns)
      const ofHeads = this.ofGroup(`${path}/${name}k/group`, ofKeyHead, [length, length])
      return decays === null ? ofHeads : apply(`${name}k/decayed`, 'Mul', ofHeads, decays)
    }
    const ofRule = { ...tokens, path, length, productsWithKeys, productsWithState }
    const changes = this.rule.changes(ofRule)
    const within = apply('within', 'MatMul', productsWithKeys('q', q), changes)
    const mixed = [productsWithState('q', q), this.rule.direct(ofRule)]
      .filter((part) => part !== null)
      .reduce((sum, part, i) => apply(`mixed${i}`, 'Add', sum, part), within)
    const result = graph.node(`${path}/result`, 'Transpose', [mixed], { perm: { ints: [0, 3, 1, 2, 4] } })
    const ofState = { columns, total, changes, length, before }
    return { result, state: isStateRead ? this.stateAfter(path, ofState) : null }
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
    const shared = this.ofGroup(`${path}/k/columns/group`, columns, [this.sizes.keySize, length])
    const added = apply('state/added', 'MatMul', shared, apply('changes/kept', 'Mul', changes, share))
    if (before === null) return added
    return apply('state', 'Add', added, apply('state/kept', 'Mul', before, apply('last/kept', 'Exp', last)))
  }

  /** Gives values of key heads an axis for the value heads of each. */
  private ofGroup(path: string, value: string, dims: readonly number[]): string {
    return this.graph.reshape(path, value, [-1, this.sizes.keyHeads, 1, ...dims])
  }

  /** Computes e^(G_i - G_j) for j <= i, and 0 elsewhere: [..., length, length]. */
  private decays(path: string, total: string, length: number): string {
    const { graph } = this
    const columns = graph.node(`${path}/total/columns`, 'Transpose', [total], {
      perm: { ints: [0, 1, 2, 4, 3] }
    })
    const differences = graph.node(`${path}/decays/log`, 'Sub', [total, columns])
    const mask = this.square(`future${length}`, length, (i, j) => (j <= i ? 0 : -1e9))
    return graph.node(`${path}/decays`, 'Exp', [graph.node(`${path}/decays/past`, 'Add', [differences, mask])])
  }

  private triangle(length: number): string {
    return this.square(`triangle${length}`, length, (i, j) => (j <= i ? 1 : 0))
  }

  private readonly squares = new Map<string, string>()

  /** Adds a constant of a chunk's length once. */
  square(name: string, length: number, valueAt: (i: number, j: number) => number): string {
    const stored = this.squares.get(name)
    if (stored !== undefined) return stored
    const values = Float32Array.from({ length: length * length }, (_, i) => valueAt(Math.floor(i / length), i % length))
    const constant = this.graph.constant(`recurrent/${name}`, values, [length, length])
    this.squares.set(name, constant)
    return constant
  }
}
