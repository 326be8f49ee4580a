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
  /**
   * Whether embedding_multiplier, residual_multiplier, attention_multiplier and logits_scaling are honoured: factors of the
   * embeddings, of each sublayer's output, of attention scores (in place of head_size^-0.5), and a divisor of the logits.
   */
  readonly multipliers: boolean
  /** Whether some layers have no RoPE: those of 0 in no_rope_layers, or every no_rope_layer_interval-th. */
  readonly layersWithoutRope: boolean
  /**
   * Which of attn_logit_softcapping and final_logit_softcapping are honoured: cap * tanh(x / cap). Gemma 3 keeps both keys
   * and reads the second, and that only as a text model by itself.
   */
  readonly softCaps: 'none' | 'both' | 'finalAlone'
  /**
   * Which layers see only `sliding_window` keys. never; always (when sliding_window is a number); layerTypes: as the
   * config's layer_types list says, or, where a checkpoint has none, by the family's older rule.
   */
  readonly windows: 'never' | 'always' | 'layerTypes'
  /** A flag of the config without which `sliding_window` means nothing. */
  readonly windowSwitch?: string
  /** The older rule for layer i, where layer_types is absent. */
  readonly slides?: (layer: number, config: ConfigReader) => boolean
  /**
   * How sliding layers rotate: as full ones; by rope_local_base_freq without scaling; or as full ones but without scaling.
   */
  readonly slidingRope: 'same' | 'local' | 'unscaled'
  /** Whether partial_rotary_factor (rotating only the first dims of a head) is honoured. */
  readonly partialRotary: boolean
  /** Whether the config itself may have original_max_position_embeddings, the context before LongRoPE stretched it. */
  readonly originalContext: boolean
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

/** No norm before a sublayer: attention and MLP read the raw residual. */
const postNorms = { afterAttention: 'post_attention_layernorm', afterMlp: 'post_feedforward_layernorm' }

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
  multipliers: false,
  layersWithoutRope: false,
  softCaps: 'none',
  windows: 'never',
  slidingRope: 'same',
  partialRotary: false,
  originalContext: false,
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
  softCaps: 'both',
  windows: 'layerTypes',
  halfPrecision: false,
  tiedHeadByDefault: true,
  ignored: ['hidden_act']
} satisfies Partial<Family>

/** Whether a layer has RoPE, in a family of which some layers have none. */
export function rotates(layer: number, config: ConfigReader): boolean {
  const marks = config.value('no_rope_layers')
  if (marks === undefined || marks === null) {
    return (layer + 1) % (config.optionalCount('no_rope_layer_interval') ?? 4) !== 0
  }
  config.passOver('no_rope_layer_interval')
  const mark: unknown = Array.isArray(marks) ? marks[layer] : undefined
  if (mark !== 0 && mark !== 1) throw config.bad('no_rope_layers', 'a list of 0 and 1, one per layer')
  return mark === 1
}

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
  gemma: {
    ...plain,
    label: 'Gemma',
    normOffset: 1,
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
    scaledEmbeddings: true,
    halfPrecision: false,
    tiedHeadByDefault: true,
    defaults: {
      ...plain.defaults,
      hidden_act: 'gelu_pytorch_tanh',
      num_key_value_heads: 16,
      head_dim: 256
    },
    // Read by releases of transformers before 4.48 in place of hidden_act.
    ignored: ['hidden_activation']
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
    slidingRope: 'local',
    softCaps: 'finalAlone',
    slides: (layer, config) => (layer + 1) % (config.optionalCount('sliding_window_pattern') ?? 6) !== 0,
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
      final_logit_softcapping: null
    },
    // transformers writes the pattern of its own under this name, beside layer_types, and does not read it again.
    ignored: [...gemma.ignored, '_sliding_window_pattern', 'attn_logit_softcapping']
  },
  olmo2: {
    ...plain,
    label: 'OLMo 2',
    norms: postNorms,
    qkNorm: 'projection',
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
    defaults: { ...plain.defaults, rms_norm_eps: 1e-5 }
  },
  olmo3: {
    ...plain,
    label: 'OLMo 3',
    norms: postNorms,
    qkNorm: 'projection',
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
    windows: 'layerTypes',
    slides: (layer) => (layer + 1) % 4 !== 0,
    // YaRN stretches full layers alone: so OLMo 3 was trained, and so transformers 4.57 and vLLM compute it; transformers 5
    // stretches sliding layers too, against its own description of the model.
    slidingRope: 'unscaled',
    defaults: { ...plain.defaults, rms_norm_eps: 1e-5, sliding_window: 4096 }
  },
  seed_oss: {
    ...plain,
    label: 'Seed-OSS',
    bias: { qkv: 'attention_bias', output: 'attention_out_bias', mlp: 'mlp_bias' },
    defaults: { ...plain.defaults, num_key_value_heads: 8, head_dim: 128, attention_bias: true },
    ignored: ['residual_dropout']
  },
  smollm3: {
    ...plain,
    label: 'SmolLM3',
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: 'mlp_bias' },
    layersWithoutRope: true,
    windows: 'layerTypes',
    windowSwitch: 'use_sliding_window',
    // Where windows are on, layers without RoPE have one.
    slides: (layer, config) => !rotates(layer, config),
    tiedHeadByDefault: true,
    defaults: { ...plain.defaults, num_key_value_heads: 4, rope_theta: 2_000_000, sliding_window: null },
    ignored: ['max_window_layers']
  },
  granite: {
    ...plain,
    label: 'Granite',
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: 'mlp_bias' },
    multipliers: true,
    defaults: {
      ...plain.defaults,
      embedding_multiplier: 1,
      residual_multiplier: 1,
      attention_multiplier: 1,
      logits_scaling: 1
    }
  },
  phi3: {
    ...plain,
    label: 'Phi-3',
    projections: 'fused',
    windows: 'always',
    partialRotary: true,
    originalContext: true,
    defaults: { ...plain.defaults, rms_norm_eps: 1e-5, sliding_window: null },
    ignored: ['full_attn_mod', 'interpolate_factor']
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
  },
  mistral3: {
    key: 'text_config',
    modelType: 'mistral',
    ignored: [
      'image_token_id',
      'image_token_index',
      'multimodal_projector_bias',
      'projector_hidden_act',
      'spatial_merge_size',
      'vision_config',
      'vision_feature_layer'
    ]
  }
}
