import { elementAt } from '../../contract/model/look-up'
import type { TokenChunk, TokenInputs } from './chunked-states'
import { silu } from './graph-rows'
import { rmsNormBy } from './norms'
import { StateLayer, type StateProjections } from './state-layer'

/**
 * Builds a layer with the gated delta rule (Yang et al., arXiv 2412.06464). Each token changes the state S of a value
 * head to e^g S + k u^T, with u = s (v - e^g S^T k). Here g is the decay, and s the strength of the change.
 *
 * The changes U of all tokens of a chunk are computed at once. With the sum G of g up to a token, they solve
 * (I + A) U = s (V - e^G K S). Here A_ij is s_i e^(G_i - G_j) k_i k_j for j < i, and 0 otherwise.
 */
export class GatedDeltaLayer extends StateLayer {
  protected projections(normed: string): StateProjections {
    const { qkv, gate, strength, decay } = this.projectInputs(normed)
    return {
      inputs: qkv,
      gate,
      strength: this.graph.node('recurrent/strength', 'Sigmoid', [strength]),
      decay: this.decayOf(this.softplus(decay))
    }
  }

  /** Projects to the inputs, which some models store as two tensors whose rows are grouped by key head. */
  private projectInputs(normed: string): Record<'qkv' | 'gate' | 'strength' | 'decay', string> {
    const { graph, layer } = this
    const { keyHeads, valueHeads, keySize, valueSize } = this.sizes.state
    const group = valueHeads / keyHeads
    const { recurrent } = layer.spec.family
    if (recurrent?.kind !== 'gatedDelta' || !recurrent.fused) {
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
        .map((part, i) => graph.reshape(`${path}/part${i}`, part, [-1, keyHeads * elementAt(sizes, i, 'size')]))
    }
    const values = group * valueSize
    const joined = layer.project('recurrent/in_proj_qkvz', normed, 'stateQkvGate')
    const [q = '', k = '', v = '', gate = ''] = byKeyHead('recurrent/qkvz', joined, [keySize, keySize, values, values])
    const other = layer.project('recurrent/in_proj_ba', normed, 'stateStrengthDecay')
    const [strength = '', decay = ''] = byKeyHead('recurrent/ba', other, [group, group])
    return {
      qkv: graph.node('recurrent/qkv', 'Concat', [q, k, v], { axis: { int: -1 } }),
      gate,
      strength,
      decay
    }
  }

  /** Splits q, k and v, and scales q and k of each head to the length keySize^-0.5 and 1. */
  protected split(convolved: string): Pick<TokenInputs, 'q' | 'k' | 'v'> {
    const { keyHeads, keySize } = this.sizes.state
    const sizes = [keyHeads * keySize, keyHeads * keySize, this.outputSize]
    const [q = '', k = '', v = ''] = this.layer.splitColumns('recurrent/convolved', convolved, sizes)
    return { q: this.unit('q', q, 1 / keySize), k: this.unit('k', k, keySize ** -0.5), v }
  }

  /** Divides each head by its length: an RMS norm with another weight. 1e-6 is added to the squared length. */
  private unit(name: string, value: string, weight: number): string {
    const { graph } = this
    const { keySize } = this.sizes.state
    const heads = graph.reshape(`recurrent/${name}/split`, value, [-1, keySize])
    const weights = graph.constant(`recurrent/${name}/length`, new Float32Array(keySize).fill(weight))
    const normed = rmsNormBy(graph, `recurrent/${name}/unit`, heads, weights, 1e-6 / keySize)
    return graph.node(`recurrent/${name}`, 'Reshape', [normed, graph.node(`recurrent/${name}/shape`, 'Shape', [value])])
  }

  /** Computes the changes U of the tokens of a chunk. */
  changes({ path, k, v, strength, length, ...chunk }: TokenChunk): string {
    const { graph } = this
    const predicted = chunk.productsWithState('k', k)
    const difference = predicted === null ? v : graph.node(`${path}/unknown`, 'Sub', [v, predicted])
    const weighted = graph.node(`${path}/weighed`, 'Mul', [strength, difference])
    if (length === 1) return weighted
    const matrix = graph.node(`${path}/A`, 'Mul', [chunk.productsWithKeys('k', k), strength])
    return graph.node(`${path}/changes`, 'MatMul', [this.inverse(path, matrix, length), weighted])
  }

  /**
   * Inverts I + A, where A is read only below its diagonal. Each step inverts diagonal blocks of twice the size: the
   * inverse of [[P, 0], [C, Q]] has -Q^-1 C P^-1 below its diagonal. The usual series of powers of A would overflow.
   */
  private inverse(path: string, matrix: string, length: number): string {
    const { graph } = this
    let inverse = this.chunks.square(`unit${length}`, length, (i, j) => (i === j ? 1 : 0))
    for (let size = 1; size < length; size *= 2) {
      const stepPath = `${path}/inverse${size}`
      const isBelow = (i: number, j: number): boolean =>
        Math.floor(i / size) === Math.floor(j / size) + 1 && Math.floor(j / size) % 2 === 0
      const mask = this.chunks.square(`below${size}of${length}`, length, (i, j) => (isBelow(i, j) ? 1 : 0))
      const blocks = graph.node(`${stepPath}/blocks`, 'Mul', [matrix, mask])
      const below =
        size === 1
          ? blocks
          : graph.node(`${stepPath}/below`, 'MatMul', [
              graph.node(`${stepPath}/left`, 'MatMul', [inverse, blocks]),
              inverse
            ])
      inverse = graph.node(stepPath, 'Sub', [inverse, below])
    }
    return inverse
  }

  /** Applies the norm of each head and the gate. */
  protected gated(mixed: string, gate: string): string {
    const { graph, layer } = this
    const heads = graph.reshape('recurrent/output/heads', mixed, [-1, this.sizes.state.valueSize])
    const weight = layer.weight('stateNorm')
    const normed = rmsNormBy(graph, 'recurrent/output', heads, weight, layer.spec.normEpsilon)
    const joined = graph.reshape('recurrent/output/rows', normed, [-1, this.outputSize])
    return graph.node('recurrent/output/gated', 'Mul', [joined, silu(graph, 'recurrent/gate', gate)])
  }
}
