import type { Recurrence } from '../family/recurrent'
import { GatedDeltaLayer } from './gated-delta'
import type { LayerBuilder } from './layer-builder'
import type { RecurrentLayer } from './recurrent-shape'
import { ShortConvolutionLayer } from './short-convolution'
import { StateSpaceLayer } from './state-space'

export function recurrentLayer(layer: LayerBuilder, recurrence: Recurrence): RecurrentLayer {
  switch (recurrence.kind) {
    case 'gatedDelta':
      return new GatedDeltaLayer(layer, recurrence)
    case 'shortConvolution':
      return new ShortConvolutionLayer(layer, recurrence)
    case 'stateSpace':
      return new StateSpaceLayer(layer, recurrence)
  }
}

/** Gives the dimensions of one sequence's state. A recurrence without a state has [0], a state of no numbers. */
export function stateDims({ state }: Recurrence): number[] {
  if (state === null) return [0]
  const { keyHeads, valueHeads, keySize, valueSize } = state
  return [keyHeads, valueHeads / keyHeads, keySize, valueSize]
}
