import { deepseekExperts, mixtralNames, sharedExperts, sigmoidExperts, softmaxExperts } from './expert-traits'
import type { Family } from './family'
import { shortConvolutions } from './recurrent-families'
import { plain, predictedTokens, routerLosses, slidesFromUpperLayer } from './shared-traits'

/** Traits of families with DeepSeek's latent attention (see `LatentAttention`). */
const latentAttention = {
  ...plain,
  names: sharedExperts,
  bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
  attention: 'latent',
  interleavedRope: true,
  halfPrecision: false
} satisfies Partial<Family>

/** Keys of losses of DeepSeek's routers, and of the placement of experts. */
const deepseekTraining = ['aux_loss_alpha', 'ep_size', 'seq_aux']

/** Sizes of the latent attention of DeepSeek-V2 and V3, where a config leaves them out. */
const latentSizes = {
  q_lora_rank: 1536,
  kv_lora_rank: 512,
  qk_nope_head_dim: 128,
  qk_rope_head_dim: 64,
  v_head_dim: 128
}

const deepseekV3 = {
  ...latentAttention,
  experts: sigmoidExperts,
  required: { scoring_func: 'sigmoid', moe_layer_freq: 1, rope_interleave: true },
  defaults: {
    ...plain.defaults,
    ...latentSizes,
    n_routed_experts: 256,
    num_experts_per_tok: 8,
    moe_intermediate_size: 2048,
    n_shared_experts: 1,
    n_group: 8,
    topk_group: 4,
    first_k_dense_replace: 3,
    norm_topk_prob: true,
    routed_scaling_factor: 2.5,
    scoring_func: 'sigmoid',
    moe_layer_freq: 1,
    rope_interleave: true
  },
  ignored: [...deepseekTraining, ...predictedTokens]
} satisfies Partial<Family>

/** DeepSeek's families, and families that took over its latent attention or its experts, by `model_type`. */
export const DEEPSEEK_FAMILIES: Readonly<Record<string, Family>> = {
  deepseek: {
    ...plain,
    label: 'DeepSeek MoE',
    names: sharedExperts,
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
    experts: deepseekExperts,
    required: { scoring_func: 'softmax', moe_layer_freq: 1 },
    halfPrecision: false,
    defaults: {
      ...plain.defaults,
      first_k_dense_replace: 0,
      norm_topk_prob: false,
      scoring_func: 'softmax',
      moe_layer_freq: 1
    },
    ignored: deepseekTraining
  },
  deepseek_v2: {
    ...latentAttention,
    label: 'DeepSeek-V2',
    experts: { ...deepseekExperts, groups: 'byLargest', scaleKey: 'routed_scaling_factor' },
    // With weights that sum to one, releases differ in whether they are scaled.
    required: { scoring_func: 'softmax', norm_topk_prob: false, moe_layer_freq: 1 },
    defaults: {
      ...plain.defaults,
      ...latentSizes,
      first_k_dense_replace: 0,
      n_shared_experts: 2,
      routed_scaling_factor: 1,
      norm_topk_prob: false,
      scoring_func: 'softmax',
      moe_layer_freq: 1
    },
    ignored: deepseekTraining
  },
  deepseek_v3: { ...deepseekV3, label: 'DeepSeek-V3' },
  kimi_k2: { ...deepseekV3, label: 'Kimi K2' },
  glm4_moe: {
    ...plain,
    label: 'GLM-4.5',
    qkNorm: 'head',
    qkNormKey: 'use_qk_norm',
    names: sharedExperts,
    bias: { qkv: 'attention_bias', output: false, mlp: false },
    experts: sigmoidExperts,
    partialRotary: true,
    halfPrecision: false,
    defaults: {
      ...plain.defaults,
      num_key_value_heads: 8,
      rms_norm_eps: 1e-5,
      partial_rotary_factor: 0.5,
      moe_intermediate_size: 1408,
      num_experts_per_tok: 8,
      n_routed_experts: 128,
      n_shared_experts: 1,
      n_group: 1,
      topk_group: 1,
      first_k_dense_replace: 1,
      norm_topk_prob: true,
      routed_scaling_factor: 1,
      use_qk_norm: false
    },
    ignored: [...routerLosses, ...predictedTokens]
  },
  dots1: {
    ...plain,
    label: 'dots.llm1',
    qkNorm: 'head',
    names: sharedExperts,
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
    experts: sigmoidExperts,
    windows: 'layerTypes',
    slides: (layer, config) => slidesFromUpperLayer(layer, config) && config.value('sliding_window') !== null,
    required: { moe_layer_freq: 1 },
    halfPrecision: false,
    defaults: {
      ...plain.defaults,
      num_key_value_heads: 32,
      sliding_window: 4096,
      max_window_layers: 62,
      n_shared_experts: null,
      n_group: 1,
      topk_group: 1,
      first_k_dense_replace: 0,
      norm_topk_prob: false,
      routed_scaling_factor: 1,
      moe_layer_freq: 1
    },
    // Published configs have the name of the method for this function, which is always a sigmoid.
    ignored: [...deepseekTraining, ...routerLosses, 'scoring_func']
  },
  lfm2_moe: {
    ...shortConvolutions,
    label: 'LFM2 MoE',
    names: {
      ...shortConvolutions.names,
      router: 'feed_forward.gate',
      choiceBias: 'feed_forward.expert_bias',
      experts: 'feed_forward.experts',
      expertGate: 'w1',
      expertUp: 'w3',
      expertDown: 'w2'
    },
    experts: { ...sigmoidExperts, countKeys: ['num_experts'], groups: 'none', shared: undefined },
    required: { ...shortConvolutions.required, use_expert_bias: true },
    halfPrecision: false,
    defaults: {
      ...shortConvolutions.defaults,
      norm_topk_prob: true,
      routed_scaling_factor: 1,
      use_expert_bias: true
    },
    olderNames: { ...shortConvolutions.olderNames, first_k_dense_replace: 'num_dense_layers' },
    // Read if a layer has a convolution.
    ignored: [...routerLosses, 'conv_L_cache']
  },
  bailing_moe: {
    ...plain,
    label: 'Ling 2',
    qkNorm: 'head',
    qkNormKey: 'use_qk_norm',
    names: {
      ...sharedExperts,
      qkv: 'attention.query_key_value',
      qNorm: 'attention.query_layernorm',
      kNorm: 'attention.key_layernorm',
      o: 'attention.dense',
      choiceBias: 'mlp.gate.expert_bias',
      embedding: 'model.word_embeddings'
    },
    bias: { qkv: 'use_qkv_bias', output: 'use_bias', mlp: false },
    attention: 'fused',
    experts: {
      ...sigmoidExperts,
      countKeys: ['num_experts'],
      shared: { sizeKey: 'moe_intermediate_size', countKey: 'num_shared_experts', gated: false }
    },
    partialRotary: true,
    rotarySizeKey: 'rotary_dim',
    // The first generation, which has the same type, has a softmax and no such keys.
    required: { score_function: 'sigmoid', moe_router_enable_expert_bias: true, norm_topk_prob: true },
    halfPrecision: false,
    defaults: {
      ...plain.defaults,
      vocab_size: 157_184,
      intermediate_size: 5120,
      num_hidden_layers: 20,
      num_attention_heads: 16,
      num_key_value_heads: 4,
      head_dim: 128,
      max_position_embeddings: 32_768,
      rope_theta: 600_000,
      use_qk_norm: true,
      num_experts: 256,
      num_shared_experts: 1,
      num_experts_per_tok: 8,
      n_group: 8,
      topk_group: 4,
      moe_intermediate_size: 512,
      first_k_dense_replace: 1,
      score_function: 'sigmoid',
      moe_router_enable_expert_bias: true,
      norm_topk_prob: true,
      routed_scaling_factor: 1
    },
    ignored: [
      ...predictedTokens,
      ...routerLosses,
      'embedding_dropout',
      'max_window_layers',
      'moe_shared_expert_intermediate_size',
      'mtp_loss_scaling_factor',
      'output_dropout',
      'router_dtype',
      'use_rmsnorm'
    ]
  },
  minimax_m2: {
    ...plain,
    label: 'MiniMax-M2',
    qkNorm: 'projection',
    names: { ...mixtralNames, choiceBias: 'block_sparse_moe.e_score_correction_bias' },
    experts: {
      ...softmaxExperts,
      countKeys: ['num_local_experts', 'num_experts'],
      scores: 'sigmoid',
      choiceBias: 'vector',
      normed: true
    },
    partialRotary: true,
    rotarySizeKey: 'rotary_dim',
    required: {
      use_qk_norm: true,
      qk_norm_type: 'per_layer',
      scoring_func: 'sigmoid',
      use_routing_bias: true,
      shared_intermediate_size: 0
    },
    halfPrecision: false,
    defaults: {
      ...plain.defaults,
      vocab_size: 200_064,
      intermediate_size: 1536,
      num_hidden_layers: 62,
      num_attention_heads: 48,
      num_key_value_heads: 8,
      head_dim: 128,
      max_position_embeddings: 196_608,
      rope_theta: 5_000_000,
      num_local_experts: 256,
      num_experts_per_tok: 8,
      use_qk_norm: true,
      qk_norm_type: 'per_layer',
      scoring_func: 'sigmoid',
      use_routing_bias: true,
      shared_intermediate_size: 0
    },
    ignored: [
      ...routerLosses,
      'attn_type_list',
      'layernorm_full_attention_beta',
      'layernorm_linear_attention_beta',
      'layernorm_mlp_beta',
      'mlp_intermediate_size',
      'mtp_transformer_layers',
      'num_mtp_modules',
      'router_jitter_noise',
      'shared_moe_mode',
      'use_mtp'
    ]
  }
}
