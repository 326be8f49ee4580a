import type { Precision } from '../../contract/model/device'
import type { HeldWeights } from '../../contract/model/sampling'
import type { DecoderSpec } from '../family/decoder-spec'
import type { OnnxGraph } from './onnx-model'
import { heldTensors, type HeldRole, type Role } from '../family/tensors'

/** How the large matrix products of a layer are computed. */
export interface Products {
  /** What activations are rounded to, and weights too unless they are quantised. */
  readonly precision: Precision
  readonly weights: HeldWeights
}

/** Bits of quantised weights, which lie in blocks (see the engine's quantise); null for floats. */
export function quantisedBits(weights: HeldWeights): 4 | 8 | null {
  return weights === 'int8' ? 8 : weights === 'int4' ? 4 : null
}

/** Weights of one block of a quantised product, along the input dimension. */
export const QUANTISED_BLOCK = 32

/** The rotary tables as values of a graph, [positions, rotarySize / 2] each. */
export interface RotaryTables {
  readonly cos: string
  readonly sin: string
}

/** Names of the rotary tables where a graph has one pair of them. */
export const ROTARY_INPUTS = { cos: 'cos', sin: 'sin' } as const satisfies RotaryTables

/** Declares rotary tables as inputs of a graph. */
export function rotaryInputs(
  graph: OnnxGraph,
  spec: DecoderSpec,
  { cos, sin }: RotaryTables = ROTARY_INPUTS
): RotaryTables {
  const dims = ['positions', spec.rotarySize / 2]
  return { cos: graph.input(cos, 'float32', dims), sin: graph.input(sin, 'float32', dims) }
}

/** The name of a quantised weight's scales. */
export function scalesName(weight: string): string {
  return `${weight}/scales`
}

/**
 * The parts of a decoder layer that are the same however attention is laid out: norms, projections, RoPE and the MLP.
 * They work on rows, [rows, width]. Weights are values of the graph by role, inputs or constants.
 */
export class LayerBuilder {
  constructor(
    readonly graph: OnnxGraph,
    readonly spec: DecoderSpec,
    private readonly weights: ReadonlyMap<string, string>,
    private readonly rotary: RotaryTables,
    private readonly products: Products
  ) {}

  /** q before RoPE from normed rows; where q, k and v are one weight there is `joinedProjections`. */
  q(path: string, rows: string): string {
    return this.project(`${path}/q_proj`, rows, 'q', 'qBias')
  }

  /** k and v before RoPE from normed rows. */
  kv(path: string, rows: string): [k: string, v: string] {
    return [
      this.project(`${path}/k_proj`, rows, 'k', 'kBias'),
      this.project(`${path}/v_proj`, rows, 'v', 'vBias')
    ]
  }

  /** q, k and v before RoPE from normed rows, of one product. */
  joinedProjections(path: string, rows: string): [q: string, k: string, v: string] {
    const qSize = this.spec.headCount * this.spec.headSize
    const kvSize = this.spec.kvHeadCount * this.spec.headSize
    const joined = this.project(`${path}/qkv_proj`, rows, 'qkv', 'qkvBias')
    const [q = '', k = '', v = ''] = this.splitColumns(`${path}/qkv`, joined, [qSize, kvSize, kvSize])
    return [q, k, v]
  }

  /** q norm and RoPE: [rows, heads x headSize] to [rows, 1, the same]. */
  finishQ(path: string, rows: string, positions: string): string {
    const normed = this.headNorm(`${path}/q_norm`, rows, 'qNorm', this.spec.headCount)
    return this.rotate(`${path}/q`, normed, positions, this.spec.headCount)
  }

  /** Queries by the scale of their scores. */
  scaled(path: string, queries: string): string {
    const scale = this.graph.constant(`${path}/scale`, this.spec.scoreScale)
    return this.graph.node(`${path}/q/scaled`, 'Mul', [queries, scale])
  }

  /** k norm and RoPE: [rows, kvHeads x headSize] to [rows, 1, the same]. */
  finishK(path: string, rows: string, positions: string): string {
    const normed = this.headNorm(`${path}/k_norm`, rows, 'kNorm', this.spec.kvHeadCount)
    return this.rotate(`${path}/k`, normed, positions, this.spec.kvHeadCount)
  }

  /** Output projection and residual: mixed values [rows, heads x headSize] to [rows, hidden]. */
  attentionOutput(path: string, mixed: string, residual: string): string {
    const projected = this.project(`${path}/o_proj`, mixed, 'o', 'oBias')
    const output = this.norm(`${path}/after`, projected, 'normAfterAttention')
    return this.graph.node(`${path}/residual`, 'Add', [residual, this.toResidual(path, output)])
  }

  /**
   * The MLP half with its residual, [rows, hidden] to the same.
   *
   * @param shaped gives both that are added another shape: a reshaped result would be copied, and what goes into a sum is not
   */
  mlp(rows: string, shaped = (_path: string, value: string): string => value): string {
    const normed = this.norm('mlp/before', rows, 'normBeforeMlp')
    const [gate, up] = this.gateAndUp(normed)
    const gated = this.graph.node('mlp/gated', 'Mul', [this.activation(gate), up])
    const projected = this.project('mlp/down_proj', gated, 'down', 'downBias')
    const added = this.toResidual('mlp', this.norm('mlp/after', projected, 'normAfterMlp'))
    return this.graph.node('mlp/residual', 'Add', [
      shaped('mlp/residual/rows', rows),
      shaped('mlp/residual/added', added)
    ])
  }

  /** RMS norm over the last axis; the value itself where the family has none at that place. */
  norm(path: string, value: string, role: Role): string {
    const weight = this.weights.get(role)
    return weight === undefined ? value : rmsNorm(this.graph, this.spec, path, value, weight)
  }

  private toResidual(path: string, output: string): string {
    return scaled(this.graph, `${path}/toResidual`, output, this.spec.residualScale)
  }

  private gateAndUp(rows: string): [gate: string, up: string] {
    if (this.spec.family.projections === 'separate') {
      return [
        this.project('mlp/gate_proj', rows, 'gate', 'gateBias'),
        this.project('mlp/up_proj', rows, 'up', 'upBias')
      ]
    }
    const size = this.spec.intermediateSize
    const joined = this.project('mlp/gate_up_proj', rows, 'gateUp')
    const [gate = '', up = ''] = this.splitColumns('mlp/gate_up', joined, [size, size])
    return [gate, up]
  }

  private splitColumns(path: string, value: string, sizes: readonly number[]): string[] {
    const split = this.graph.constant(`${path}/sizes`, BigInt64Array.from(sizes, BigInt))
    return this.graph.split(path, 'Split', [value, split], sizes.length, { axis: { int: -1 } })
  }

  /**
   * RoPE by explicit positions; pairs dim i with i + rotarySize / 2. [rows, heads x headSize] to [rows, 1, the same]:
   * each row is a sequence of its own to the operator, which refuses sequences longer than its tables.
   */
  private rotate(path: string, rows: string, positions: string, heads: number): string {
    const { graph, spec } = this
    const sequences = graph.reshape(`${path}/sequences`, rows, [-1, 1, heads * spec.headSize])
    const partial = spec.rotarySize === spec.headSize ? 0 : spec.rotarySize
    const inputs = [sequences, positions, this.rotary.cos, this.rotary.sin]
    return graph.node(`${path}/rotated`, 'RotaryEmbedding', inputs, {
      interleaved: { int: 0 },
      num_heads: { int: heads },
      rotary_embedding_dim: { int: partial }
    })
  }

  /** q/k norm, over each head or over the whole projection; [rows, heads x headSize] to the same. */
  private headNorm(path: string, rows: string, role: Role, heads: number): string {
    const { graph, spec } = this
    if (spec.family.qkNorm !== 'head') return this.norm(path, rows, role)
    const split = graph.reshape(`${path}/heads`, rows, [-1, heads, spec.headSize])
    return graph.reshape(`${path}/joined`, this.norm(path, split, role), [-1, heads * spec.headSize])
  }

  /** [rows, in] x [out, in]^T (+ bias) to [rows, out]. */
  private project(path: string, rows: string, role: HeldRole, biasRole?: HeldRole): string {
    const { graph, weights } = this
    const weight = weights.get(role) ?? role
    const bias = biasRole === undefined ? undefined : weights.get(biasRole)
    const biases = bias === undefined ? [] : [bias]
    const half = this.products.precision === 'fp16'
    const input = half ? graph.cast(`${path}/half`, rows, 'float16') : rows
    const toSingle = (product: string): string =>
      half ? graph.cast(`${path}/single`, product, 'float32') : product
    const bits = quantisedBits(this.products.weights)
    if (bits !== null) {
      const held = heldTensors(this.spec).find((tensor) => tensor.role === role)
      if (held === undefined) throw new Error(`a layer holds no ${role}`)
      const product = toSingle(quantisedProduct(graph, path, input, weight, held.shape, bits))
      return biases.length === 0 ? product : graph.node(`${path}/biased`, 'Add', [product, ...biases])
    }
    return toSingle(graph.node(`${path}/Gemm`, 'Gemm', [input, weight, ...biases], { transB: { int: 1 } }))
  }

  private activation(value: string): string {
    const { graph, spec } = this
    switch (spec.activation) {
      case 'gelu':
        return graph.node('mlp/gelu', 'Gelu', [value], { approximate: { string: 'none' } })
      case 'gelu_tanh':
        return graph.node('mlp/gelu', 'Gelu', [value], { approximate: { string: 'tanh' } })
      case 'relu':
        return graph.node('mlp/relu', 'Relu', [value])
      case 'silu':
        return graph.node('mlp/silu', 'Mul', [value, graph.node('mlp/sigmoid', 'Sigmoid', [value])])
    }
  }
}

/** Product of rows with a quantised weight of `shape` [out, in], whose scales are named after it. */
export function quantisedProduct(
  graph: OnnxGraph,
  path: string,
  rows: string,
  weight: string,
  [outputSize = 0, inputSize = 0]: readonly number[],
  bits: 4 | 8
): string {
  return graph.node(`${path}/MatMulNBits`, 'MatMulNBits', [rows, weight, scalesName(weight)], {
    K: { int: inputSize },
    N: { int: outputSize },
    bits: { int: bits },
    block_size: { int: QUANTISED_BLOCK },
    // Activations are rounded to int8 as well, by blocks: 1.3 times as fast as float32, within 1 % of it.
    accuracy_level: { int: 4 }
  })
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

function scaled(graph: OnnxGraph, path: string, value: string, factor: number): string {
  return factor === 1 ? value : graph.node(path, 'Mul', [value, graph.constant(`${path}/factor`, factor)])
}

/** Products of the final norm with the head, as logits. */
export function finishLogits(graph: OnnxGraph, spec: DecoderSpec, products: string): string {
  return softCap(graph, 'head', scaled(graph, 'head/scaled', products, spec.logitScale), spec.finalSoftCap)
}

/** cap * tanh(x / cap), or x itself without a cap. */
export function softCap(graph: OnnxGraph, path: string, value: string, cap: number | null): string {
  if (cap === null) return value
  const size = graph.constant(`${path}/cap`, cap)
  const squashed = graph.node(`${path}/tanh`, 'Tanh', [graph.node(`${path}/divided`, 'Div', [value, size])])
  return graph.node(`${path}/capped`, 'Mul', [squashed, size])
}
