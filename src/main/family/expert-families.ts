import type { Family } from './family'
import { plain, routerLosses } from './shared-traits'

/** Rows of families whose layers have experts. */
export const EXPERT_FAMILIES: Readonly<Record<string, Family>> = {
  qwen3_moe: {
    ...plain,
    label: 'Qwen3 MoE',
    qkNorm: 'head',
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
    experts: {
      countKeys: ['num_experts', 'num_local_experts'],
      sizeKey: 'moe_intermediate_size',
      normed: 'norm_topk_prob',
      someDense: true
    },
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
