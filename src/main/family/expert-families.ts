import { DEEPSEEK_FAMILIES } from './deepseek-families'
import { graniteExperts, graniteRouter, mixtralNames, sharedExperts, softmaxExperts } from './expert-traits'
import { isListedDense, isOutsideRange } from './experts'
import type { ExpertKeys, Family } from './family'
import { deltaLayers } from './recurrent-families'
import { ernie, granite, hunyuan, plain, qwen2, routerLosses } from './shared-traits'

/** Experts of Qwen's models: config keys and traits. */
const qwenExperts = {
  ...softmaxExperts,
  sizeKey: 'moe_intermediate_size',
  isDense: isListedDense
} satisfies ExpertKeys

/** Qwen's experts with one further expert that every row goes through, weighed by a router. */
const sharedExpert = {
  ...qwenExperts,
  shared: { sizeKey: 'shared_expert_intermediate_size', gated: true }
} satisfies ExpertKeys

/** Families whose layers have experts, by `model_type`. */
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
    // Windows need use_sliding_window, which is refused, because releases differ in the layers that have a window.
    ignored: [...routerLosses, 'max_window_layers', 'sliding_window', 'use_qk_norm']
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
  granitemoe: {
    ...granite,
    label: 'Granite MoE',
    names: graniteRouter,
    bias: { ...granite.bias, mlp: false },
    experts: graniteExperts,
    halfPrecision: false,
    defaults: { ...granite.defaults, num_local_experts: 8, num_experts_per_tok: 2 },
    ignored: routerLosses
  },
  mixtral: {
    ...plain,
    label: 'Mixtral',
    names: mixtralNames,
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
    // moe_norm_min bounds the sum of weights from below; the sum is always far larger.
    ignored: [...routerLosses, 'moe_capacity', 'moe_norm_min']
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
  },
  ...DEEPSEEK_FAMILIES
}
