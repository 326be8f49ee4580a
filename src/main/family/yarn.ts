import type { ConfigReader } from './config-reader'

/** YaRN (Peng et al., arXiv 2309.00071): long wavelengths are stretched by the factor, short ones are kept. */
export interface Yarn {
  readonly kind: 'yarn'
  readonly theta: number
  readonly factor: number
  /** Context length before it was stretched. */
  readonly originalContext: number
  /** Rotations within the original context above which a dim is kept, and below which it is stretched. */
  readonly betaFast: number
  readonly betaSlow: number
  /** Whether the bounds that these make are rounded to whole dims. */
  readonly truncate: boolean
  /** What cos and sin are multiplied by. */
  readonly attentionFactor: number
}

/**
 * YaRN as transformers 5 reads it: the written factor counts, also where it is not the ratio of the context lengths (some
 * releases before took the ratio), and which context was stretched is `max_position_embeddings` where nothing else says it.
 */
export function readYarn(section: ConfigReader, theta: number, contextLength: number | null): Yarn {
  // DeepSeek-R1-0528-Qwen3 has it, and transformers passes over it (vLLM multiplies by it).
  section.passOver('attn_factor')
  // Yarn-Llama-2 and Yarn-Mistral have it, and no release of transformers reads it.
  section.passOver('finetuned')
  const original = section.optionalCount('original_max_position_embeddings') ?? contextLength
  if (original === null) throw section.bad('original_max_position_embeddings', 'a whole number')
  const ratio = contextLength === null ? null : contextLength / original
  const factor = section.optionalPositive('factor') ?? ratio
  if (factor === null) throw section.bad('factor', 'a positive number')
  // A zero is as good as none.
  const scale = (key: string): number | null =>
    section.value(key) === 0 ? null : section.optionalPositive(key)
  const ofLogits = scale('mscale')
  const ofAll = scale('mscale_all_dim')
  const byDefault =
    ofLogits === null || ofAll === null
      ? sharpening(factor, 1)
      : sharpening(factor, ofLogits) / sharpening(factor, ofAll)
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

/** The paper's 0.1 ln(s) + 1. */
function sharpening(factor: number, scale: number): number {
  return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1
}

/** A frequency, that of rotary dims i and i + rotarySize / 2: kept, divided by the factor, or between the two. */
export function scaleByYarn(yarn: Yarn, frequency: number, i: number, rotarySize: number): number {
  const dimOf = (rotations: number): number =>
    (rotarySize * Math.log(yarn.originalContext / (rotations * 2 * Math.PI))) / (2 * Math.log(yarn.theta))
  const [fast, slow] = [dimOf(yarn.betaFast), dimOf(yarn.betaSlow)]
  const first = Math.max(yarn.truncate ? Math.floor(fast) : fast, 0)
  const last = Math.min(yarn.truncate ? Math.ceil(slow) : slow, rotarySize - 1)
  const width = last === first ? 0.001 : last - first
  const stretched = Math.min(Math.max((i - first) / width, 0), 1)
  return (frequency / yarn.factor) * stretched + frequency * (1 - stretched)
}
