import type { ConfigReader } from './config-reader'
import { ropeSection } from './layer-specs'
import { sharpening } from './yarn'

/** Latent attention (DeepSeek-AI, arXiv 2405.04434): keys and values of a token are projected from a small vector. */
export interface LatentAttention {
  /** Size of the compressed vector of queries; null if hidden states are projected to queries directly. */
  readonly queryRank: number | null
  /** Size of the vector from which keys and values are projected. */
  readonly rank: number
  /** Dimensions of a query or key that do not rotate. */
  readonly plainSize: number
}

/** Epsilon of the norms of these vectors. The config's epsilon is for other norms. */
export const LATENT_EPSILON = 1e-6

/** Latent attention with the sizes of heads, which a `DecoderSpec` has in other fields. */
interface LatentSizes extends LatentAttention {
  readonly rotarySize: number
  readonly valueSize: number
}

export function readLatent(reader: ConfigReader): LatentSizes {
  // Configs repeat under these keys sizes that follow from other keys.
  reader.ignore('head_dim', 'qk_head_dim')
  const rotarySize = reader.count('qk_rope_head_dim', 2)
  if (rotarySize % 2 !== 0) throw reader.bad('qk_rope_head_dim', 'an even number')
  return {
    queryRank: reader.optionalCount('q_lora_rank'),
    rank: reader.count('kv_lora_rank'),
    plainSize: reader.count('qk_nope_head_dim'),
    rotarySize,
    valueSize: reader.count('v_head_dim')
  }
}

/** Reads the factor of attention scores with YaRN. transformers omitted it for DeepSeek-V2 before July 2026. */
export function latentScoreFactor(reader: ConfigReader): number {
  const section = ropeSection(reader)
  const scale = section?.value('mscale_all_dim')
  if (section === null || scale === undefined || scale === null || scale === 0) return 1
  if ((section.value('rope_type') ?? section.value('type')) !== 'yarn') return 1
  return sharpening(section.positive('factor'), section.positive('mscale_all_dim')) ** 2
}
