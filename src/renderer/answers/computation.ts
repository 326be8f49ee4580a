import type { GenerationDevice, Precision } from '../../contract/model/device'
import type { WeightStorage } from '../../contract/model/sampling'
import type { Computing } from '../../contract/documents/samples'

export interface ComputationDraft {
  device: GenerationDevice
  precision: 'auto' | Precision
  weights: 'auto' | WeightStorage
}

/** Returns the fields for computation settings, in which a missing setting is `auto`. */
export const draftOfComputing = ({ device, precision, weights }: Computing): ComputationDraft => ({
  device,
  precision: precision ?? 'auto',
  weights: weights ?? 'auto'
})

/** Returns the settings of the fields, without those that are `auto`. */
export const computingOf = ({ device, precision, weights }: ComputationDraft): Computing => ({
  device,
  ...(precision === 'auto' ? {} : { precision }),
  ...(weights === 'auto' ? {} : { weights })
})

/**
 * Applies a choice to device, precision and weights. The CPU computes in fp32 only. Float weights are as wide as the
 * products.
 */
export function chooseComputation(
  { device, precision, weights }: ComputationDraft,
  choice: Partial<ComputationDraft>
): ComputationDraft {
  const on = choice.device ?? device
  if (on === 'cpu') {
    const kind = choice.weights ?? weights
    return { device: on, precision: 'auto', weights: kind === 'fp16' ? 'auto' : kind }
  }
  if (choice.weights === 'fp32' || choice.weights === 'fp16') {
    return { device: on, precision: choice.weights, weights: choice.weights }
  }
  const products = choice.precision ?? precision
  const kind = choice.weights ?? weights
  return { device: on, precision: products, weights: isFloat(kind) ? products : kind }
}

const isFloat = (weights: ComputationDraft['weights']): boolean => weights === 'fp32' || weights === 'fp16'
