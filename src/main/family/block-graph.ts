import type { DecoderSpec } from './decoder-spec'
import type { Precision } from '../../contract/engine'
import { OnnxGraph } from './onnx-model'
import { layerTensors, type Role } from './tensors'

/**
 * Shape of the rows a block works on. Rows are a packed sequence (one per distinct prompt prefix); attention gathers
 * them back into paths, by segments of equal length (see the engine's attention layout).
 */
export interface BlockShape {
  readonly inputRowCount: number
  readonly outputRowCount: number
  /** Rows whose queries, output projection and MLP are wanted, when not all: [outputRowCount]. */
  readonly keptRows: Int32Array | null
  readonly segments: readonly {
    readonly pathCount: number
    readonly queryLength: number
    readonly keyLength: number
    readonly queryRows: Int32Array
    readonly keyRows: Int32Array
  }[]
  /** For each output row its place in the segments' results laid end to end: [outputRowCount]. */
  readonly resultIndex: Int32Array
}

/** Names of a block graph's inputs besides the weights, whose inputs are named by role. */
export const BLOCK_INPUTS = {
  /** [nodes, inputRowCount, hidden] */
  hidden: 'hidden',
  /** Position of each row of every node, [nodes x inputRowCount, 1]; of kept rows, [nodes x outputRowCount, 1]. */
  keyPositions: 'keyPositions',
  queryPositions: 'queryPositions',
  /** [positions, rotarySize / 2] */
  cos: 'cos',
  sin: 'sin',
  /** Additive mask of segment i, [pathCount, 1, queryLength, keyLength]. */
  mask: (segment: number) => `mask${segment}`
} as const
export const BLOCK_OUTPUT = 'hiddenOut'

/**
 * The graph of one decoder layer, for any layer of the model: weights, masks and rotary tables are inputs, so layers
 * of one shape share it and swapping base for post is feeding other arrays.
 *
 *     hidden ─ norm ─ q,k,v ─ (q/k norm) ─ RoPE ─ gather to paths ─ scores ─ softmax ─ · v ─ gather back ─ o ─ (norm) ─ + ─┐
 *     out ── + ─ (norm) ─ down ─ act(gate) · up ─ norm ────────────────────────────────────────────────────────────────────┘
 *
 * Attention is written as MatMul, Softmax, MatMul: the fused operators either ignore trie positions, soft caps or long
 * queries on some execution provider, or demand head sizes that models do not have.
 */
export function blockGraph(spec: DecoderSpec, shape: BlockShape, precision: Precision): Uint8Array {
  const graph = new OnnxGraph('block')
  const weights = new Map<Role, string>(
    layerTensors(spec, 0).map((tensor) => [
      tensor.role,
      graph.input(tensor.role, weightType(tensor.role, precision), tensor.shape)
    ])
  )
  const block = new BlockBuilder(graph, spec, shape, weights, precision)
  const hidden = graph.input(BLOCK_INPUTS.hidden, 'float32', ['nodes', shape.inputRowCount, spec.hiddenSize])
  const kept = shape.keptRows === null ? hidden : block.gatherRows('kept', hidden, shape.keptRows)
  const afterAttention = block.attention(hidden, kept)
  const afterMlp = block.mlp(afterAttention)
  graph.output(afterMlp, BLOCK_OUTPUT, ['nodes', shape.outputRowCount, spec.hiddenSize])
  return graph.encode()
}

/** What a weight is fed as: projections and their biases in the precision of the products, norms in float32. */
export function weightType(role: Role, precision: Precision): 'float32' | 'float16' {
  return precision === 'fp16' && !/norm/i.test(role) ? 'float16' : 'float32'
}

class BlockBuilder {
  constructor(
    private readonly graph: OnnxGraph,
    private readonly spec: DecoderSpec,
    private readonly shape: BlockShape,
    private readonly weights: ReadonlyMap<Role, string>,
    private readonly precision: Precision
  ) {}

  /** [nodes, rows, width] to [nodes, rows.length, width]. */
  gatherRows(path: string, value: string, rows: Int32Array): string {
    const index = this.graph.constant(`${path}/index`, BigInt64Array.from(rows, BigInt))
    return this.graph.node(path, 'Gather', [value, index], { axis: { int: 1 } })
  }

  /**
   * The attention half with its residual.
   *
   * @param hidden [nodes, inputRowCount, hidden], for keys and values
   * @param kept [nodes, outputRowCount, hidden], for queries and the residual
   */
  attention(hidden: string, kept: string): string {
    const { graph, spec, shape } = this
    const { headCount, kvHeadCount, headSize } = spec
    const keyPositions = graph.input(BLOCK_INPUTS.keyPositions, 'int64', ['inputRows', 1])
    const queryPositions =
      hidden === kept ? keyPositions : graph.input(BLOCK_INPUTS.queryPositions, 'int64', ['outputRows', 1])
    for (const table of [BLOCK_INPUTS.cos, BLOCK_INPUTS.sin]) {
      graph.input(table, 'float32', ['positions', spec.rotarySize / 2])
    }
    const [qRows, kRows, vRows] = this.projections(hidden, kept)
    const qNormed = this.headNorm('attention/q_norm', qRows, 'qNorm', headCount)
    const kNormed = this.headNorm('attention/k_norm', kRows, 'kNorm', kvHeadCount)
    const qRotated = this.rotate('attention/q', qNormed, queryPositions, headCount)
    const kRotated = this.rotate('attention/k', kNormed, keyPositions, kvHeadCount)
    const scale = graph.constant('attention/scale', spec.scoreScale)
    const scaled = graph.node('attention/q/scaled', 'Mul', [qRotated, scale])
    const q = graph.reshape('attention/q', scaled, [-1, shape.outputRowCount, headCount * headSize])
    const k = graph.reshape('attention/k', kRotated, [-1, shape.inputRowCount, kvHeadCount * headSize])
    const v = graph.reshape('attention/v', vRows, [-1, shape.inputRowCount, kvHeadCount * headSize])

    const results = shape.segments.map((_, i) => this.segmentAttention(i, q, k, v))
    const joined =
      results.length === 1
        ? (results[0] ?? '')
        : graph.node('attention/joined', 'Concat', results, { axis: { int: 1 } })
    const context = this.gatherRows('attention/context', joined, shape.resultIndex)
    const rows = graph.reshape('attention/context/rows', context, [-1, headCount * headSize])
    const projected = this.project('attention/o', rows, 'o', 'oBias')
    const output = graph.reshape('attention/output', projected, [-1, shape.outputRowCount, spec.hiddenSize])
    return graph.node('attention/residual', 'Add', [
      kept,
      this.norm('attention/after', output, 'normAfterAttention')
    ])
  }

  /** The MLP half with its residual: [nodes, outputRowCount, hidden] to the same. */
  mlp(hidden: string): string {
    const { graph, spec } = this
    const normed = this.norm('mlp/before', hidden, 'normBeforeMlp')
    const rows = graph.reshape('mlp/rows', normed, [-1, spec.hiddenSize])
    const [gate, up] = this.gateAndUp(rows)
    const gated = graph.node('mlp/gated', 'Mul', [this.activation(gate), up])
    const projected = this.project('mlp/down', gated, 'down', 'downBias')
    const output = graph.reshape('mlp/output', projected, [-1, this.shape.outputRowCount, spec.hiddenSize])
    return graph.node('mlp/residual', 'Add', [hidden, this.norm('mlp/after', output, 'normAfterMlp')])
  }

  /** q, k and v of every row that needs them, [rows, heads x headSize] each, rows of all nodes end to end. */
  private projections(hidden: string, kept: string): [q: string, k: string, v: string] {
    const { graph, spec, shape } = this
    const qSize = spec.headCount * spec.headSize
    const kvSize = spec.kvHeadCount * spec.headSize
    const normedRows = (path: string, value: string): string =>
      graph.reshape(`${path}/rows`, this.norm(path, value, 'normBeforeAttention'), [-1, spec.hiddenSize])
    const allRows = normedRows('attention/before', hidden)
    if (spec.family.projections === 'separate') {
      const queryRows = hidden === kept ? allRows : normedRows('attention/before/kept', kept)
      return [
        this.project('attention/q_proj', queryRows, 'q', 'qBias'),
        this.project('attention/k_proj', allRows, 'k', 'kBias'),
        this.project('attention/v_proj', allRows, 'v', 'vBias')
      ]
    }
    const joined = this.project('attention/qkv_proj', allRows, 'qkv')
    const [q = '', k = '', v = ''] = this.splitColumns('attention/qkv', joined, [qSize, kvSize, kvSize])
    if (shape.keptRows === null) return [q, k, v]
    // A fused projection makes q for every row; only the kept ones go on.
    const byNode = graph.reshape('attention/qkv/q/nodes', q, [-1, shape.inputRowCount, qSize])
    const keptQ = this.gatherRows('attention/qkv/q/kept', byNode, shape.keptRows)
    return [graph.reshape('attention/qkv/q/rows', keptQ, [-1, qSize]), k, v]
  }

  private gateAndUp(rows: string): [gate: string, up: string] {
    if (this.spec.family.projections === 'separate') {
      return [
        this.project('mlp/gate_proj', rows, 'gate', 'gateBias'),
        this.project('mlp/up_proj', rows, 'up', 'upBias')
      ]
    }
    const joined = this.project('mlp/gate_up_proj', rows, 'gateUp')
    const size = this.spec.intermediateSize
    const [gate = '', up = ''] = this.splitColumns('mlp/gate_up', joined, [size, size])
    return [gate, up]
  }

  private splitColumns(path: string, value: string, sizes: readonly number[]): string[] {
    const split = this.graph.constant(`${path}/sizes`, BigInt64Array.from(sizes, BigInt))
    return this.graph.split(path, 'Split', [value, split], sizes.length, { axis: { int: -1 } })
  }

  /** Scores of one segment: [nodes, rows, …] q, k, v to [nodes, pathCount x queryLength, heads x headSize]. */
  private segmentAttention(index: number, q: string, k: string, v: string): string {
    const { graph, spec, shape } = this
    const segment = shape.segments[index]
    if (segment === undefined) throw new RangeError(`no attention segment ${index}`)
    const { headCount, kvHeadCount, headSize } = spec
    const { pathCount, queryLength, keyLength } = segment
    const groupSize = headCount / kvHeadCount
    const path = `attention/segment${index}`

    // q: [nodes x paths, kvHeads, group x queryLength, headSize]: the query heads of one kv head are stacked as rows,
    // so k and v are never repeated.
    const qPaths = graph.reshape(`${path}/q/heads`, this.gatherRows(`${path}/q`, q, segment.queryRows), [
      -1,
      queryLength,
      kvHeadCount,
      groupSize,
      headSize
    ])
    const qHeads = graph.reshape(
      `${path}/q/stacked`,
      graph.node(`${path}/q/transposed`, 'Transpose', [qPaths], { perm: { ints: [0, 2, 3, 1, 4] } }),
      [-1, kvHeadCount, groupSize * queryLength, headSize]
    )
    const kvHeads = (name: string, value: string, perm: number[]): string => {
      const gathered = this.gatherRows(`${path}/${name}`, value, segment.keyRows)
      const heads = graph.reshape(`${path}/${name}/heads`, gathered, [-1, keyLength, kvHeadCount, headSize])
      return graph.node(`${path}/${name}/transposed`, 'Transpose', [heads], { perm: { ints: perm } })
    }
    const scores = graph.node(`${path}/scores`, 'MatMul', [qHeads, kvHeads('k', k, [0, 2, 3, 1])])
    const capped = this.softCap(`${path}/scores`, scores, spec.attentionSoftCap)
    const byHead = graph.reshape(`${path}/scores/heads`, capped, [
      -1,
      pathCount,
      headCount,
      queryLength,
      keyLength
    ])
    const mask = graph.input(BLOCK_INPUTS.mask(index), 'float32', [pathCount, 1, queryLength, keyLength])
    const masked = graph.node(`${path}/masked`, 'Add', [byHead, mask])
    const weights = graph.reshape(
      `${path}/weights/stacked`,
      graph.node(`${path}/weights`, 'Softmax', [masked], { axis: { int: -1 } }),
      [-1, kvHeadCount, groupSize * queryLength, keyLength]
    )
    const mixed = graph.node(`${path}/mixed`, 'MatMul', [weights, kvHeads('v', v, [0, 2, 1, 3])])
    const unstacked = graph.reshape(`${path}/mixed/heads`, mixed, [
      -1,
      kvHeadCount,
      groupSize,
      queryLength,
      headSize
    ])
    const byRow = graph.node(`${path}/mixed/transposed`, 'Transpose', [unstacked], {
      perm: { ints: [0, 3, 1, 2, 4] }
    })
    return graph.reshape(`${path}/result`, byRow, [-1, pathCount * queryLength, headCount * headSize])
  }

  /**
   * RoPE by explicit positions; pairs dim i with i + rotarySize / 2. [rows, heads x headSize] to [rows, 1, the same]:
   * each row is a sequence of its own to the operator, which refuses sequences longer than its tables.
   */
  private rotate(path: string, rows: string, positions: string, heads: number): string {
    const { graph, spec } = this
    const sequences = graph.reshape(`${path}/sequences`, rows, [-1, 1, heads * spec.headSize])
    const partial = spec.rotarySize === spec.headSize ? 0 : spec.rotarySize
    const inputs = [sequences, positions, BLOCK_INPUTS.cos, BLOCK_INPUTS.sin]
    return graph.node(`${path}/rotated`, 'RotaryEmbedding', inputs, {
      interleaved: { int: 0 },
      num_heads: { int: heads },
      rotary_embedding_dim: { int: partial }
    })
  }

  /** q/k norm before RoPE, over each head or over the whole projection; [rows, heads x headSize] to the same. */
  private headNorm(path: string, rows: string, role: Role, heads: number): string {
    const { graph, spec } = this
    if (spec.family.qkNorm !== 'head') return this.norm(path, rows, role)
    const split = graph.reshape(`${path}/heads`, rows, [-1, heads, spec.headSize])
    return graph.reshape(`${path}/joined`, this.norm(path, split, role), [-1, heads * spec.headSize])
  }

  /** RMS norm over the last axis, x / sqrt(mean(x^2) + epsilon) * (offset + weight); the value itself where the family has none. */
  private norm(path: string, value: string, role: Role): string {
    const weight = this.weights.get(role)
    return weight === undefined ? value : rmsNorm(this.graph, this.spec, path, value, weight)
  }

  /** [rows, in] x [out, in]^T (+ bias) to [rows, out]. */
  private project(path: string, rows: string, weight: Role, bias?: Role): string {
    const half = this.precision === 'fp16'
    const inputs = [
      half ? this.graph.cast(`${path}/half`, rows, 'float16') : rows,
      this.weights.get(weight) ?? weight
    ]
    const biasInput = bias === undefined ? undefined : this.weights.get(bias)
    if (biasInput !== undefined) inputs.push(biasInput)
    const product = this.graph.node(`${path}/Gemm`, 'Gemm', inputs, { transB: { int: 1 } })
    return half ? this.graph.cast(`${path}/single`, product, 'float32') : product
  }

  private activation(value: string): string {
    if (this.spec.activation === 'gelu_tanh') {
      return this.graph.node('mlp/gelu', 'Gelu', [value], { approximate: { string: 'tanh' } })
    }
    const sigmoid = this.graph.node('mlp/sigmoid', 'Sigmoid', [value])
    return this.graph.node('mlp/silu', 'Mul', [value, sigmoid])
  }

  private softCap(path: string, value: string, cap: number | null): string {
    return softCap(this.graph, path, value, cap)
  }
}

/** RMS norm over the last axis, in float32: x / sqrt(mean(x^2) + epsilon) * (offset + weight). */
export function rmsNorm(
  graph: OnnxGraph,
  spec: DecoderSpec,
  path: string,
  value: string,
  weight: string
): string {
  const gain =
    spec.family.normOffset === 0
      ? weight
      : graph.node(`${path}/gain`, 'Add', [weight, graph.constant(`${path}/offset`, spec.family.normOffset)])
  return graph.node(`${path}/norm`, 'SimplifiedLayerNormalization', [value, gain], {
    axis: { int: -1 },
    epsilon: { float: spec.normEpsilon },
    stash_type: { int: 1 }
  })
}

/** cap * tanh(x / cap), or x itself without a cap. */
export function softCap(graph: OnnxGraph, path: string, value: string, cap: number | null): string {
  if (cap === null) return value
  const size = graph.constant(`${path}/cap`, cap)
  const squashed = graph.node(`${path}/tanh`, 'Tanh', [graph.node(`${path}/divided`, 'Div', [value, size])])
  return graph.node(`${path}/capped`, 'Mul', [squashed, size])
}
