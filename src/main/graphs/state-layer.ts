import type { ConvolutionShape, StateShape } from '../family/recurrent'
import { CausalConvolution } from './causal-convolution'
import { ChunkedStates, type StateRule, type TokenChunk, type TokenInputs } from './chunked-states'
import { silu, withZeroRow } from './graph-rows'
import type { LayerBuilder } from './layer-builder'
import type { OnnxGraph } from './onnx-model'
import type { RecurrentLayer, RecurrentShape } from './recurrent-shape'

/** Projections of rows: inputs of the convolution, gate of the output, strength of tokens, and decay. */
export type StateProjections = Record<'inputs' | 'gate' | 'strength' | 'decay', string>

/** Builds a layer whose state is a matrix for each head, after a convolution with SiLU. */
export abstract class StateLayer implements RecurrentLayer, StateRule {
  protected readonly graph: OnnxGraph
  protected readonly chunks: ChunkedStates
  private readonly convolution: CausalConvolution

  constructor(
    protected readonly layer: LayerBuilder,
    protected readonly sizes: ConvolutionShape & { readonly state: StateShape }
  ) {
    this.graph = layer.graph
    this.convolution = new CausalConvolution(layer, sizes)
    this.chunks = new ChunkedStates(layer.graph, sizes.state, this)
  }

  /** Projects normed rows; the logarithm of the decay is negative. */
  protected abstract projections(normed: string): StateProjections
  protected abstract split(convolved: string): Pick<TokenInputs, 'q' | 'k' | 'v'>
  abstract changes(chunk: TokenChunk): string
  /** Gives the input of the output projection from mixed values and gates, [rows, heads x size] each. */
  protected abstract gated(mixed: string, gate: string): string

  direct(_chunk: TokenChunk): string | null {
    return null
  }

  packed(rows: string, shape: RecurrentShape): { output: string; inputs: string; states: string | null } {
    const { graph, layer } = this
    const { valueHeads } = this.sizes.state
    const normed = layer.norm('recurrent/before', rows, 'beforeAttention')
    const { gate, ...projected } = this.projections(normed)
    const byNode = (name: 'inputs' | 'decay' | 'strength', width: number): string =>
      graph.reshape(`recurrent/${name}/nodes`, projected[name], [-1, shape.parents.length, width])
    const inputs = byNode('inputs', this.sizes.channels)
    const convolved = silu(graph, 'recurrent/convolution', this.convolution.packed(inputs, shape.parents))
    const tokens = {
      ...this.split(withZeroRow(graph, 'recurrent/convolved', convolved)),
      decay: withZeroRow(graph, 'recurrent/decay', byNode('decay', valueHeads)),
      strength: withZeroRow(graph, 'recurrent/strength', byNode('strength', valueHeads))
    }
    const { mixed, states } = this.chunks.packed(tokens, shape)
    const mixedRows = graph.reshape('recurrent/mixed/rows', mixed, [-1, this.outputSize])
    return { output: layer.stateOutput(this.gated(mixedRows, gate)), inputs, states }
  }

  step(hidden: string, past: string, state: string): { output: string; input: string; state: string } {
    const { layer } = this
    const normed = layer.norm('recurrent/before', hidden, 'beforeAttention')
    const { inputs, gate, strength, decay } = this.projections(normed)
    const convolved = silu(this.graph, 'recurrent/convolution', this.convolution.step(inputs, past))
    const after = this.chunks.step({ ...this.split(convolved), strength, decay }, state)
    return { output: layer.stateOutput(this.gated(after.mixed, gate)), input: inputs, state: after.state }
  }

  protected get outputSize(): number {
    return this.sizes.state.valueHeads * this.sizes.state.valueSize
  }

  /** Computes softplus(steps + bias), where the steps are a projection of rows. */
  protected softplus(steps: string): string {
    const { graph, layer } = this
    const biased = graph.node('recurrent/steps/biased', 'Add', [steps, layer.weight('decayBias')])
    return graph.node('recurrent/steps/softplus', 'Softplus', [biased])
  }

  /** Computes the logarithm of the decay, -e^rate times the steps. */
  protected decayOf(steps: string): string {
    const { graph, layer } = this
    const rate = graph.node('recurrent/decay/rate', 'Exp', [layer.weight('decayRate')])
    return graph.node('recurrent/decay', 'Neg', [graph.node('recurrent/decay/size', 'Mul', [rate, steps])])
  }
}
