import { isLeading, isListedDense, isOutsideRange } from './experts'
import type { ExpertKeys, Family } from './family'
import { deltaLayers, shortConvolutions } from './recurrent-families'
import {
  ernie,
  hunyuan,
  plain,
  predictedTokens,
  qwen2,
  routerLosses,
  slidesFromUpperLayer
} from './shared-traits'

/** Experts that are chosen and weighed by a softmax over all of them. */
const softmaxExperts = {
  countKeys: ['num_experts', 'num_local_experts'],
  perRowKeys: ['num_experts_per_tok'],
  sizeKey: 'intermediate_size',
  scores: 'softmax',
  choiceBias: 'none',
  groups: 'none',
  normed: 'norm_topk_prob'
} satisfies ExpertKeys

/** Experts of Qwen's models. */
const qwenExperts = {
  ...softmaxExperts,
  sizeKey: 'moe_intermediate_size',
  isDense: isListedDense
} satisfies ExpertKeys

const sharedExpert = {
  ...qwenExperts,
  shared: { sizeKey: 'shared_expert_intermediate_size', gated: true }
} satisfies ExpertKeys

/** Experts of DeepSeek's first models: a softmax, and an expert without a router. */
const deepseekExperts = {
  ...softmaxExperts,
  countKeys: ['n_routed_experts', 'num_local_experts'],
  sizeKey: 'moe_intermediate_size',
  isDense: isLeading,
  shared: { sizeKey: 'moe_intermediate_size', countKey: 'n_shared_experts', gated: false }
} satisfies ExpertKeys

/** Experts of DeepSeek-V3, which other families took over: sigmoids with a bias for the choice, in groups. */
const sigmoidExperts = {
  ...deepseekExperts,
  scores: 'sigmoid',
  choiceBias: 'vector',
  groups: 'byTopTwo',
  scaleKey: 'routed_scaling_factor'
} satisfies ExpertKeys

const sharedExperts = { sharedExpert: 'mlp.shared_experts' }

/** DeepSeek's latent attention. */
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

const deepseekV3 = {
  ...latentAttention,
  experts: sigmoidExperts,
  required: { scoring_func: 'sigmoid', moe_layer_freq: 1, rope_interleave: true },
  defaults: {
    ...plain.defaults,
    q_lora_rank: 1536,
    kv_lora_rank: 512,
    qk_nope_head_dim: 128,
    qk_rope_head_dim: 64,
    v_head_dim: 128,
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

/** Rows of families whose layers have experts. */
export const EXPERT_FAMILIES: Readonly<Record<string, Family>> = {
  qwen3_moe: {
    ...plain,
    label: 'Qwen3 MoE',
    qkNorm: 'head',
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
    experts: qwenExperts,
    halfPrecision: false,
    defaults: {
      ...plain.defaults,
      num_key_value_heads: 4,
      intermediate_size: 6144,
      decoder_sparse_step: 1,
      moe_intermediate_size: 768,
      num_experts: 128,
      num_experts_per_tok: 8,
      norm_topk_prob: false
    },
    // Without use_sliding_window the windows have no effect, and with it releases differ in which layers
    // slide.
    ignored: [...routerLosses, 'max_window_layers', 'sliding_window']
  },
  qwen2_moe: {
    ...plain,
    label: 'Qwen2 MoE',
    bias: qwen2.bias,
    experts: sharedExpert,
    halfPrecision: false,
    defaults: {
      ...plain.defaults,
      num_key_value_heads: 16,
      intermediate_size: 5632,
      decoder_sparse_step: 1,
      moe_intermediate_size: 1408,
      shared_expert_intermediate_size: 5632,
      num_experts: 60,
      num_experts_per_tok: 4,
      norm_topk_prob: false,
      qkv_bias: true
    },
    // Windows as for Qwen3 MoE.
    required: { qkv_bias: true },
    ignored: [...qwen2.ignored, ...routerLosses, 'max_window_layers', 'sliding_window']
  },
  qwen3_next: {
    ...deltaLayers,
    label: 'Qwen3-Next',
    imageRope: false,
    recurrent: { ...deltaLayers.recurrent, fused: true },
    experts: sharedExpert,
    defaults: {
      ...deltaLayers.defaults,
      num_key_value_heads: 2,
      intermediate_size: 5632,
      decoder_sparse_step: 1,
      moe_intermediate_size: 512,
      shared_expert_intermediate_size: 512,
      num_experts: 512,
      num_experts_per_tok: 10,
      norm_topk_prob: true
    },
    ignored: [...deltaLayers.ignored, ...routerLosses, 'max_window_layers', 'sliding_window']
  },
  mixtral: {
    ...plain,
    label: 'Mixtral',
    names: {
      router: 'block_sparse_moe.gate',
      experts: 'block_sparse_moe.experts',
      expertGate: 'w1',
      expertUp: 'w3',
      expertDown: 'w2'
    },
    experts: { ...softmaxExperts, countKeys: ['num_local_experts', 'num_experts'], normed: true },
    windows: 'always',
    halfPrecision: false,
    defaults: {
      ...plain.defaults,
      num_key_value_heads: 8,
      rms_norm_eps: 1e-5,
      rope_theta: 1_000_000,
      sliding_window: null,
      num_local_experts: 8,
      num_experts_per_tok: 2
    },
    ignored: [...routerLosses, 'router_jitter_noise']
  },
  olmoe: {
    ...plain,
    label: 'OLMoE',
    qkNorm: 'projection',
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
    qkvClipKey: 'clip_qkv',
    experts: softmaxExperts,
    halfPrecision: false,
    defaults: {
      ...plain.defaults,
      rms_norm_eps: 1e-5,
      num_experts: 64,
      num_experts_per_tok: 8,
      norm_topk_prob: false
    },
    ignored: routerLosses
  },
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
      q_lora_rank: 1536,
      kv_lora_rank: 512,
      qk_nope_head_dim: 128,
      qk_rope_head_dim: 64,
      v_head_dim: 128,
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
  ernie4_5_moe: {
    ...ernie,
    label: 'ERNIE 4.5 MoE',
    names: { ...sharedExperts, choiceBias: 'mlp.moe_statics.e_score_correction_bias' },
    experts: {
      ...softmaxExperts,
      countKeys: ['moe_num_experts', 'num_experts'],
      perRowKeys: ['moe_k', 'num_experts_per_tok'],
      sizeKey: 'moe_intermediate_size',
      choiceBias: 'row',
      normed: true,
      isDense: isOutsideRange,
      shared: { sizeKey: 'moe_intermediate_size', countKey: 'moe_num_shared_experts', gated: false }
    },
    // Experts and heads with biases, and routers of other kinds, are in no published model.
    required: { use_bias: false, moe_gate: 'topk', moe_use_aux_free: true, use_rmsnorm: true },
    halfPrecision: false,
    defaults: {
      ...ernie.defaults,
      num_key_value_heads: 4,
      head_dim: undefined,
      use_bias: false,
      moe_intermediate_size: 1536,
      moe_k: 6,
      moe_num_experts: 64,
      moe_num_shared_experts: 2,
      moe_layer_start_index: 1,
      moe_layer_end_index: -1,
      moe_layer_interval: 1,
      moe_gate: 'topk',
      moe_use_aux_free: true,
      use_rmsnorm: true
    },
    // The sum of weights that it bounds from below is far larger.
    ignored: [...routerLosses, 'moe_capacity', 'moe_norm_min']
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
  hunyuan_v1_moe: {
    ...hunyuan,
    label: 'Hunyuan MoE',
    names: { ...hunyuan.names, router: 'mlp.gate.wg', sharedExpert: 'mlp.shared_mlp' },
    experts: {
      ...softmaxExperts,
      perRowKeys: ['moe_topk', 'num_experts_per_tok'],
      normed: true,
      shared: { sizeKey: 'intermediate_size', gated: false }
    },
    // transformers 4.55 to 4.57 drop tokens beyond an expert's capacity. Later releases and vLLM do not.
    required: { moe_layer_num_skipped: 0, use_mla: false, group_limited_greedy: false },
    halfPrecision: false,
    defaults: {
      ...hunyuan.defaults,
      num_experts: 1,
      moe_topk: 1,
      moe_layer_num_skipped: 0,
      use_mla: false,
      group_limited_greedy: false
    },
    ignored: [
      ...hunyuan.ignored,
      ...routerLosses,
      'kv_lora_rank',
      'moe_drop_tokens',
      'moe_intermediate_size',
      'moe_random_routing_dropped_token',
      'n_group',
      'norm_topk_prob',
      'num_shared_expert',
      'q_lora_rank',
      'qk_nope_head_dim',
      'qk_rope_head_dim',
      'routed_scaling_factor',
      'topk_group',
      'use_mixed_mlp_moe',
      'v_head_dim'
    ]
  }
}
