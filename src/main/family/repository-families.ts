import type { ConfigReader } from './config-reader'
import type { Family, Multipliers } from './family'
import { llama, plain } from './shared-traits'

/** Factors of MiniCPM: residuals are scaled by depth, and logits by width. */
function scaledByDepth(config: ConfigReader): Partial<Multipliers> {
  const layers = config.count('num_hidden_layers')
  const hiddenSize = config.count('hidden_size')
  return {
    embeddingScale: config.positive('scale_emb'),
    residualScale: (config.optionalPositive('scale_depth') ?? Math.sqrt(layers)) / Math.sqrt(layers),
    logitScale: (config.optionalPositive('dim_model_base') ?? hiddenSize) / hiddenSize
  }
}

const minicpm = {
  ...llama,
  multipliers: scaledByDepth,
  tiedHeadByDefault: true,
  defaults: { ...plain.defaults, scale_emb: 1, scale_depth: 1, dim_model_base: 1 },
  ignored: ['mup_denominator']
} satisfies Partial<Family>

/** Families whose first models came with code of their own in their repositories, by `model_type`. */
export const REPOSITORY_FAMILIES: Readonly<Record<string, Family>> = {
  mobilellm: {
    ...llama,
    label: 'MobileLLM',
    sharedHeadKey: 'share_embedding',
    required: { layer_sharing: false },
    defaults: { ...plain.defaults, layer_sharing: false }
  },
  minicpm: { ...minicpm, label: 'MiniCPM' },
  minicpm3: {
    ...minicpm,
    label: 'MiniCPM3',
    attention: 'latent',
    halfPrecision: false,
    defaults: {
      ...plain.defaults,
      vocab_size: 73_448,
      intermediate_size: 6400,
      num_hidden_layers: 62,
      num_attention_heads: 40,
      num_key_value_heads: 40,
      max_position_embeddings: 32_768,
      rms_norm_eps: 1e-5,
      q_lora_rank: 768,
      kv_lora_rank: 256,
      qk_nope_head_dim: 64,
      qk_rope_head_dim: 32,
      v_head_dim: 64,
      scale_emb: 12,
      scale_depth: 1.4,
      dim_model_base: 256
    }
  },
  exaone: {
    ...plain,
    label: 'EXAONE 3',
    norms: { beforeAttention: 'ln_1', beforeMlp: 'ln_2' },
    normEpsilonKey: 'layer_norm_epsilon',
    names: {
      q: 'attn.attention.q_proj',
      k: 'attn.attention.k_proj',
      v: 'attn.attention.v_proj',
      o: 'attn.attention.out_proj',
      gate: 'mlp.c_fc_0',
      up: 'mlp.c_fc_1',
      down: 'mlp.c_proj',
      embedding: 'model.wte',
      finalNorm: 'model.ln_f'
    },
    activationKey: 'activation_function',
    mlpSize: (config) => config.optionalCount('intermediate_size') ?? 4 * config.count('hidden_size'),
    tiedHeadByDefault: true,
    defaults: { rope_theta: 10_000, layer_norm_epsilon: 1e-5, activation_function: 'silu' },
    olderNames: { num_hidden_layers: 'num_layers' },
    ignored: ['embed_dropout']
  },
  internlm2: {
    ...plain,
    label: 'InternLM2',
    norms: { beforeAttention: 'attention_norm', beforeMlp: 'ffn_norm' },
    names: {
      qkv: 'attention.wqkv',
      o: 'attention.wo',
      gate: 'feed_forward.w1',
      up: 'feed_forward.w3',
      down: 'feed_forward.w2',
      embedding: 'model.tok_embeddings',
      head: 'output'
    },
    bias: { qkv: 'bias', output: 'bias', mlp: false },
    attention: 'grouped',
    defaults: { ...plain.defaults, bias: true }
  }
}
