import { elementAt } from '../../contract/model/look-up'
import { convolutionSize, type GatedDelta, stateSize } from '../family/recurrent'
import type { LayerBuilder } from './layer-builder'
import { rmsNormBy } from './norms'
import type { OnnxGraph } from './onnx-model'

/** Chunks of packed rows, in which a recurrence is computed (see the engine's recurrent layout). */
export interface RecurrentShape {
  /** Row before each row, or the number of rows where a prompt begins, [rows]. */
  readonly parents: Int32Array
  /** Chunks by level, in groups of one length. A chunk continues from a state after a chunk of the level before. */
  readonly levels: readonly (readonly ChunkGroup[])[]
  /** Index of each row's result in the concatenated results of all groups, [rows]. */
  readonly resultIndex: Int32Array
  /** Chunks after which the state is an output. */
  readonly ends: readonly { readonly level: number; readonly chunk: number }[]
}

interface ChunkGroup {
  /** A power of two. */
  readonly length: number
  /** Rows of the chunks, [chunks x length]; the number of rows where a chunk is shorter. */
  readonly rows: Int32Array
  /** Chunk of the level before that each chunk follows, [chunks]; empty on the first level. */
  readonly before: Int32Array
}

/** Inputs of the recurrence: q, k and v after the convolution, logarithm of the decay, and strength of a token. */
interface TokenInputs {
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
 * Builds a layer with the gated delta rule (Yang et al., arXiv 2412.06464). The state S of a value head changes with
 * each token by S' = e^g S + k (s (v - e^g S^T k))^T, and the output is S'^T q. Here g is the decay and s the strength.
 *
 * A chunk of tokens is computed at once. With G the sum of g up to a token, the changes U of its tokens solve
 * (I + A) U = s (V - e^G K S), where A_ij = s_i e^(G_i - G_j) k_i k_j for j < i. So no step depends on the one before.
 */
export class GatedDeltaLayer {
  private readonly graph: OnnxGraph
  /** Value heads of one key head. */
  private readonly group: number

  constructor(
    private readonly layer: LayerBuilder,
    private readonly sizes: GatedDelta
  ) {
    this.graph = layer.graph
    this.group = sizes.valueHeads / sizes.keyHeads
  }

  /**
   * Computes packed rows.
   *
   * @param rows [nodes x rows, hidden]
   * @returns rows after the residual, [nodes x rows, hidden]; inputs of the convolution, [nodes, rows, channels]; and
   * states after the ends, [nodes, ends, state]; null without ends
   */
  packed(rows: string, shape: RecurrentShape): { attended: string; inputs: string; states: string | null } {
    const { graph, layer, sizes } = this
    const normed = layer.norm('attention/before', rows, 'beforeAttention')
    const { gate, ...projected } = this.projections(normed)
    const byNode = (name: 'qkv' | 'decay' | 'strength', width: number): string =>
      graph.reshape(`recurrent/${name}/nodes`, projected[name], [-1, shape.parents.length, width])
    const inputs = byNode('qkv', convolutionSize(sizes))
    // A row of zeros stands for the tokens before a prompt, and fills chunks.
    const tokens = {
      ...this.splitQkv(this.convolvePacked(this.withZeroRow('qkv', inputs), shape.parents)),
      decay: this.withZeroRow('decay', byNode('decay', sizes.valueHeads)),
      strength: this.withZeroRow('strength', byNode('strength', sizes.valueHeads))
    }
    const { results, statesOf } = this.throughLevels(tokens, shape)
    const mixed = this.gather('recurrent/mixed', this.joined('recurrent/results', results), shape.resultIndex)
    const ends = shape.ends.map(({ level, chunk }, i) =>
      this.gather(`recurrent/end${i}`, elementAt(statesOf, level, 'level'), Int32Array.of(chunk))
    )
    return {
      attended: this.output(graph.reshape('recurrent/mixed/rows', mixed, [-1, this.outputSize]), gate, rows),
      inputs,
      states: ends.length === 0 ? null : this.joined('recurrent/ends', ends)
    }
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
        const before =
          level === 0 ? null : this.statesBefore(path, elementAt(statesOf, level - 1, 'level'), group)
        const { result, state } = this.chunk(path, this.gathered(path, tokens, group), length, before, isRead)
        results.push(graph.reshape(`${path}/result/nodes`, result, [-1, rows.length, this.outputSize]))
        if (state === null) continue
        const dims = [-1, rows.length / length, stateSize(this.sizes)]
        states.push(graph.reshape(`${path}/state/nodes`, state, dims))
      }
      if (isRead) statesOf.push(this.joined(`recurrent/level${level}/states`, states))
    }
    return { results, statesOf }
  }

  /**
   * Computes one token of each row.
   *
   * @param hidden [rows, hidden]
   * @param past inputs of the convolution of the tokens before, [rows, kernel - 1, channels]
   * @param state [rows, keyHeads, group, keySize, valueSize]
   * @returns rows after the residual; the token's input of the convolution, [rows, channels]; and the state after it
   */
  step(hidden: string, past: string, state: string): { attended: string; input: string; state: string } {
    const { graph, layer, sizes } = this
    const { keyHeads, valueHeads, keySize, valueSize, kernel } = sizes
    const width = convolutionSize(sizes)
    const { qkv, gate, strength, decay } = this.projections(
      layer.norm('attention/before', hidden, 'beforeAttention')
    )
    const seen = graph.node(
      'recurrent/inputs/seen',
      'Concat',
      [past, graph.reshape('recurrent/inputs/new', qkv, [-1, 1, width])],
      { axis: { int: 1 } }
    )
    const taps = graph.reshape('recurrent/taps/kernel', this.taps(), [1, kernel, width])
    const axis = graph.constant('recurrent/convolution/axis', BigInt64Array.of(1n))
    const sum = graph.node(
      'recurrent/convolution/sum',
      'ReduceSum',
      [graph.node('recurrent/convolution/products', 'Mul', [seen, taps]), axis],
      { keepdims: { int: 0 } }
    )
    const { q, k, v } = this.splitQkv(this.silu('recurrent/convolution', sum))
    const ofHeads = (name: string, value: string, size: number): string =>
      graph.reshape(`recurrent/${name}/heads`, value, [-1, keyHeads, valueHeads / keyHeads, 1, size])
    const token = {
      q: graph.reshape('recurrent/q/heads', q, [-1, keyHeads, 1, keySize]),
      k: graph.reshape('recurrent/k/heads', k, [-1, keyHeads, 1, keySize]),
      v: ofHeads('v', v, valueSize),
      decay: ofHeads('decay', decay, 1),
      strength: ofHeads('strength', strength, 1)
    }
    const { result, state: after } = this.chunk('recurrent/token', token, 1, state, true)
    const mixed = graph.reshape('recurrent/mixed', result, [-1, this.outputSize])
    if (after === null) throw new Error('a step has a state')
    return { attended: this.output(mixed, gate, hidden), input: qkv, state: after }
  }

  private get outputSize(): number {
    return this.sizes.valueHeads * this.sizes.valueSize
  }

  /** Projects normed rows: inputs of the convolution, output gate, strength and decay. */
  private projections(normed: string): Record<'qkv' | 'gate' | 'strength' | 'decay', string> {
    const { graph, layer } = this
    const { qkv, gate, strength, decay } = this.projectedInputs(normed)
    const biased = graph.node('recurrent/decay/biased', 'Add', [decay, layer.weight('decayBias')])
    const rate = graph.node('recurrent/decay/rate', 'Exp', [layer.weight('decayRate')])
    const softplus = graph.node('recurrent/decay/softplus', 'Softplus', [biased])
    return {
      qkv,
      gate,
      strength: graph.node('recurrent/strength', 'Sigmoid', [strength]),
      decay: graph.node('recurrent/decay', 'Neg', [
        graph.node('recurrent/decay/size', 'Mul', [rate, softplus])
      ])
    }
  }

  private projectedInputs(normed: string): Record<'qkv' | 'gate' | 'strength' | 'decay', string> {
    const { graph, layer, group } = this
    const { keyHeads, keySize, valueSize } = this.sizes
    if (layer.spec.family.recurrent?.fused !== true) {
      return {
        qkv: layer.project('recurrent/in_proj_qkv', normed, 'stateQkv'),
        gate: layer.project('recurrent/in_proj_z', normed, 'stateGate'),
        strength: layer.project('recurrent/in_proj_b', normed, 'stateStrength'),
        decay: layer.project('recurrent/in_proj_a', normed, 'stateDecay')
      }
    }
    const byKeyHead = (path: string, value: string, sizes: readonly number[]): string[] => {
      const width = sizes.reduce((sum, size) => sum + size, 0)
      const heads = graph.reshape(`${path}/heads`, value, [-1, keyHeads, width])
      return layer
        .splitColumns(path, heads, sizes)
        .map((part, i) =>
          graph.reshape(`${path}/part${i}`, part, [-1, keyHeads * elementAt(sizes, i, 'size')])
        )
    }
    const values = group * valueSize
    const joined = layer.project('recurrent/in_proj_qkvz', normed, 'stateQkvGate')
    const [q = '', k = '', v = '', gate = ''] = byKeyHead('recurrent/qkvz', joined, [
      keySize,
      keySize,
      values,
      values
    ])
    const other = layer.project('recurrent/in_proj_ba', normed, 'stateStrengthDecay')
    const [strength = '', decay = ''] = byKeyHead('recurrent/ba', other, [group, group])
    return {
      qkv: graph.node('recurrent/qkv', 'Concat', [q, k, v], { axis: { int: -1 } }),
      gate,
      strength,
      decay
    }
  }

  /** Gives the weights of the convolution, [kernel, channels]; the last are those of the token itself. */
  private taps(): string {
    const { graph, layer, sizes } = this
    const rows = graph.reshape('recurrent/taps/rows', layer.weight('convolution'), [
      convolutionSize(sizes),
      sizes.kernel
    ])
    return graph.node('recurrent/taps', 'Transpose', [rows], { perm: { ints: [1, 0] } })
  }

  /** Convolves each row with the rows before it. @param inputs [nodes, rows + 1, channels], the last row zero */
  private convolvePacked(inputs: string, parents: Int32Array): string {
    const { graph } = this
    const { kernel } = this.sizes
    const none = parents.length
    const taps = this.taps()
    let rows = Int32Array.from([...parents.keys(), none])
    let sum: string | null = null
    // Tokens before all prompts are zeros.
    for (let distance = 0; distance < kernel && rows.some((row) => row !== none); distance++) {
      const path = `recurrent/convolution/tap${distance}`
      const index = graph.constant(`${path}/index`, BigInt64Array.of(BigInt(kernel - 1 - distance)))
      const weight = graph.node(`${path}/weight`, 'Gather', [taps, index], { axis: { int: 0 } })
      const seen = distance === 0 ? inputs : this.gather(`${path}/rows`, inputs, rows)
      const product = graph.node(path, 'Mul', [seen, weight])
      sum = sum === null ? product : graph.node(`${path}/sum`, 'Add', [sum, product])
      rows = rows.map((row) => (row === none ? none : elementAt(parents, row, 'row')))
    }
    return this.silu('recurrent/convolution', sum ?? inputs)
  }

  private silu(path: string, value: string): string {
    const gate = this.graph.node(`${path}/sigmoid`, 'Sigmoid', [value])
    return this.graph.node(`${path}/silu`, 'Mul', [value, gate])
  }

  /** Splits q, k and v, and scales q and k of each head to the length keySize^-0.5 and 1. */
  private splitQkv(qkv: string): Pick<TokenInputs, 'q' | 'k' | 'v'> {
    const { keyHeads, keySize, valueHeads, valueSize } = this.sizes
    const sizes = [keyHeads * keySize, keyHeads * keySize, valueHeads * valueSize]
    const [q = '', k = '', v = ''] = this.layer.splitColumns('recurrent/convolved', qkv, sizes)
    return { q: this.unit('q', q, 1 / keySize), k: this.unit('k', k, keySize ** -0.5), v }
  }

  /** Divides each head by its length: an RMS norm with another weight. 1e-6 is added to the squared length. */
  private unit(name: string, value: string, weight: number): string {
    const { graph } = this
    const { keySize } = this.sizes
    const heads = graph.reshape(`recurrent/${name}/split`, value, [-1, keySize])
    const weights = graph.constant(`recurrent/${name}/length`, new Float32Array(keySize).fill(weight))
    const normed = rmsNormBy(graph, `recurrent/${name}/unit`, heads, weights, 1e-6 / keySize)
    return graph.node(`recurrent/${name}`, 'Reshape', [
      normed,
      graph.node(`recurrent/${name}/shape`, 'Shape', [value])
    ])
  }

  /** Gathers the tokens of chunks: q and k as [chunks, keyHeads, length, size], others with value heads. */
  private gathered(path: string, tokens: TokenInputs, { length, rows }: ChunkGroup): TokenInputs {
    const { graph, group } = this
    const { keyHeads, keySize, valueSize } = this.sizes
    const byChunk = (name: keyof TokenInputs, dims: readonly number[], perm: number[]): string => {
      const gathered = this.gather(`${path}/${name}/rows`, tokens[name], rows)
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
    const gathered = this.gather(`${path}/before`, states, before)
    return this.graph.reshape(`${path}/before/heads`, gathered, [
      -1,
      keyHeads,
      this.group,
      keySize,
      valueSize
    ])
  }

  /**
   * Computes chunks of one length.
   *
   * @param tokens q and k as [chunks, keyHeads, length, keySize], others as [chunks, keyHeads, group, length, size]
   * @param before states before the chunks, [chunks, keyHeads, group, keySize, valueSize]; null for zeros
   * @returns results, [chunks, length, keyHeads, group, valueSize], and the states after the chunks if they are read
   */
  private chunk(
    path: string,
    { q, k, v, decay, strength }: TokenInputs,
    length: number,
    before: string | null,
    isStateRead: boolean
  ): { result: string; state: string | null } {
    const { graph } = this
    const apply = (name: string, op: string, ...values: string[]): string =>
      graph.node(`${path}/${name}`, op, values)
    const columns = graph.node(`${path}/k/columns`, 'Transpose', [k], { perm: { ints: [0, 1, 3, 2] } })
    const total = length === 1 ? decay : apply('total', 'MatMul', this.triangle(length), decay)
    const stateDecay = before === null ? null : apply('kept', 'Exp', total)
    const decays = length === 1 ? null : this.decays(path, total, length)
    // Products of rows with the state before, which has decayed; null without one.
    const fromBefore = (name: 'q' | 'k', rows: string): string | null => {
      if (before === null || stateDecay === null) return null
      const shared = this.ofGroup(`${path}/${name}/group`, rows, [length, this.sizes.keySize])
      return apply(`${name}/before`, 'Mul', stateDecay, apply(`${name}/state`, 'MatMul', shared, before))
    }
    const products = (name: 'q' | 'k', rows: string): string => {
      const ofKeyHead = apply(`${name}k`, 'MatMul', rows, columns)
      const ofHeads = this.ofGroup(`${path}/${name}k/group`, ofKeyHead, [length, length])
      return decays === null ? ofHeads : apply(`${name}k/decayed`, 'Mul', ofHeads, decays)
    }
    const predicted = fromBefore('k', k)
    const unknown = predicted === null ? v : apply('unknown', 'Sub', v, predicted)
    const weighed = apply('weighed', 'Mul', strength, unknown)
    const solve = (): string => {
      const inverse = this.inverse(path, apply('A', 'Mul', products('k', k), strength), length)
      return apply('changes', 'MatMul', inverse, weighed)
    }
    const changes = length === 1 ? weighed : solve()
    const within = apply('within', 'MatMul', products('q', q), changes)
    const earlier = fromBefore('q', q)
    const mixed = earlier === null ? within : apply('mixed', 'Add', within, earlier)
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
    const apply = (name: string, op: string, ...values: string[]): string =>
      graph.node(`${path}/${name}`, op, values)
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
    return graph.node(`${path}/decays`, 'Exp', [
      graph.node(`${path}/decays/past`, 'Add', [differences, mask])
    ])
  }

  /**
   * Inverts I + A, of which only the part below the diagonal is read. Blocks of the diagonal of twice the size are
   * inverted in each step: the inverse of [[P, 0], [C, Q]] has -Q^-1 C P^-1 below. Powers of A would overflow.
   */
  private inverse(path: string, matrix: string, length: number): string {
    const { graph } = this
    let inverse = this.square(`unit${length}`, length, (i, j) => (i === j ? 1 : 0))
    for (let size = 1; size < length; size *= 2) {
      const at = `${path}/inverse${size}`
      const isBelow = (i: number, j: number): boolean =>
        Math.floor(i / size) === Math.floor(j / size) + 1 && Math.floor(j / size) % 2 === 0
      const mask = this.square(`below${size}of${length}`, length, (i, j) => (isBelow(i, j) ? 1 : 0))
      const blocks = graph.node(`${at}/blocks`, 'Mul', [matrix, mask])
      const below =
        size === 1
          ? blocks
          : graph.node(`${at}/below`, 'MatMul', [
              graph.node(`${at}/left`, 'MatMul', [inverse, blocks]),
              inverse
            ])
      inverse = graph.node(at, 'Sub', [inverse, below])
    }
    return inverse
  }

  private triangle(length: number): string {
    return this.square(`triangle${length}`, length, (i, j) => (j <= i ? 1 : 0))
  }

  private readonly squares = new Map<string, string>()

  /** Adds a constant of a chunk's length once. */
  private square(name: string, length: number, valueAt: (i: number, j: number) => number): string {
    const stored = this.squares.get(name)
    if (stored !== undefined) return stored
    const values = Float32Array.from({ length: length * length }, (_, i) =>
      valueAt(Math.floor(i / length), i % length)
    )
    const constant = this.graph.constant(`recurrent/${name}`, values, [length, length])
    this.squares.set(name, constant)
    return constant
  }

  /** Applies the norm of each head, the gate, the output projection and the residual. */
  private output(mixed: string, gate: string, residual: string): string {
    const { graph, layer } = this
    const { valueSize } = this.sizes
    const heads = graph.reshape('recurrent/output/heads', mixed, [-1, valueSize])
    const normed = rmsNormBy(
      graph,
      'recurrent/output',
      heads,
      layer.weight('stateNorm'),
      layer.spec.normEpsilon
    )
    const joined = graph.reshape('recurrent/output/rows', normed, [-1, this.outputSize])
    const gated = graph.node('recurrent/output/gated', 'Mul', [joined, this.silu('recurrent/gate', gate)])
    return layer.attentionOutput('attention', gated, residual)
  }

  /** Gathers rows along the second axis. */
  private gather(path: string, value: string, rows: Int32Array): string {
    const index = this.graph.constant(`${path}/index`, BigInt64Array.from(rows, BigInt))
    return this.graph.node(path, 'Gather', [value, index], { axis: { int: 1 } })
  }

  private joined(path: string, values: readonly string[]): string {
    const [first = ''] = values
    return values.length === 1 ? first : this.graph.node(path, 'Concat', values, { axis: { int: 1 } })
  }

  private withZeroRow(name: string, value: string): string {
    const pads = this.graph.constant(`recurrent/${name}/pads`, BigInt64Array.from([0n, 0n, 0n, 0n, 1n, 0n]))
    return this.graph.node(`recurrent/${name}/padded`, 'Pad', [value, pads])
  }
}
