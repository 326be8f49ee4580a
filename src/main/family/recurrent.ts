import type { ConfigReader } from './config-reader'

/** A trait of families in which some layers have a state in place of attention. */
export interface RecurrentTrait {
  readonly kind: 'gatedDelta'
  /** Name of these layers in layer_types. */
  readonly layerType: string
  /** Config key n: without layer_types, every n-th layer has attention. */
  readonly intervalKey: string
  /**
   * True if the input projections are two, whose rows are grouped by key head, [q | k | v | gate] and
   * [strength | decay].
   */
  readonly fused: boolean
}

/**
 * Gated delta rule (Yang et al., arXiv 2412.06464) after a causal convolution over q, k and v. The state of a
 * value head is [keySize, valueSize].
 */
export interface GatedDelta {
  readonly kind: 'gatedDelta'
  readonly keyHeads: number
  /** A multiple of keyHeads. */
  readonly valueHeads: number
  readonly keySize: number
  readonly valueSize: number
  /** Tokens that the convolution sees. */
  readonly kernel: number
}

/** Reads the recurrence of a model's layers; null if the family has none. */
export function readRecurrence(reader: ConfigReader, trait: RecurrentTrait | null): GatedDelta | null {
  if (trait === null) return null
  const keyHeads = reader.count('linear_num_key_heads')
  const valueHeads = reader.count('linear_num_value_heads')
  if (valueHeads % keyHeads !== 0)
    throw reader.bad('linear_num_value_heads', `a multiple of linear_num_key_heads (${keyHeads})`)
  return {
    kind: trait.kind,
    keyHeads,
    valueHeads,
    keySize: reader.count('linear_key_head_dim'),
    valueSize: reader.count('linear_value_head_dim'),
    kernel: reader.count('linear_conv_kernel_dim', 2)
  }
}

/** Counts the channels of the convolution: q, k and v of a token. */
export function convolutionSize({ keyHeads, valueHeads, keySize, valueSize }: GatedDelta): number {
  return 2 * keyHeads * keySize + valueHeads * valueSize
}

/** Counts the numbers of the state after a token, over all heads. */
export function stateSize({ valueHeads, keySize, valueSize }: GatedDelta): number {
  return valueHeads * keySize * valueSize
}
