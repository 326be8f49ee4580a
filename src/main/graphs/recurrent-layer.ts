import type { Recurrence } from '../family/recurrent'
import { GatedDeltaLayer } from './gated-delta'
import type { LayerBuilder } from './layer-builder'
import type { RecurrentLayer, RecurrentShape } from './recurrent-shape'
import { ShortConvolutionLayer } from './short-convolution'
import { StateSpaceLayer } from './state-space'

/** A layer without an attention half: its rows pass unchanged, and it carries no numbers from token to token. */
class IdentityLayer implements RecurrentLayer {
  constructor(private readonly layer: LayerBuilder) {}

  packed(rows: string, { parents }: RecurrentShape): { attended: string; inputs: string; states: null } {
    const { graph, spec } = this.layer
    const byNode = graph.reshape('recurrent/nodes', rows, [-1, parents.length, spec.hiddenSize])
    return { attended: rows, inputs: this.empty(byNode), states: null }
  }

  step(hidden: string, _past: string, state: string): { attended: string; input: string; state: string } {
    return { attended: hidden, input: this.empty(hidden), state }
  }

  /** Takes no columns of rows. */
  private empty(rows: string): string {
    const [empty = ''] = this.layer.splitColumns('recurrent/columns', rows, [0, this.layer.spec.hiddenSize])
    return empty
  }
}

export function recurrentLayer(layer: LayerBuilder, recurrence: Recurrence): RecurrentLayer {
  switch (recurrence.kind) {
    case 'gatedDelta':
      return new GatedDeltaLayer(layer, recurrence)
    case 'shortConvolution':
      return new ShortConvolutionLayer(layer, recurrence)
    case 'identity':
      return new IdentityLayer(layer)
    case 'stateSpace':
      return new StateSpaceLayer(layer, recurrence)
  }
}

/** Gives the dimensions of one sequence's state. A state of no numbers has one dimension. */
export function stateDims({ state }: Recurrence): number[] {
  if (state === null) return [0]
  const { keyHeads, valueHeads, keySize, valueSize } = state
  return [keyHeads, valueHeads / keyHeads, keySize, valueSize]
}
