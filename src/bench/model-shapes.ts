/** For some published models, the fields of config.json that determine the computation. */
const MODEL_SHAPES = {
  'SmolLM2-135M': {
    model_type: 'llama',
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    vocab_size: 49_152,
    max_position_embeddings: 8192,
    rms_norm_eps: 1e-5,
    rope_theta: 100_000,
    hidden_act: 'silu',
    tie_word_embeddings: true
  },
  'Qwen2.5-0.5B': {
    model_type: 'qwen2',
    hidden_size: 896,
    intermediate_size: 4864,
    num_hidden_layers: 24,
    num_attention_heads: 14,
    num_key_value_heads: 2,
    vocab_size: 151_936,
    max_position_embeddings: 32_768,
    rms_norm_eps: 1e-6,
    rope_theta: 1_000_000,
    hidden_act: 'silu',
    tie_word_embeddings: true
  },
  'Llama-3.1-8B': {
    model_type: 'llama',
    hidden_size: 4096,
    intermediate_size: 14_336,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    vocab_size: 128_256,
    max_position_embeddings: 131_072,
    rms_norm_eps: 1e-5,
    rope_theta: 500_000,
    rope_scaling: {
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192
    },
    hidden_act: 'silu',
    tie_word_embeddings: false
  }
} as const

type ShapeName = keyof typeof MODEL_SHAPES

/** A real shape with fewer layers, so that a run fits into time and memory. */
export interface PairShape {
  readonly shape: ShapeName
  readonly layerCount: number
  /** Rows of the embedding; the real number when left out. */
  readonly vocabularySize?: number
  /** Multiplies hidden size, intermediate size and the number of heads; 1 when left out. */
  readonly widthFactor?: number
}

export function modelConfig(pair: PairShape): Record<string, unknown> {
  const config = MODEL_SHAPES[pair.shape]
  const { widthFactor = 1 } = pair
  return {
    ...config,
    hidden_size: config.hidden_size * widthFactor,
    intermediate_size: config.intermediate_size * widthFactor,
    num_attention_heads: config.num_attention_heads * widthFactor,
    num_hidden_layers: pair.layerCount,
    vocab_size: pair.vocabularySize ?? config.vocab_size
  }
}
