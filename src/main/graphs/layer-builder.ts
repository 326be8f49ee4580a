import type { Precision } from '../../contract/model/device'
import type { WeightStorage } from '../../contract/model/sampling'
import type { DecoderSpec } from '../family/decoder-spec'
import { latentKeyValues, latentQueries } from './latent-attention'
import { layerNorm, ones, rmsNorm, rmsNormBy } from './norms'
import { besideAttention, sparseGates } from './streams'
import type { OnnxGraph } from './onnx-model'
import { elementAt, mapGet } from '../../contract/model/look-up'
import type { NormPosition } from '../family/family'
import { NORM_ROLES, type Role } from '../family/tensor-roles'
import { normBeforeMlp } from '../family/tensors'

export interface Products {
  /** Type to which activations are rounded, and weights unless they are quantised. */
  readonly precision: Precision
  readonly weights: WeightStorage
}

/** Gives the bits of quantised weights, which are stored in blocks (see the engine's quantise); null for floats. */
export function quantisedBits(weights: WeightStorage): 4 | 8 | null {
  return weights === 'int8' ? 8 : weights === 'int4' ? 4 : null
}

/** Weights in one block of a quantised product, along the input dimension. */
export const QUANTISED_BLOCK = 32

/** Rotary tables as values of a graph, [positions, rotarySize / 2] each. */
export interface RotaryTables {
  readonly cos: string
  readonly sin: string
}

/** Input names of the rotary tables, in graphs with one pair of tables. */
export const ROTARY_INPUTS = { cos: 'cos', sin: 'sin' } as const satisfies RotaryTables

export function rotaryInputs(
  graph: OnnxGraph,
  spec: Pick<DecoderSpec, 'rotarySize'>,
  { cos, sin }: RotaryTables = ROTARY_INPUTS
): RotaryTables {
  const dims = ['positions', spec.rotarySize / 2]
  return { cos: graph.input(cos, 'float32', dims), sin: graph.input(sin, 'float32', dims) }
}

export function scalesName(weight: string): string {
  return `${weight}/scales`
}

/** Builds the parts of a layer that work on rows, [rows, width]: norms, projections, RoPE and the MLP. */
export class LayerBuilder {
  constructor(
    readonly graph: OnnxGraph,
    readonly spec: DecoderSpec,
    /** Names of the weights in the graph, by role. */
    private readonly weights: ReadonlyMap<string, string>,
    private readonly rotary: RotaryTables,
    private readonly products: Products,
    /** Shapes of weights that may be quantised, by role. */
    private readonly shapes: readonly { readonly name: string; readonly shape: readonly number[] }[] = []
  ) {}

  /** Projects normed rows to q before RoPE; use `projectQkv` if q, k and v are one weight. */
  projectQ(rows: string): string {
    const { latent } = this.spec
    if (latent !== null) return latentQueries(this, latent, rows)
    return this.project('attention/q_proj', rows, 'q', 'qBias')
  }

  /** Projects normed rows to k and v before RoPE. */
  projectKv(rows: string): [k: string, v: string] {
    const { latent } = this.spec
    if (latent !== null) return latentKeyValues(this, latent, rows)
    const keys = this.project('attention/k_proj', rows, 'k', 'kBias')
    const values = this.spec.keyValues === 'keyProjection' ? keys : this.project('attention/v_proj', rows, 'v', 'vBias')
    return [keys, this.finishV('attention/v', values)]
  }

  /** Projects normed rows to q, k and v before RoPE in one product. */
  projectQkv(rows: string): [q: string, k: string, v: string] {
    const { family, headCount, kvHeadCount, headSize, keyValues } = this.spec
    if (family.attention === 'latent') return [this.projectQ(rows), ...this.projectKv(rows)]
    const joined = this.project('attention/qkv_proj', rows, 'qkv', 'qkvBias')
    const grouped = family.attention === 'grouped'
    const queries = family.gatedAttention ? 2 * headCount : headCount
    const perKeyHead = queries / kvHeadCount
    const heads = grouped
      ? this.graph.reshape('attention/qkv/heads', joined, [-1, kvHeadCount, (perKeyHead + 2) * headSize])
      : joined
    const all = grouped ? [perKeyHead, 1, 1] : [queries, kvHeadCount, kvHeadCount]
    const sizes = keyValues === 'keyProjection' ? all.slice(0, 2) : all
    const parts = this.splitColumns(
      'attention/qkv',
      heads,
      sizes.map((size) => size * headSize)
    ).map((part, i) =>
      grouped
        ? this.graph.reshape(`attention/qkv/part${i}`, part, [-1, kvHeadCount * headSize * elementAt(sizes, i, 'size')])
        : part
    )
    return [
      elementAt(parts, 0, 'part'),
      elementAt(parts, 1, 'part'),
      this.finishV('attention/v', parts[2] ?? elementAt(parts, 1, 'part'))
    ]
  }

  /** Clips or norms projected values, [rows, kvHeads x valueSize]. */
  private finishV(path: string, rows: string): string {
    const { graph, spec } = this
    const { family, kvHeadCount, valueSize, normEpsilon } = spec
    if (!family.valueNorm) return this.clip(path, rows)
    const heads = graph.reshape(`${path}/norm/heads`, rows, [-1, kvHeadCount, valueSize])
    const normed = rmsNormBy(graph, path, heads, graph.constant(`${path}/norm/ones`, ones(valueSize)), normEpsilon)
    return graph.reshape(`${path}/normed`, normed, [-1, kvHeadCount * valueSize])
  }

  /** Applies q norm and RoPE: [rows, heads x headSize] to as many rows. */
  finishQ(rows: string, positions: string): string {
    const queries = this.selectPartOfQ('attention/q/queries', rows, 0)
    const rotated = this.normAndRotate('attention/q', queries, positions, 'qNorm', this.spec.headCount)
    return this.grow('attention/q', rotated, positions)
  }

  scaleQueries(path: string, queries: string): string {
    const scale = this.graph.constant(`${path}/scale`, this.spec.scoreScale)
    return this.graph.node(`${path}/q/scaled`, 'Mul', [queries, scale])
  }

  /** Applies k norm and RoPE: [rows, kvHeads x headSize] to as many rows. */
  finishK(rows: string, positions: string): string {
    return this.normAndRotate('attention/k', rows, positions, 'kNorm', this.spec.kvHeadCount)
  }

  /** Gives the queries (0) or the gates (1) of projected q, [rows, heads x headSize]. */
  private selectPartOfQ(path: string, rows: string, part: 0 | 1): string {
    const { family, headCount, headSize } = this.spec
    if (!family.gatedAttention) return rows
    const parts = this.graph.reshape(`${path}/parts`, rows, [-1, headCount, 2, headSize])
    const index = this.graph.constant(`${path}/index`, BigInt64Array.of(BigInt(part)))
    const chosen = this.graph.node(path, 'Gather', [parts, index], { axis: { int: 2 } })
    return this.graph.reshape(`${path}/rows`, chosen, [-1, headCount * headSize])
  }

  /** Multiplies mixed values, [rows, heads x valueSize], by the gates of q if it has gates. */
  applyGates(mixed: string, q: string): string {
    if (!this.spec.family.gatedAttention) return mixed
    const gate = this.graph.node('attention/gate', 'Sigmoid', [this.selectPartOfQ('attention/q/gates', q, 1)])
    return this.graph.node('attention/gated', 'Mul', [mixed, gate])
  }

  /** Returns the name of a weight in the graph. @throws for a weight that the layer lacks */
  weight(role: Role): string {
    return mapGet(this.weights, role, 'weight')
  }

  hasWeight(role: Role): boolean {
    return this.weights.has(role)
  }

  /** Applies output projection and residual: mixed values [rows, heads x valueSize] to [rows, hidden]. */
  attentionOutput(mixed: string, residual: string): string {
    const projected = this.project('attention/o_proj', mixed, 'o', 'oBias')
    const output = this.norm('attention/after', projected, 'afterAttention')
    const added = this.toResidual('attention', output, this.spec.attentionScale)
    const attended = this.graph.node('attention/residual', 'Add', [residual, added])
    return besideAttention(this, attended, residual)
  }

  /** Applies the output projection of a state, [rows, heads x valueSize] to what is added to the residual. */
  stateOutput(mixed: string): string {
    const output = this.project('recurrent/out_proj', mixed, 'stateOutput')
    const normed = this.norm('recurrent/after', output, 'afterAttention')
    return this.toResidual('recurrent', normed, this.spec.stateScale)
  }

  /**
   * Applies the MLP with its residual.
   * @param blockInput rows before attention, read by an MLP in parallel to attention
   * @param shaped reshapes both summands, because reshaping the sum would copy it
   */
  mlp(rows: string, blockInput: string, shaped = (_path: string, value: string): string => value): string {
    const projected = this.mlpOutput(this.mlpInput(rows, blockInput))
    const added = this.toResidual('mlp', this.norm('mlp/after', projected, 'afterMlp'))
    return this.graph.node('mlp/residual', 'Add', [
      shaped('mlp/residual/rows', rows),
      shaped('mlp/residual/added', added)
    ])
  }

  /** Applies the norm before the MLP or its experts; parameters as for `mlp`. */
  mlpInput(rows: string, blockInput: string): string {
    return this.norm('mlp/before', this.spec.parallel ? blockInput : rows, normBeforeMlp(this.spec))
  }

  /** Applies the MLP to normed rows, [rows, hidden] to [rows, hidden]. */
  mlpOutput(normed: string): string {
    return this.project('mlp/down_proj', this.mlpInner(normed), 'down', 'downBias')
  }

  /** Applies a norm over the last axis; returns the value unchanged if the family has none there. */
  norm(path: string, value: string, position: NormPosition): string {
    const { family } = this.spec
    if (family.norms[position] === undefined) return value
    const role = NORM_ROLES[position]
    return family.normKind === 'rms'
      ? rmsNorm(this.graph, this.spec, path, value, this.weight(role))
      : layerNorm(this.graph, this.spec, path, value, this.weights.get(role), this.weights.get(`${role}Bias`))
  }

  /** Multiplies the output of a sublayer by its factor. */
  toResidual(path: string, output: string, factor = this.spec.residualScale): string {
    return scaled(this.graph, `${path}/toResidual`, output, factor)
  }

  /** Computes the input of the down projection: act(gate) · up, or act(up). */
  private mlpInner(rows: string): string {
    const { family, intermediateSize: size, gateScale, gateCutoff } = this.spec
    const up = (): string => this.project('mlp/up_proj', rows, 'up', 'upBias')
    if (family.mlp === 'plain') return this.activation(up())
    const [gate, other] = this.hasWeight('gateUp')
      ? this.splitColumns('mlp/gate_up', this.project('mlp/gate_up_proj', rows, 'gateUp'), [size, size])
      : [this.project('mlp/gate_proj', rows, 'gate', 'gateBias'), up()]
    if (gate === undefined || other === undefined) throw new Error('a gated MLP has two parts')
    return this.graph.node('mlp/gated', 'Mul', [
      this.activation(sparseGates(this.graph, scaled(this.graph, 'mlp/gate', gate, gateScale), gateCutoff)),
      other
    ])
  }

  private clip(path: string, value: string): string {
    const { qkvClip } = this.spec
    if (qkvClip === null) return value
    const bounds = [-qkvClip, qkvClip].map((bound, i) => this.graph.constant(`${path}/bound${i}`, bound))
    return this.graph.node(`${path}/clipped`, 'Clip', [value, ...bounds])
  }

  /** Applies norm, clipping and RoPE to q or k, in the family's order. */
  private normAndRotate(path: string, rows: string, positions: string, role: 'qNorm' | 'kNorm', heads: number): string {
    return this.spec.family.qkNormAfterRope
      ? this.headNorm(`${path}_norm`, this.rotate(path, rows, positions, heads), role, heads)
      : this.rotate(path, this.clip(path, this.headNorm(`${path}_norm`, rows, role, heads)), positions, heads)
  }

  /** Multiplies queries, [rows, 1, width], by 1 + rate ln(1 + floor(position / context)). */
  private grow(path: string, queries: string, positions: string): string {
    const { graph } = this
    const { queryGrowth } = this.spec
    if (queryGrowth === null) return queries
    const applyNumber = (name: string, op: string, value: string, number: number): string =>
      graph.node(`${path}/growth/${name}`, op, [value, graph.constant(`${path}/growth/${name}/by`, number)])
    const single = graph.cast(`${path}/growth/positions`, positions, 'float32')
    const rows = graph.reshape(`${path}/growth/rows`, single, [-1, 1, 1])
    const contexts = graph.node(`${path}/growth/floor`, 'Floor', [
      applyNumber('contexts', 'Div', rows, queryGrowth.context)
    ])
    const logarithm = graph.node(`${path}/growth/log`, 'Log', [applyNumber('one', 'Add', contexts, 1)])
    const factor = applyNumber('factor', 'Add', applyNumber('rate', 'Mul', logarithm, queryGrowth.rate), 1)
    return graph.node(`${path}/grown`, 'Mul', [queries, factor])
  }

  /** Splits a value along its last axis into parts of these sizes. */
  splitColumns(path: string, value: string, sizes: readonly number[]): string[] {
    const split = this.graph.constant(`${path}/sizes`, BigInt64Array.from(sizes, BigInt))
    return this.graph.nodeWithOutputs(path, 'Split', [value, split], sizes.length, { axis: { int: -1 } })
  }

  /**
   * Applies RoPE, [rows, heads x headSize] to [rows, 1, heads x headSize]. Each row is a sequence of one token, because
   * the operator limits the length of sequences.
   */
  private rotate(path: string, rows: string, positions: string, heads: number): string {
    const { graph, spec } = this
    const sequences = graph.reshape(`${path}/sequences`, rows, [-1, 1, heads * spec.headSize])
    const partial = spec.rotarySize === spec.headSize ? 0 : spec.rotarySize
    const inputs = [sequences, positions, this.rotary.cos, this.rotary.sin]
    return graph.node(`${path}/rotated`, 'RotaryEmbedding', inputs, {
      interleaved: { int: spec.family.interleavedRope ? 1 : 0 },
      num_heads: { int: heads },
      rotary_embedding_dim: { int: partial }
    })
  }

  /** Applies the q or k norm, over each head or over the whole projection, to [rows, heads x headSize]. */
  private headNorm(path: string, rows: string, role: 'qNorm' | 'kNorm', heads: number): string {
    const { graph, spec } = this
    if (spec.qkNorm === 'none') return rows
    const weight = this.weight(role)
    if (spec.qkNorm === 'projection') return rmsNorm(graph, spec, path, rows, weight)
    const split = graph.reshape(`${path}/heads`, rows, [-1, heads, spec.headSize])
    const normed =
      spec.qkNorm === 'head'
        ? rmsNorm(graph, spec, path, split, weight)
        : graph.node(`${path}/weighed`, 'Mul', [
            layerNorm(graph, spec, path, split, graph.constant(`${path}/ones`, ones(spec.headSize))),
            weight
          ])
    return graph.reshape(`${path}/joined`, normed, [-1, heads * spec.headSize])
  }

  /** Computes [rows, in] x [out, in]^T (+ bias), [rows, out]. */
  project(path: string, rows: string, role: Role, biasRole?: Role): string {
    const { graph, weights } = this
    const weight = weights.get(role) ?? role
    const bias = biasRole === undefined ? undefined : weights.get(biasRole)
    const biases = bias === undefined ? [] : [bias]
    const half = this.products.precision === 'fp16'
    const input = half ? graph.cast(`${path}/half`, rows, 'float16') : rows
    const toSingle = (product: string): string => (half ? graph.cast(`${path}/single`, product, 'float32') : product)
    const bits = quantisedBits(this.products.weights)
    if (bits !== null) {
      const stored = this.shapes.find(({ name }) => name === role)
      if (stored === undefined) throw new Error(`a layer holds no ${role}`)
      const product = toSingle(quantisedProduct(graph, path, input, weight, stored.shape, bits))
      return biases.length === 0 ? product : graph.node(`${path}/biased`, 'Add', [product, ...biases])
    }
    return toSingle(graph.node(`${path}/Gemm`, 'Gemm', [input, weight, ...biases], { transB: { int: 1 } }))
  }

  activation(value: string, path = 'mlp'): string {
    const { graph, spec } = this
    switch (spec.activation) {
      case 'gelu':
        return graph.node(`${path}/gelu`, 'Gelu', [value], { approximate: { string: 'none' } })
      case 'gelu_tanh':
        return graph.node(`${path}/gelu`, 'Gelu', [value], { approximate: { string: 'tanh' } })
      case 'relu':
        return graph.node('mlp/relu', 'Relu', [value])
      case 'relu2': {
        const positive = graph.node('mlp/relu', 'Relu', [value])
        return graph.node('mlp/relu2', 'Mul', [positive, positive])
      }
      case 'xielu':
        return xielu(graph, value, this.weight('alphaP'), this.weight('alphaN'))
      case 'silu':
        return graph.node('mlp/silu', 'Mul', [value, graph.node('mlp/sigmoid', 'Sigmoid', [value])])
    }
  }
}

/** Multiplies rows with a quantised weight of `shape` [out, in], whose scales are named after it. */
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
    // Activations are also rounded to int8 in blocks, which is 1.3 times as fast as float32 and differs by up to 1 %.
    accuracy_level: { int: 4 }
  })
}

/**
 * Applies xIELU (Huang and Schlag, arXiv 2411.13010). Above zero it is a x^2 + x / 2 with a = softplus(alphaP). Below
 * zero it is b (exp(x) - 1 - x) + x / 2 with b = 1 / 2 + softplus(alphaN).
 */
function xielu(graph: OnnxGraph, value: string, alphaP: string, alphaN: string): string {
  const constant = (name: string, number: number): string => graph.constant(`mlp/xielu/${name}`, number)
  const node = (name: string, op: string, ...inputs: string[]): string => graph.node(`mlp/xielu/${name}`, op, inputs)
  const half = constant('half', 0.5)
  const a = node('a', 'Softplus', alphaP)
  const b = node('b', 'Add', node('softplus', 'Softplus', alphaN), half)
  const above = node('above', 'Mul', a, node('square', 'Mul', value, value))
  const low = node('low', 'Min', value, constant('zero', -1e-6))
  const exponential = node('expm1', 'Sub', node('exp', 'Exp', low), constant('one', 1))
  const below = node('below', 'Mul', node('bent', 'Sub', exponential, value), b)
  const positive = node('positive', 'Greater', value, constant('nought', 0))
  return node('xielu', 'Add', node('either', 'Where', positive, above, below), node('line', 'Mul', value, half))
}

function scaled(graph: OnnxGraph, path: string, value: string, factor: number): string {
  return factor === 1 ? value : graph.node(path, 'Mul', [value, graph.constant(`${path}/factor`, factor)])
}

/** Converts products of the final norm with the head to logits. */
export function finishLogits(graph: OnnxGraph, spec: DecoderSpec, products: string): string {
  return softCap(graph, 'head', scaled(graph, 'head/scaled', products, spec.logitScale), spec.finalSoftCap)
}

/** Computes cap * tanh(x / cap), or x itself without a cap. */
export function softCap(graph: OnnxGraph, path: string, value: string, cap: number | null): string {
  if (cap === null) return value
  const size = graph.constant(`${path}/cap`, cap)
  const squashed = graph.node(`${path}/tanh`, 'Tanh', [graph.node(`${path}/divided`, 'Div', [value, size])])
  return graph.node(`${path}/capped`, 'Mul', [squashed, size])
}
