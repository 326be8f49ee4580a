import { elementAt } from '../../contract/model/look-up'
import type { StateSpace } from '../family/recurrent'
import type { TokenChunk, TokenInputs } from './chunked-states'
import { silu } from './graph-rows'
import type { LayerBuilder } from './layer-builder'
import { ones, rmsNormBy } from './norms'
import { StateLayer, type StateProjections } from './state-layer'

/**
 * Builds a state space (Mamba-2, arXiv 2405.21060). A token x with step d changes the state by u = d x, after a decay
 * whose logarithm is -d e^rate. D x is added to the token's output ("skip").
 */
export class StateSpaceLayer extends StateLayer {
  constructor(
    layer: LayerBuilder,
    private readonly space: StateSpace
  ) {
    super(layer, space)
  }

  protected projections(normed: string): StateProjections {
    const { layer, space } = this
    const projected = this.scaleInputs(layer.project('recurrent/in_proj', normed, 'stateInputs'))
    const sizes = [this.outputSize, space.channels, space.state.valueHeads]
    const [gate = '', inputs = '', steps = ''] = layer.splitColumns('recurrent/parts', projected, sizes)
    const strength = this.clipSteps(this.softplus(steps))
    return { inputs, gate, strength, decay: this.decayOf(strength) }
  }

  protected split(convolved: string): Pick<TokenInputs, 'q' | 'k' | 'v'> {
    const { keyHeads, keySize } = this.space.state
    const sizes = [this.outputSize, keyHeads * keySize, keyHeads * keySize]
    const [v = '', k = '', q = ''] = this.layer.splitColumns('recurrent/convolved', convolved, sizes)
    return { q, k, v }
  }

  changes({ path, v, strength }: TokenChunk): string {
    return this.graph.node(`${path}/changes`, 'Mul', [strength, v])
  }

  override direct({ path, v }: TokenChunk): string {
    const { graph } = this
    const { keyHeads, valueHeads } = this.space.state
    const dims = [keyHeads, valueHeads / keyHeads, 1, 1]
    const factors = graph.reshape(`${path}/skip/heads`, this.layer.weight('stateSkip'), dims)
    return graph.node(`${path}/skip`, 'Mul', [factors, v])
  }

  /** Applies the gate, and before or after it the norm over the heads of each group, if the model has one. */
  protected gated(mixed: string, gate: string): string {
    const { graph, space } = this
    const input = space.norm === 'beforeGate' ? this.normGroups(mixed) : mixed
    const gated = graph.node('recurrent/output/gated', 'Mul', [input, silu(graph, 'recurrent/gate', gate)])
    return space.norm === 'afterGate' ? this.normGroups(gated) : gated
  }

  /** Applies the norm over all heads, or over the heads of each group. */
  private normGroups(values: string): string {
    const { graph, layer, outputSize, space } = this
    const weight = layer.weight('stateNorm')
    const { normEpsilon } = layer.spec
    if (space.normGroups === 1) return rmsNormBy(graph, 'recurrent/output', values, weight, normEpsilon)
    const size = outputSize / space.normGroups
    const groups = graph.reshape('recurrent/output/groups', values, [-1, size])
    const unit = graph.constant('recurrent/output/ones', ones(size))
    const unitNormed = rmsNormBy(graph, 'recurrent/output', groups, unit, normEpsilon)
    const rows = graph.reshape('recurrent/output/rows', unitNormed, [-1, outputSize])
    return graph.node('recurrent/output/weighed', 'Mul', [rows, weight])
  }

  /** Multiplies the parts of projected rows by their factors. */
  private scaleInputs(projected: string): string {
    const { stateInputScales: scales } = this.layer.spec
    if (scales === null) return projected
    const { keyHeads, keySize, valueHeads } = this.space.state
    const sizes = [this.outputSize, this.outputSize, keyHeads * keySize, keyHeads * keySize, valueHeads]
    const factors = sizes.flatMap((size, i) => new Array<number>(size).fill(elementAt(scales, i, 'factor')))
    const factor = this.graph.constant('recurrent/factors', Float32Array.from(factors))
    return this.graph.node('recurrent/scaled', 'Mul', [projected, factor])
  }

  private clipSteps(steps: string): string {
    const { stepLimits } = this.space
    if (stepLimits === null) return steps
    const bounds = stepLimits.map((limit, i) => this.graph.constant(`recurrent/steps/limit${i}`, limit))
    return this.graph.node('recurrent/steps/limited', 'Clip', [steps, ...bounds])
  }
}
