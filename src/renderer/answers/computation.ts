import type { GenerationDevice, Precision } from '../../contract/model/device'
import type { HeldWeights } from '../../contract/model/sampling'
import type { Computing } from '../../contract/documents/samples'

/** Where and how answers are computed, as it is edited. */
export interface ComputationDraft {
  device: GenerationDevice
  precision: 'auto' | Precision
  weights: 'auto' | HeldWeights
}

export const draftOfComputing = ({ device, precision, weights }: Computing): ComputationDraft => ({
  device,
  precision: precision ?? 'auto',
  weights: weights ?? 'auto'
})

/** What a draft asks for. */
export const computingOf = ({ device, precision, weights }: ComputationDraft): Computing => ({
  device,
  ...(precision === 'auto' ? {} : { precision }),
  ...(weights === 'auto' ? {} : { weights })
})

/**
 * What choosing a device, a precision or a kind of weights makes of all three: the CPU computes in fp32 only, and weights
 * held as floats are as wide as the products.
 */
export function chooseComputation(
  { device, precision, weights }: ComputationDraft,
  choice: Partial<ComputationDraft>
): ComputationDraft {
  const on = choice.device ?? device
  if (on === 'cpu') {
    const held = choice.weights ?? weights
    return { device: on, precision: 'auto', weights: held === 'fp16' ? 'auto' : held }
  }
  if (choice.weights === 'fp32' || choice.weights === 'fp16') {
    return { device: on, precision: choice.weights, weights: choice.weights }
  }
  const products = choice.precision ?? precision
  const held = choice.weights ?? weights
  return { device: on, precision: products, weights: isFloat(held) ? products : held }
}

const isFloat = (weights: ComputationDraft['weights']): boolean => weights === 'fp32' || weights === 'fp16'
