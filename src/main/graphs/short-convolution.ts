import type { ShortConvolution } from '../family/recurrent'
import { CausalConvolution } from './causal-convolution'
import type { LayerBuilder } from './layer-builder'
import type { OnnxGraph } from './onnx-model'
import type { RecurrentLayer, RecurrentShape } from './recurrent-shape'

/** Builds a short convolution between two gates (LFM2, arXiv 2511.23404): c · conv(b · x), all projected from rows. */
export class ShortConvolutionLayer implements RecurrentLayer {
  private readonly graph: OnnxGraph
  private readonly convolution: CausalConvolution

  constructor(
    private readonly layer: LayerBuilder,
    private readonly sizes: ShortConvolution
  ) {
    this.graph = layer.graph
    this.convolution = new CausalConvolution(layer, sizes)
  }

  packed(rows: string, { parents, ends }: RecurrentShape): { output: string; inputs: string; states: string | null } {
    const { graph } = this
    const { channels } = this.sizes
    const { input, gate } = this.projections(rows)
    const inputs = graph.reshape('recurrent/inputs', input, [-1, parents.length, channels])
    const convolved = this.convolution.packed(inputs, parents)
    const mixed = graph.reshape('recurrent/convolved', convolved, [-1, channels])
    // There is no state beside the convolution's inputs, so a value of width 0 stands for it.
    const [states = null] = ends.length === 0 ? [] : this.layer.splitColumns('recurrent/states', inputs, [0, channels])
    return { output: this.output(gate, mixed), inputs, states }
  }

  step(hidden: string, past: string, state: string): { output: string; input: string; state: string } {
    const { input, gate } = this.projections(hidden)
    return { output: this.output(gate, this.convolution.step(input, past)), input, state }
  }

  private projections(rows: string): { input: string; gate: string } {
    const { graph, layer } = this
    const { channels } = this.sizes
    const normed = layer.norm('recurrent/before', rows, 'beforeAttention')
    const projected = layer.project('recurrent/in_proj', normed, 'stateInputs')
    const [inputGate = '', gate = '', value = ''] = layer.splitColumns('recurrent/parts', projected, [
      channels,
      channels,
      channels
    ])
    return { input: graph.node('recurrent/input', 'Mul', [inputGate, value]), gate }
  }

  private output(gate: string, convolved: string): string {
    const mixed = this.graph.node('recurrent/output/gated', 'Mul', [gate, convolved])
    return this.layer.stateOutput(mixed)
  }
}
