import { elementAt } from '../../contract/model/look-up'
import type { ConvolutionShape } from '../family/recurrent'
import { gatherRows, withZeroRow } from './graph-rows'
import type { LayerBuilder } from './layer-builder'
import type { OnnxGraph } from './onnx-model'

/** Sums the last inputs of each channel, weighted by their distance. Tokens before a prompt are zeros. */
export class CausalConvolution {
  private readonly graph: OnnxGraph

  constructor(
    private readonly layer: LayerBuilder,
    private readonly sizes: ConvolutionShape
  ) {
    this.graph = layer.graph
  }

  /**
   * Convolves packed rows, [nodes, rows, channels].
   * @param parents row of the token before each row's token; the number of rows at the beginning of a prompt
   */
  packed(inputs: string, parents: Int32Array): string {
    const { graph } = this
    const { kernel } = this.sizes
    // This index is of a row of zeros, which is appended to the inputs.
    const noRow = parents.length
    const taps = this.taps()
    const padded = withZeroRow(graph, 'recurrent/inputs', inputs)
    let rows: Int32Array = Int32Array.from(parents.keys())
    let sum: string | null = null
    for (let distance = 0; distance < kernel && rows.some((row) => row !== noRow); distance++) {
      const path = `recurrent/convolution/tap${distance}`
      const index = graph.constant(`${path}/index`, BigInt64Array.of(BigInt(kernel - 1 - distance)))
      const weight = graph.node(`${path}/weight`, 'Gather', [taps, index], { axis: { int: 0 } })
      const seen = distance === 0 ? inputs : gatherRows(graph, `${path}/rows`, padded, rows)
      const product = graph.node(path, 'Mul', [seen, weight])
      sum = sum === null ? product : graph.node(`${path}/sum`, 'Add', [sum, product])
      rows = rows.map((row) => (row === noRow ? noRow : elementAt(parents, row, 'row')))
    }
    return this.biased(sum ?? inputs)
  }

  /** Convolves one token of each row, [rows, channels]. @param past earlier inputs, [rows, kernel - 1, channels] */
  step(input: string, past: string): string {
    const { graph } = this
    const { kernel, channels } = this.sizes
    const token = graph.reshape('recurrent/inputs/new', input, [-1, 1, channels])
    const seen = graph.node('recurrent/inputs/seen', 'Concat', [past, token], { axis: { int: 1 } })
    const taps = graph.reshape('recurrent/taps/kernel', this.taps(), [1, kernel, channels])
    const axis = graph.constant('recurrent/convolution/axis', BigInt64Array.of(1n))
    const products = graph.node('recurrent/convolution/products', 'Mul', [seen, taps])
    return this.biased(graph.node('recurrent/convolution/sum', 'ReduceSum', [products, axis], { keepdims: { int: 0 } }))
  }

  private biased(sum: string): string {
    if (!this.sizes.biased) return sum
    return this.graph.node('recurrent/convolution/biased', 'Add', [sum, this.layer.weight('convolutionBias')])
  }

  /** Returns the weights, [kernel, channels]. The last row is for the token itself. */
  private taps(): string {
    const { graph, layer, sizes } = this
    const weights = layer.weight('convolution')
    const rows = graph.reshape('recurrent/taps/rows', weights, [sizes.channels, sizes.kernel])
    return graph.node('recurrent/taps', 'Transpose', [rows], { perm: { ints: [1, 0] } })
  }
}
