import type { ConfigReader } from './config-reader'
import type { Family } from './family'

/* Traits that several families of the table share, as starting points of their entries. */

/** Norms before the sublayers (attention and MLP), as in Llama. */
export const preNorms = { beforeAttention: 'input_layernorm', beforeMlp: 'post_attention_layernorm' }

/** Norms after the sublayers only: attention and MLP read the raw residual. */
export const postNorms = {
  afterAttention: 'post_attention_layernorm',
  afterMlp: 'post_feedforward_layernorm'
}

const sandwichNorms = {
  beforeAttention: 'input_layernorm',
  afterAttention: 'post_attention_layernorm',
  beforeMlp: 'pre_feedforward_layernorm',
  afterMlp: 'post_feedforward_layernorm'
}

/** The most common value of each trait. All families start from these. */
export const plain = {
  norms: preNorms,
  normKind: 'rms',
  normEpsilonKey: 'rms_norm_eps',
  normOffset: 0,
  qkNorm: 'none',
  qkNormAfterRope: false,
  valueNorm: false,
  variedLayers: false,
  streams: false,
  layerScale: false,
  parallel: false,
  sharedNorm: false,
  names: {},
  bias: { qkv: false, output: false, mlp: false },
  attention: 'separate',
  mlp: 'gated',
  experts: null,
  recurrent: null,
  layerLetters: null,
  spareEmbeddings: 0,
  gatedAttention: false,
  mlpSizeKey: 'intermediate_size',
  activationKey: 'hidden_act',
  scaledEmbeddings: false,
  layersWithoutRope: 'none',
  softCaps: 'none',
  windows: 'never',
  fullLayers: { type: 'full_attention', isListOptional: true },
  required: {},
  dualChunks: false,
  slidingRope: 'same',
  partialRotary: false,
  interleavedRope: false,
  ropeKeys: { theta: 'rope_theta', partial: 'partial_rotary_factor' },
  alphaRope: false,
  imageRope: false,
  growingQueries: false,
  originalContext: false,
  halfPrecision: true,
  tiedHeadByDefault: false,
  defaults: { rms_norm_eps: 1e-6, rope_theta: 10_000, hidden_act: 'silu' },
  ignored: []
} satisfies Partial<Family>

/** Llama: every projection may have a bias. A separate config key decides on biases of the MLP. */
export const llama = {
  ...plain,
  bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: 'mlp_bias' }
} satisfies Partial<Family>

/** Granite: a Llama with configured factors of embeddings, scores, sublayers and logits. */
export const granite = {
  ...llama,
  multipliers: (config) => ({
    embeddingScale: config.positive('embedding_multiplier'),
    scoreScale: config.positive('attention_multiplier'),
    residualScale: config.positive('residual_multiplier'),
    logitScale: 1 / config.positive('logits_scaling')
  }),
  defaults: {
    ...plain.defaults,
    embedding_multiplier: 1,
    residual_multiplier: 1,
    attention_multiplier: 1,
    logits_scaling: 1
  }
} satisfies Partial<Family>

/** Traits of Gemma 2 and later: norms around both sublayers, and weights of norms stored around zero. */
export const gemma = {
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

/** Gemma with windows in every second layer, and soft caps of scores and logits. */
export const gemma2 = {
  ...gemma,
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
} satisfies Partial<Family>

/** Reports whether a layer has RoPE, in a family with layers without it. */
export function rotates(layer: number, config: ConfigReader): boolean {
  const flags = config.value('no_rope_layers')
  if (flags === undefined || flags === null) {
    return (layer + 1) % (config.optionalCount('no_rope_layer_interval') ?? 4) !== 0
  }
  config.ignore('no_rope_layer_interval')
  const flag: unknown = Array.isArray(flags) ? flags[layer] : undefined
  if (flag !== 0 && flag !== 1) throw config.bad('no_rope_layers', 'a list of 0 and 1, one per layer')
  return flag === 1
}

/** Layer norms with weights and biases. */
export const layerNorms = {
  normKind: 'layerWithBias',
  normEpsilonKey: 'layer_norm_eps'
} satisfies Partial<Family>

/** Traits of Cohere: no bias, and one norm before both sublayers, which are added together. */
export const cohere = {
  ...plain,
  norms: { beforeAttention: 'input_layernorm' },
  normKind: 'layer',
  normEpsilonKey: 'layer_norm_eps',
  parallel: true,
  sharedNorm: true,
  bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
  interleavedRope: true,
  logitScaleKey: 'logit_scale',
  tiedHeadByDefault: true,
  // Releases of transformers differ in the default of rope_theta for Cohere, so configs must contain it.
  defaults: { hidden_act: 'silu', layer_norm_eps: 1e-5, logit_scale: 0.0625 },
  // These keys describe properties that the reference implementation always has.
  ignored: [
    'layer_switch',
    'order_of_interleaved_layers',
    'position_embedding_type',
    'rotary_pct',
    'use_embedding_sharing',
    'use_gated_activation',
    'use_parallel_block',
    'use_parallel_embedding'
  ]
} satisfies Partial<Family>

/** Norms of q and k, which only the larger of Cohere's first models have. */
export const normsOfEachHead = { qkNorm: 'eachHead', qkNormKey: 'use_qk_norm' } satisfies Partial<Family>

/** Traits of GLM-4: one tensor for gate and up projections, and RoPE in half of each head. */
export const glm = {
  ...plain,
  bias: { qkv: 'attention_bias', output: false, mlp: false },
  mlp: 'fused',
  partialRotary: true,
  interleavedRope: true,
  defaults: {
    ...plain.defaults,
    num_key_value_heads: 2,
    head_dim: 128,
    rms_norm_eps: 1.5625e-7,
    partial_rotary_factor: 0.5
  }
} satisfies Partial<Family>

/** Creates a rule of sliding layers: all except every n-th have a window. @param key config key of n */
export function slidesByPattern(key: string, byDefault: number) {
  return (layer: number, config: ConfigReader): boolean => (layer + 1) % (config.optionalCount(key) ?? byDefault) !== 0
}

/** Reports whether an EXAONE layer has a window. The reference ignores a pattern of letters beside layer_types. */
export function exaoneSlides(layer: number, config: ConfigReader): boolean {
  const key = 'sliding_window_pattern'
  if (typeof config.value(key) === 'string' && Array.isArray(config.value('layer_types'))) return false
  return config.value('sliding_window') !== null && slidesByPattern(key, 4)(layer, config)
}

/** Keys of the router's training loss and of its output. */
export const routerLosses = ['output_router_logits', 'router_aux_loss_coef']

/** Keys of layers that predict further tokens, which are not part of the decoder. */
export const predictedTokens = ['num_nextn_predict_layers']

/** Reports whether a layer has a window, in families whose upper layers have one. */
export function slidesFromUpperLayer(layer: number, config: ConfigReader): boolean {
  return layer >= config.count('max_window_layers', 0)
}

/** Windows of Qwen: its upper layers have a window, but only if use_sliding_window is true. */
const qwenWindows = {
  windows: 'layerTypes',
  windowSwitch: 'use_sliding_window',
  slides: slidesFromUpperLayer,
  defaults: { ...plain.defaults, num_key_value_heads: 32, sliding_window: 4096, max_window_layers: 28 }
} satisfies Partial<Family>

/** Traits of Qwen2: biases of q, k and v, windows in upper layers, and dual chunk attention. */
export const qwen2 = {
  ...plain,
  // No config key decides on these biases: q, k and v always have biases, and o never has one.
  bias: { qkv: true, output: false, mlp: false },
  ...qwenWindows,
  dualChunks: true,
  ignored: ['attention_bias']
} satisfies Partial<Family>

/** Traits of Qwen3: norms of q and k of each head, and windows in upper layers. */
export const qwen3 = {
  ...plain,
  qkNorm: 'head',
  bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
  ...qwenWindows,
  defaults: { ...qwenWindows.defaults, head_dim: 128 }
} satisfies Partial<Family>

/** Cohere's second generation: layers that slide, and full layers without RoPE. */
export const cohereWithWindows = {
  ...cohere,
  layersWithoutRope: 'full',
  windows: 'layerTypes',
  slides: slidesByPattern('sliding_window_pattern', 4),
  defaults: { ...cohere.defaults, rope_theta: 10_000, sliding_window: 4096 },
  ignored: [...cohere.ignored, '_sliding_window_pattern']
} satisfies Partial<Family>

/** Traits of ERNIE 4.5: optional biases, and RoPE that pairs neighbouring dimensions. */
export const ernie = {
  ...plain,
  bias: { qkv: 'use_bias', output: 'use_bias', mlp: 'use_bias' },
  interleavedRope: true,
  tiedHeadByDefault: true,
  defaults: {
    ...plain.defaults,
    num_key_value_heads: 2,
    head_dim: 128,
    rms_norm_eps: 1e-5,
    rope_theta: 500_000
  }
} satisfies Partial<Family>

/** Traits of Hunyuan. Norms of q and k come after RoPE, and the base frequency grows with an alpha. */
export const hunyuan = {
  ...plain,
  qkNorm: 'head',
  qkNormAfterRope: true,
  names: { qNorm: 'self_attn.query_layernorm', kNorm: 'self_attn.key_layernorm' },
  bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
  alphaRope: true,
  defaults: { ...plain.defaults, rms_norm_eps: 1e-5 },
  ignored: [
    'add_classification_head',
    'attention_head_dim',
    'cla_share_factor',
    'cla_share_kv',
    'class_num',
    'dense_list',
    'eod_token_id',
    'im_end_id',
    'im_newline_id',
    'im_start_id',
    'image_token_id',
    'mask_init_id',
    'norm_type',
    'num_media_embeds',
    'org_vocab_size',
    'pad_id',
    'pool_type',
    'position_embedding_xdrope',
    'text_end_id',
    'text_start_id',
    'use_cla',
    'use_qk_norm',
    'use_rotary_pos_emb'
  ]
} satisfies Partial<Family>
