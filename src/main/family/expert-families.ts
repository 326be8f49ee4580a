import type { Family } from './family'
import { deltaLayers } from './recurrent-families'
import { plain, qwen2, routerLosses } from './shared-traits'

/** Experts of Qwen's models. */
const qwenExperts = {
  countKeys: ['num_experts', 'num_local_experts'],
  sizeKey: 'moe_intermediate_size',
  normed: 'norm_topk_prob',
  someDense: true
} as const

const sharedExpert = { ...qwenExperts, sharedSizeKey: 'shared_expert_intermediate_size' } as const

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
    experts: {
      countKeys: ['num_local_experts', 'num_experts'],
      sizeKey: 'intermediate_size',
      normed: true,
      someDense: false
    },
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
    experts: {
      countKeys: ['num_experts', 'num_local_experts'],
      sizeKey: 'intermediate_size',
      normed: 'norm_topk_prob',
      someDense: false
    },
    halfPrecision: false,
    defaults: {
      ...plain.defaults,
      rms_norm_eps: 1e-5,
      num_experts: 64,
      num_experts_per_tok: 8,
      norm_topk_prob: false
    },
    ignored: routerLosses
  }
}
