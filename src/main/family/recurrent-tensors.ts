import type { DecoderSpec } from './decoder-spec'
import { moduleNames } from './family'
import { type GatedDelta, outputSize, type Recurrence } from './recurrent'

/**
 * Components of the tensors of recurrent layers, by role. A component is a part of a layer that a recipe can restore by
 * itself. Gates multiply the output and count as `o`. Update rates and decay act on keys and count as `k`.
 */
export const RECURRENT_COMPONENTS = {
  stateInputs: ['q', 'k', 'v', 'o'],
  stateQkv: ['q', 'k', 'v'],
  stateGate: ['o'],
  stateStrength: ['k'],
  stateDecay: ['k'],
  stateQkvGate: ['q', 'k', 'v', 'o'],
  stateStrengthDecay: ['k'],
  convolution: ['q', 'k', 'v'],
  convolutionBias: ['q', 'k', 'v'],
  decayRate: ['k'],
  decayBias: ['k'],
  stateSkip: ['v'],
  stateNorm: ['norms'],
  stateOutput: ['o']
} as const
type RecurrentRole = keyof typeof RECURRENT_COMPONENTS

interface RecurrentTensor {
  readonly role: RecurrentRole
  readonly name: string
  readonly shape: readonly number[]
}

/** Lists the tensors of a layer's recurrence, without the norms around it. */
export function recurrentTensors(spec: DecoderSpec, recurrence: Recurrence): RecurrentTensor[] {
  const { hiddenSize, family } = spec
  const { recurrent: folder } = moduleNames(family)
  const tensor = (role: RecurrentTensor['role'], name: string, shape: readonly number[]): RecurrentTensor => ({
    role,
    name: `${folder}.${name}`,
    shape
  })
  const { channels, kernel } = recurrence
  switch (recurrence.kind) {
    case 'gatedDelta':
      return gatedDeltaTensors(spec, recurrence, tensor)
    case 'shortConvolution':
      return [
        tensor('stateInputs', 'in_proj.weight', [3 * channels, hiddenSize]),
        tensor('convolution', 'conv.weight', [channels, 1, kernel]),
        tensor('stateOutput', 'out_proj.weight', [hiddenSize, channels])
      ]
    case 'stateSpace': {
      const { valueHeads } = recurrence.state
      const size = outputSize(recurrence)
      return [
        tensor('stateInputs', 'in_proj.weight', [size + channels + valueHeads, hiddenSize]),
        tensor('convolution', 'conv1d.weight', [channels, 1, kernel]),
        ...(recurrence.biased ? [tensor('convolutionBias', 'conv1d.bias', [channels])] : []),
        tensor('decayRate', 'A_log', [valueHeads]),
        tensor('decayBias', 'dt_bias', [valueHeads]),
        tensor('stateSkip', 'D', [valueHeads]),
        ...(recurrence.norm === 'none' ? [] : [tensor('stateNorm', 'norm.weight', [size])]),
        tensor('stateOutput', 'out_proj.weight', [hiddenSize, size])
      ]
    }
  }
}

function gatedDeltaTensors(
  { hiddenSize, family: { recurrent } }: DecoderSpec,
  { channels, kernel, state: { valueHeads, valueSize } }: GatedDelta,
  tensor: (role: RecurrentTensor['role'], name: string, shape: readonly number[]) => RecurrentTensor
): RecurrentTensor[] {
  const gate = valueHeads * valueSize
  const input = (role: RecurrentTensor['role'], name: string, size: number): RecurrentTensor =>
    tensor(role, `${name}.weight`, [size, hiddenSize])
  const inputs =
    recurrent?.kind === 'gatedDelta' && recurrent.fused
      ? [
          input('stateQkvGate', 'in_proj_qkvz', channels + gate),
          input('stateStrengthDecay', 'in_proj_ba', 2 * valueHeads)
        ]
      : [
          input('stateQkv', 'in_proj_qkv', channels),
          input('stateGate', 'in_proj_z', gate),
          input('stateStrength', 'in_proj_b', valueHeads),
          input('stateDecay', 'in_proj_a', valueHeads)
        ]
  return [
    ...inputs,
    tensor('convolution', 'conv1d.weight', [channels, 1, kernel]),
    tensor('decayRate', 'A_log', [valueHeads]),
    tensor('decayBias', 'dt_bias', [valueHeads]),
    tensor('stateNorm', 'norm.weight', [valueSize]),
    tensor('stateOutput', 'out_proj.weight', [hiddenSize, gate])
  ]
}
