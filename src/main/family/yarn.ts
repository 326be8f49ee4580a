import type { ConfigReader } from './config-reader'

/** YaRN (Peng et al., arXiv 2309.00071): long wavelengths are stretched by the factor, and short ones are unchanged. */
export interface Yarn {
  readonly kind: 'yarn'
  readonly theta: number
  readonly factor: number
  /** Context length before stretching. */
  readonly originalContext: number
  /** A dimension with more rotations than this within the original context is unchanged. */
  readonly betaFast: number
  /** A dimension with fewer rotations than this is stretched fully. */
  readonly betaSlow: number
  /** True if the resulting bounds are rounded to whole dimensions. */
  readonly truncate: boolean
  /** Factor of cos and sin. */
  readonly attentionFactor: number
}

/** Reads YaRN as transformers 5 does: a written factor counts even if it differs from the ratio of contexts. */
export function readYarn(section: ConfigReader, theta: number, contextLength: number | null): Yarn {
  // DeepSeek-R1-0528-Qwen3 has this key. transformers ignores it, and so do we, while vLLM multiplies by it.
  section.ignore('attn_factor')
  // In Yarn-Llama-2 and Yarn-Mistral; no release of transformers reads it.
  section.ignore('finetuned')
  const original = section.optionalCount('original_max_position_embeddings') ?? contextLength
  if (original === null) throw section.bad('original_max_position_embeddings', 'a whole number')
  const ratio = contextLength === null ? null : contextLength / original
  const factor = section.optionalPositive('factor') ?? ratio
  if (factor === null) throw section.bad('factor', 'a positive number')
  // Zero counts as absent.
  const scale = (key: string): number | null => (section.value(key) === 0 ? null : section.optionalPositive(key))
  const logitScale = scale('mscale')
  const allDimScale = scale('mscale_all_dim')
  const byDefault =
    logitScale === null || allDimScale === null
      ? sharpening(factor, 1)
      : sharpening(factor, logitScale) / sharpening(factor, allDimScale)
  return {
    kind: 'yarn',
    theta,
    factor,
    originalContext: original,
    betaFast: section.optionalPositive('beta_fast') ?? 32,
    betaSlow: section.optionalPositive('beta_slow') ?? 1,
    truncate: section.flag('truncate', true),
    attentionFactor: section.optionalPositive('attention_factor') ?? byDefault
  }
}

/** Computes YaRN's factor of attention, 0.1 x scale x ln(factor) + 1. In the paper, scale is 1. */
export function sharpening(factor: number, scale: number): number {
  return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1
}

/** Scales the frequency of rotary dimensions i and i + rotarySize / 2: unchanged, divided, or interpolated. */
export function scaleByYarn(yarn: Yarn, frequency: number, i: number, rotarySize: number): number {
  const dimOf = (rotations: number): number =>
    (rotarySize * Math.log(yarn.originalContext / (rotations * 2 * Math.PI))) / (2 * Math.log(yarn.theta))
  const [fast, slow] = [dimOf(yarn.betaFast), dimOf(yarn.betaSlow)]
  const first = Math.max(yarn.truncate ? Math.floor(fast) : fast, 0)
  const last = Math.min(yarn.truncate ? Math.ceil(slow) : slow, rotarySize - 1)
  const width = last === first ? 0.001 : last - first
  const stretchedShare = Math.min(Math.max((i - first) / width, 0), 1)
  return (frequency / yarn.factor) * stretchedShare + frequency * (1 - stretchedShare)
}
