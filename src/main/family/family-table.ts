import type { ConfigReader } from './config-reader'

/**
 * What a model family computes, as data. One row per `model_type`; the graph builder reads the row and the config's
 * numbers, and branches on traits, never on names. Adding a family is adding a row here and its golden test.
 */
export interface Family {
  /** For people: how the family is usually called. */
  readonly label: string
  /**
   * RMS norms by where they act, as tensor names inside the layer; a place without a name has no norm. "Before" norms
   * feed a sublayer, "after" norms act on its output before the residual add.
   */
  readonly norms: {
    readonly beforeAttention?: string
    readonly afterAttention?: string
    readonly beforeMlp?: string
    readonly afterMlp?: string
  }
  /** Norms multiply by (offset + weight): 1 for Gemma, whose weights are stored around zero. */
  readonly normOffset: 0 | 1
  /** RMS norm of q and k before RoPE: one weight for every head, or one over the whole projection. */
  readonly qkNorm: 'none' | 'head' | 'projection'
  /** A constant, or the config key that says so. */
  readonly bias: {
    readonly qkv: boolean | string
    readonly output: boolean | string
    readonly mlp: boolean | string
  }
  /** Fused: rows of qkv_proj are [q | k | v], rows of gate_up_proj are [gate | up]. */
  readonly projections: 'separate' | 'fused'
  readonly activationKey: 'hidden_act' | 'hidden_activation'
  /** Embeddings are multiplied by sqrt(hidden_size), the head is not. */
  readonly scaledEmbeddings: boolean
  /** Config key s whose value scales attention scores by s^-0.5; otherwise head_size^-0.5. */
  readonly scoreScaleKey?: string
  /** Whether attn_logit_softcapping and final_logit_softcapping are honoured: cap * tanh(x / cap). */
  readonly softCaps: boolean
  /**
   * Which layers see only `sliding_window` keys. never; always (when sliding_window is a number); layerTypes: as the
   * config's layer_types list says, or, where a checkpoint has none, by the family's older rule.
   */
  readonly windows: 'never' | 'always' | 'layerTypes'
  /** A flag of the config without which `sliding_window` means nothing. */
  readonly windowSwitch?: string
  /** The older rule for layer i, where layer_types is absent. */
  readonly slides?: (layer: number, config: ConfigReader) => boolean
  /** Sliding layers rotate by rope_local_base_freq without scaling. */
  readonly localRope: boolean
  /** Whether partial_rotary_factor (rotating only the first dims of a head) is honoured. */
  readonly partialRotary: boolean
  /**
   * Whether projections may be computed in float16 on devices that gain from it. Not for Gemma: its norms multiply by
   * (1 + weight) and its residual grows past float16's largest number, 65,504, so inputs and outputs of its
   * projections overflow where bfloat16, in which it was trained, does not.
   */
  readonly halfPrecision: boolean
  readonly tiedHeadByDefault: boolean
  /** Class defaults of the reference implementation, for configs that leave them out (nested text configs do). */
  readonly defaults: Readonly<Record<string, unknown>>
  /** Keys that published configs of the family carry and its reference implementation does not read. */
  readonly ignored: readonly string[]
}

const preNorms = { beforeAttention: 'input_layernorm', beforeMlp: 'post_attention_layernorm' }

const sandwichNorms = {
  beforeAttention: 'input_layernorm',
  afterAttention: 'post_attention_layernorm',
  beforeMlp: 'pre_feedforward_layernorm',
  afterMlp: 'post_feedforward_layernorm'
}

const plain = {
  norms: preNorms,
  normOffset: 0,
  qkNorm: 'none',
  bias: { qkv: false, output: false, mlp: false },
  projections: 'separate',
  activationKey: 'hidden_act',
  scaledEmbeddings: false,
  softCaps: false,
  windows: 'never',
  localRope: false,
  partialRotary: false,
  halfPrecision: true,
  tiedHeadByDefault: false,
  defaults: { rms_norm_eps: 1e-6, rope_theta: 10_000, hidden_act: 'silu' },
  ignored: []
} satisfies Partial<Family>

const gemma = {
  ...plain,
  norms: sandwichNorms,
  normOffset: 1,
  bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
  activationKey: 'hidden_activation',
  scaledEmbeddings: true,
  scoreScaleKey: 'query_pre_attn_scalar',
  softCaps: true,
  windows: 'layerTypes',
  halfPrecision: false,
  tiedHeadByDefault: true,
  ignored: ['hidden_act']
} satisfies Partial<Family>

/** Qwen can slide its upper layers, and does so only when use_sliding_window says it. */
const qwenWindows = {
  windows: 'layerTypes',
  windowSwitch: 'use_sliding_window',
  slides: (layer: number, config: ConfigReader) => layer >= config.count('max_window_layers', 0),
  defaults: { ...plain.defaults, num_key_value_heads: 32, sliding_window: 4096, max_window_layers: 28 }
} satisfies Partial<Family>

export const FAMILIES: Readonly<Record<string, Family>> = {
  llama: {
    ...plain,
    label: 'Llama',
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: 'mlp_bias' }
  },
  mistral: {
    ...plain,
    label: 'Mistral',
    windows: 'always',
    defaults: { ...plain.defaults, num_key_value_heads: 8, sliding_window: 4096 }
  },
  qwen2: {
    ...plain,
    label: 'Qwen2',
    // No config key says so: q, k and v have biases, o has none.
    bias: { qkv: true, output: false, mlp: false },
    ...qwenWindows,
    ignored: ['attention_bias']
  },
  qwen3: {
    ...plain,
    label: 'Qwen3',
    qkNorm: 'head',
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
    ...qwenWindows,
    defaults: { ...qwenWindows.defaults, head_dim: 128 }
  },
  gemma2: {
    ...gemma,
    label: 'Gemma 2',
    slides: (layer) => layer % 2 === 0,
    defaults: {
      ...plain.defaults,
      hidden_activation: 'gelu_pytorch_tanh',
      num_key_value_heads: 4,
      head_dim: 256,
      query_pre_attn_scalar: 256,
      sliding_window: 4096,
      attn_logit_softcapping: 50,
      final_logit_softcapping: 30
    }
  },
  gemma3_text: {
    ...gemma,
    label: 'Gemma 3',
    qkNorm: 'head',
    localRope: true,
    slides: (layer, config) => {
      const older = config.optionalCount('_sliding_window_pattern')
      const pattern = config.optionalCount('sliding_window_pattern') ?? older ?? 6
      return (layer + 1) % pattern !== 0
    },
    defaults: {
      vocab_size: 262_208,
      hidden_size: 2304,
      intermediate_size: 9216,
      num_hidden_layers: 26,
      num_attention_heads: 8,
      num_key_value_heads: 4,
      head_dim: 256,
      hidden_activation: 'gelu_pytorch_tanh',
      max_position_embeddings: 131_072,
      rms_norm_eps: 1e-6,
      rope_theta: 1_000_000,
      rope_local_base_freq: 10_000,
      query_pre_attn_scalar: 256,
      sliding_window: 4096,
      attn_logit_softcapping: null,
      final_logit_softcapping: null
    }
  },
  olmo2: {
    ...plain,
    label: 'OLMo 2',
    // No norm before a sublayer: attention and MLP read the raw residual.
    norms: { afterAttention: 'post_attention_layernorm', afterMlp: 'post_feedforward_layernorm' },
    qkNorm: 'projection',
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
    defaults: { ...plain.defaults, rms_norm_eps: 1e-5 }
  },
  phi3: {
    ...plain,
    label: 'Phi-3',
    projections: 'fused',
    windows: 'always',
    partialRotary: true,
    defaults: { ...plain.defaults, rms_norm_eps: 1e-5, sliding_window: null },
    // The context before longrope stretched it, and longrope is refused.
    ignored: ['original_max_position_embeddings']
  }
}

/** The text model inside a multimodal checkpoint: where its config lies and which family it is. */
export interface NestedText {
  readonly key: string
  readonly modelType: string
  /** Keys around it that concern images, which no prompt here has. */
  readonly ignored: readonly string[]
}

export const NESTED_TEXT_CONFIGS: Readonly<Record<string, NestedText>> = {
  gemma3: {
    key: 'text_config',
    modelType: 'gemma3_text',
    ignored: [
      'boi_token_id',
      'boi_token_index',
      'eoi_token_id',
      'eoi_token_index',
      'image_token_id',
      'image_token_index',
      'mm_tokens_per_image',
      'vision_config'
    ]
  }
}
