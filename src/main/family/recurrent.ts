import { isJsonObject } from '../base/json-object'
import type { ConfigReader } from './config-reader'

/** A trait of families with recurrent layers: a state that is updated by each token replaces attention. */
export type RecurrentTrait = {
  /** Name of these layers in layer_types. */
  readonly layerType: string
  /** Reports whether a layer has attention, for configs without layer_types. */
  readonly attends: (layer: number, config: ConfigReader) => boolean
  /** True if layers with a state also have attention. */
  readonly besideAttention?: boolean
} & (
  | {
      readonly kind: 'gatedDelta'
      /** True for two input projections, grouped by key head: [q | k | v | gate] and [strength | decay]. */
      readonly fused: boolean
    }
  | { readonly kind: 'shortConvolution' }
  | {
      readonly kind: 'stateSpace'
      /** Config keys of the sizes, and of a bias of the convolution. */
      readonly keys: Readonly<Record<'heads' | 'headSize' | 'groups' | 'stateSize' | 'kernel' | 'biased', string>>
      /** Config key of the product of heads and head size, if the family states it. */
      readonly sizeKey?: string
      /** True if the heads of each group have a separate norm. */
      readonly groupNorm: boolean
      /** Reads from the config whether the norm is before or after the gate; by default it is after the gate. */
      readonly norm?: (config: ConfigReader) => StateSpace['norm']
    }
)

/** Sizes of the state of a layer, which is [keySize, valueSize] for each value head. */
export interface StateShape {
  readonly keyHeads: number
  /** A multiple of keyHeads. */
  readonly valueHeads: number
  readonly keySize: number
  readonly valueSize: number
}

/** A causal convolution with one weight for each channel and distance. */
export interface ConvolutionShape {
  readonly channels: number
  /** Tokens that the convolution sees. */
  readonly kernel: number
  readonly biased: boolean
}

/** Gated delta rule (Yang et al., arXiv 2412.06464) after a convolution over q, k and v. */
export interface GatedDelta extends ConvolutionShape {
  readonly kind: 'gatedDelta'
  readonly state: StateShape
}

/** A convolution between two gates, without a further state. */
export interface ShortConvolution extends ConvolutionShape {
  readonly kind: 'shortConvolution'
  readonly state: null
}

/** State space of Mamba-2 (Dao and Gu, arXiv 2405.21060) after a convolution over its inputs. */
export interface StateSpace extends ConvolutionShape {
  readonly kind: 'stateSpace'
  readonly state: StateShape
  /** Place of the norm of mixed values. */
  readonly norm: 'none' | 'beforeGate' | 'afterGate'
  /** Groups of heads that are normed apart. */
  readonly normGroups: number
  /** Limits of a token's time step (dt); null without limits. */
  readonly stepLimits: readonly [min: number, max: number] | null
}

export type Recurrence = GatedDelta | ShortConvolution | StateSpace

/** Reads the recurrence of a model's layers. */
export function readRecurrence(reader: ConfigReader, trait: RecurrentTrait): Recurrence {
  switch (trait.kind) {
    case 'gatedDelta':
      return readGatedDelta(reader)
    case 'shortConvolution':
      return {
        kind: trait.kind,
        channels: reader.count('hidden_size'),
        kernel: reader.count('conv_L_cache', 2),
        biased: false,
        state: null
      }
    case 'stateSpace':
      return readStateSpace(reader, trait)
  }
}

function readGatedDelta(reader: ConfigReader): GatedDelta {
  const keyHeads = reader.count('linear_num_key_heads')
  const valueHeads = reader.count('linear_num_value_heads')
  if (valueHeads % keyHeads !== 0)
    throw reader.bad('linear_num_value_heads', `a multiple of linear_num_key_heads (${keyHeads})`)
  const keySize = reader.count('linear_key_head_dim')
  const valueSize = reader.count('linear_value_head_dim')
  return {
    kind: 'gatedDelta',
    channels: 2 * keyHeads * keySize + valueHeads * valueSize,
    kernel: reader.count('linear_conv_kernel_dim', 2),
    biased: false,
    state: { keyHeads, valueHeads, keySize, valueSize }
  }
}

function readStateSpace(
  reader: ConfigReader,
  { keys, sizeKey, groupNorm, norm }: Extract<RecurrentTrait, { kind: 'stateSpace' }>
): StateSpace {
  const groups = reader.count(keys.groups)
  const heads = reader.count(keys.heads)
  if (heads % groups !== 0) throw reader.bad(keys.heads, `a multiple of ${keys.groups} (${groups})`)
  const stated = sizeKey === undefined ? null : reader.optionalCount(sizeKey)
  const size = (): number => stated ?? reader.count('mamba_expand') * reader.count('hidden_size')
  const valueSize = reader.value(keys.headSize) === 'auto' ? size() / heads : reader.count(keys.headSize)
  if (!Number.isInteger(valueSize))
    throw reader.bad(keys.heads, `a divisor of ${stated === null ? 'mamba_expand x hidden_size' : stated}`)
  if (sizeKey !== undefined && size() !== heads * valueSize)
    throw reader.bad(keys.headSize, `${size() / heads}, so that ${heads} heads have ${size()} numbers`)
  const keySize = reader.count(keys.stateSize)
  return {
    kind: 'stateSpace',
    channels: heads * valueSize + 2 * groups * keySize,
    kernel: reader.count(keys.kernel, 2),
    biased: reader.flag(keys.biased, true),
    state: { keyHeads: groups, valueHeads: heads, keySize, valueSize },
    norm: norm?.(reader) ?? 'afterGate',
    normGroups: groupNorm ? groups : 1,
    stepLimits: readStepLimits(reader)
  }
}

function readStepLimits(reader: ConfigReader): StateSpace['stepLimits'] {
  const value = reader.value('time_step_limit')
  if (value === undefined || value === null) return null
  const numbers: unknown[] = Array.isArray(value) ? value : []
  // transformers 5 writes infinity as an object.
  const [min, max] = numbers.map((limit) => (isJsonObject(limit) && limit.__float__ === 'Infinity' ? Infinity : limit))
  if (typeof min !== 'number' || typeof max !== 'number' || min < 0 || max < min)
    throw reader.bad('time_step_limit', 'the minimum and the maximum of a step')
  return min === 0 && max === Infinity ? null : [min, max]
}

/** Counts the numbers of a token's output over all heads. */
export function outputSize({ state, channels }: Recurrence): number {
  return state === null ? channels : state.valueHeads * state.valueSize
}

/** Counts the numbers of the state after a token, over all heads. */
export function stateSize({ state }: Recurrence): number {
  return state === null ? 0 : state.valueHeads * state.keySize * state.valueSize
}
