import { EXPERT_FAMILIES } from './expert-families'
import { gemmaExperts } from './expert-traits'
import type { Family } from './family'
import { RECURRENT_FAMILIES } from './recurrent-families'
import { REPOSITORY_FAMILIES } from './repository-families'
import {
  cohere,
  cohereWithWindows,
  ernie,
  gemma,
  gemma2,
  glm,
  granite,
  hunyuan,
  layerNorms,
  llama,
  normsOfEachHead,
  plain,
  postNorms,
  predictedTokens,
  preNorms,
  qwen2,
  qwen3,
  exaoneSlides,
  rotates,
  slidesByPattern
} from './shared-traits'

/** All supported families by `model_type`. Most rows start from shared traits and change a few of them. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  llama: { ...llama, label: 'Llama' },
  mllama_text_model: {
    ...plain,
    label: 'Llama 3.2 Vision',
    imageLayersKey: 'cross_attention_layers',
    spareEmbeddings: 8,
    defaults: {
      vocab_size: 128_256,
      hidden_size: 4096,
      intermediate_size: 14_336,
      num_hidden_layers: 40,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      hidden_act: 'silu',
      max_position_embeddings: 131_072,
      rms_norm_eps: 1e-5,
      rope_theta: 500_000,
      cross_attention_layers: [3, 8, 13, 18, 23, 28, 33, 38]
    },
    ignored: ['dropout']
  },
  mistral: {
    ...plain,
    label: 'Mistral',
    windows: 'always',
    defaults: { ...plain.defaults, num_attention_heads: 32, num_key_value_heads: 8, sliding_window: 4096 }
  },
  qwen2: { ...qwen2, label: 'Qwen2' },
  mimo: {
    ...qwen2,
    label: 'MiMo',
    ignored: [...qwen2.ignored, ...predictedTokens]
  },
  qwen3: { ...qwen3, label: 'Qwen3' },
  qwen2_vl_text: { ...qwen2, label: 'Qwen2-VL', imageRope: true },
  qwen2_5_vl_text: { ...qwen2, label: 'Qwen2.5-VL', imageRope: true },
  qwen3_vl_text: { ...qwen3, label: 'Qwen3-VL', imageRope: true },
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
    // Releases of transformers before 4.48 read it in place of hidden_act.
    ignored: ['hidden_activation']
  },
  gemma2: { ...gemma2, label: 'Gemma 2' },
  vaultgemma: {
    ...gemma2,
    label: 'VaultGemma',
    norms: { beforeAttention: 'input_layernorm', beforeMlp: 'pre_feedforward_layernorm' }
  },
  gemma3_text: {
    ...gemma,
    label: 'Gemma 3',
    qkNorm: 'head',
    slidingRope: 'local',
    softCaps: 'finalAlone',
    slides: slidesByPattern('sliding_window_pattern', 6),
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
    // transformers writes its own pattern under this name, beside layer_types, and does not read it again.
    ignored: [...gemma.ignored, '_sliding_window_pattern', 'attn_logit_softcapping']
  },
  gemma3n_text: {
    ...gemma,
    label: 'Gemma 3n',
    normOffset: 0,
    qkNorm: 'head',
    valueNorm: true,
    variedLayers: true,
    streams: true,
    sparseGatesKey: 'activation_sparsity_pattern',
    mlpSize: (config) => Math.max(...config.layerCounts('intermediate_size', config.count('num_hidden_layers'))),
    scoreScaleKey: undefined,
    multipliers: () => ({ scoreScale: 1 }),
    slidingRope: 'local',
    softCaps: 'final',
    slides: (layer) => (layer + 1) % 5 !== 0,
    required: { attention_bias: false, altup_active_idx: 0 },
    defaults: {
      vocab_size: 262_400,
      hidden_size: 2048,
      intermediate_size: 16_384,
      num_hidden_layers: 35,
      num_attention_heads: 8,
      num_key_value_heads: 2,
      head_dim: 256,
      hidden_activation: 'gelu_pytorch_tanh',
      max_position_embeddings: 32_768,
      rms_norm_eps: 1e-6,
      rope_theta: 1_000_000,
      rope_local_base_freq: 10_000,
      attention_bias: false,
      sliding_window: 512,
      final_logit_softcapping: 30,
      vocab_size_per_layer_input: 262_144,
      hidden_size_per_layer_input: 256,
      num_kv_shared_layers: 15,
      altup_active_idx: 0,
      altup_num_inputs: 4,
      laurel_rank: 64
    },
    // Coefficients have a limit and a rate only in training. Scores have no factor.
    ignored: [...gemma.ignored, 'altup_coef_clip', 'altup_lr_multiplier', 'query_pre_attn_scalar']
  },
  gemma4_text: {
    ...gemma,
    label: 'Gemma 4',
    normOffset: 0,
    qkNorm: 'head',
    valueNorm: true,
    variedLayers: true,
    layerScale: true,
    scoreScaleKey: undefined,
    multipliers: () => ({ scoreScale: 1 }),
    softCaps: 'final',
    slides: (layer, config) => (layer + 1) % 6 !== 0 && layer + 1 !== config.count('num_hidden_layers'),
    experts: gemmaExperts,
    names: {
      router: 'router.proj',
      expertsGateUp: 'experts.gate_up_proj',
      expertsDown: 'experts.down_proj',
      sharedExpert: 'mlp'
    },
    required: { attention_bias: false },
    defaults: {
      vocab_size: 262_144,
      hidden_size: 2304,
      intermediate_size: 9216,
      num_hidden_layers: 30,
      num_attention_heads: 8,
      num_key_value_heads: 4,
      head_dim: 256,
      global_head_dim: 512,
      hidden_activation: 'gelu_pytorch_tanh',
      max_position_embeddings: 131_072,
      rms_norm_eps: 1e-6,
      attention_bias: false,
      sliding_window: 512,
      vocab_size_per_layer_input: 262_144,
      hidden_size_per_layer_input: 256,
      num_kv_shared_layers: 0,
      enable_moe_block: false,
      rope_parameters: {
        full_attention: { rope_type: 'proportional', partial_rotary_factor: 0.25, rope_theta: 1_000_000 },
        sliding_attention: { rope_type: 'default', rope_theta: 10_000 }
      }
    },
    ignored: [...gemma.ignored, 'num_experts', 'top_k_experts', 'moe_intermediate_size']
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
    // YaRN stretches only full layers. OLMo 3 was trained so, and transformers 4.57 and 5.15 and vLLM
    // compute so; releases between them also stretch sliding layers.
    slidingRope: 'unscaled',
    // Releases also differ in the default of rope_theta, so configs must contain it.
    defaults: { hidden_act: 'silu', rms_norm_eps: 1e-5, sliding_window: 4096 }
  },
  seed_oss: {
    ...plain,
    label: 'Seed-OSS',
    bias: { qkv: 'attention_bias', output: 'attention_out_bias', mlp: 'mlp_bias' },
    defaults: { ...plain.defaults, num_key_value_heads: 8, head_dim: 128, attention_bias: true },
    ignored: ['residual_dropout']
  },
  smollm3: {
    ...llama,
    label: 'SmolLM3',
    layersWithoutRope: 'marked',
    windows: 'layerTypes',
    windowSwitch: 'use_sliding_window',
    // If windows are on, layers without RoPE have one.
    slides: (layer, config) => !rotates(layer, config),
    tiedHeadByDefault: true,
    defaults: { ...plain.defaults, num_key_value_heads: 4, rope_theta: 2_000_000, sliding_window: null },
    ignored: ['max_window_layers']
  },
  granite: { ...granite, label: 'Granite' },
  arcee: {
    ...llama,
    label: 'Arcee',
    mlp: 'plain',
    halfPrecision: false,
    defaults: { ...plain.defaults, hidden_act: 'relu2', rms_norm_eps: 1e-5 }
  },
  internlm3: {
    ...plain,
    label: 'InternLM3',
    bias: { qkv: 'qkv_bias', output: 'bias', mlp: 'bias' }
  },
  helium: {
    ...plain,
    label: 'Helium',
    bias: { qkv: 'attention_bias', output: false, mlp: 'mlp_bias' },
    interleavedRope: true,
    defaults: { rms_norm_eps: 1e-8, rope_theta: 100_000, hidden_act: 'silu', head_dim: 128 }
  },
  ernie4_5: { ...ernie, label: 'ERNIE 4.5' },
  ministral3: {
    ...plain,
    label: 'Ministral 3',
    windows: 'always',
    growingQueries: true,
    defaults: {
      ...plain.defaults,
      num_key_value_heads: 8,
      head_dim: 128,
      rms_norm_eps: 1e-5,
      rope_theta: 1_000_000,
      sliding_window: null,
      rope_scaling: {
        rope_type: 'yarn',
        factor: 16,
        original_max_position_embeddings: 16_384,
        mscale: 1,
        mscale_all_dim: 1,
        llama_4_scaling_beta: 0.1
      }
    }
  },
  hunyuan_v1_dense: { ...hunyuan, label: 'Hunyuan' },
  glm: { ...glm, label: 'GLM-4' },
  glm4: {
    ...glm,
    label: 'GLM-4-0414',
    norms: {
      ...preNorms,
      afterAttention: 'post_self_attn_layernorm',
      afterMlp: 'post_mlp_layernorm'
    }
  },
  exaone4: {
    ...plain,
    label: 'EXAONE 4',
    norms: postNorms,
    qkNorm: 'head',
    layersWithoutRope: 'full',
    windows: 'layerTypes',
    slides: exaoneSlides,
    defaults: { ...plain.defaults, num_key_value_heads: 32, rms_norm_eps: 1e-5, sliding_window: 4096 }
  },
  stablelm: {
    ...plain,
    ...layerNorms,
    label: 'StableLM',
    parallel: 'use_parallel_residual',
    sharedNorm: true,
    bias: { qkv: 'use_qkv_bias', output: false, mlp: false },
    partialRotary: true,
    defaults: {
      rope_theta: 10_000,
      hidden_act: 'silu',
      layer_norm_eps: 1e-5,
      num_key_value_heads: 32,
      partial_rotary_factor: 0.25
    }
  },
  starcoder2: {
    ...plain,
    label: 'StarCoder2',
    normKind: 'layerWithBias',
    normEpsilonKey: 'norm_epsilon',
    names: { up: 'mlp.c_fc', down: 'mlp.c_proj' },
    bias: { qkv: 'use_bias', output: 'use_bias', mlp: 'use_bias' },
    mlp: 'plain',
    windows: 'always',
    tiedHeadByDefault: true,
    defaults: {
      rope_theta: 10_000,
      hidden_act: 'gelu_pytorch_tanh',
      norm_epsilon: 1e-5,
      num_key_value_heads: 2,
      use_bias: true,
      sliding_window: null
    },
    ignored: [
      'activation_function',
      'attention_softmax_in_fp32',
      'embedding_dropout',
      'layer_norm_epsilon',
      'mlp_type',
      'norm_type',
      'residual_dropout',
      'scale_attention_softmax_in_fp32',
      'scale_attn_weights'
    ]
  },
  gpt_neox: {
    ...plain,
    ...layerNorms,
    label: 'GPT-NeoX',
    parallel: 'use_parallel_residual',
    names: {
      qkv: 'attention.query_key_value',
      o: 'attention.dense',
      up: 'mlp.dense_h_to_4h',
      down: 'mlp.dense_4h_to_h',
      embedding: 'model.embed_in',
      finalNorm: 'model.final_layer_norm',
      head: 'embed_out'
    },
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: true },
    attention: 'grouped',
    mlp: 'plain',
    partialRotary: true,
    ropeKeys: { theta: 'rotary_emb_base', partial: 'rotary_pct' },
    defaults: {
      rotary_emb_base: 10_000,
      rotary_pct: 0.25,
      hidden_act: 'gelu',
      layer_norm_eps: 1e-5,
      use_parallel_residual: true,
      attention_bias: true
    }
  },
  cohere: { ...cohere, ...normsOfEachHead, label: 'Cohere' },
  cohere2: { ...cohereWithWindows, label: 'Cohere 2' },
  nemotron: {
    ...plain,
    label: 'Nemotron',
    normKind: 'layerWithBias',
    normEpsilonKey: 'norm_eps',
    normOffset: 1,
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: 'mlp_bias' },
    mlp: 'plain',
    partialRotary: true,
    halfPrecision: false,
    defaults: { rope_theta: 10_000, hidden_act: 'relu2', norm_eps: 1e-5, partial_rotary_factor: 0.5 },
    ignored: ['kv_channels', 'num_query_groups']
  },
  olmo: {
    ...plain,
    label: 'OLMo',
    normKind: 'layerWithoutWeight',
    normEpsilonKey: null,
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
    qkvClipKey: 'clip_qkv',
    defaults: { rope_theta: 10_000, hidden_act: 'silu' }
  },
  apertus: {
    ...plain,
    label: 'Apertus',
    norms: { beforeAttention: 'attention_layernorm', beforeMlp: 'feedforward_layernorm' },
    qkNorm: 'head',
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
    mlp: 'plain',
    halfPrecision: false,
    defaults: {
      ...plain.defaults,
      hidden_act: 'xielu',
      rms_norm_eps: 1e-5,
      rope_theta: 12_000_000,
      rope_scaling: {
        rope_type: 'llama3',
        factor: 8,
        original_max_position_embeddings: 8192,
        low_freq_factor: 1,
        high_freq_factor: 4
      }
    },
    ignored: ['post_norm', 'qk_norm']
  },
  phi3: {
    ...plain,
    label: 'Phi-3',
    attention: 'fused',
    mlp: 'fused',
    windows: 'always',
    partialRotary: true,
    originalContext: true,
    defaults: {
      ...plain.defaults,
      rms_norm_eps: 1e-5,
      sliding_window: null,
      original_max_position_embeddings: 4096
    },
    ignored: ['full_attn_mod', 'interpolate_factor']
  },
  falcon: {
    ...plain,
    ...layerNorms,
    normEpsilonKey: 'layer_norm_epsilon',
    label: 'Falcon',
    parallel: true,
    sharedNorm: true,
    names: {
      qkv: 'self_attention.query_key_value',
      o: 'self_attention.dense',
      up: 'mlp.dense_h_to_4h',
      down: 'mlp.dense_4h_to_h',
      embedding: 'model.word_embeddings',
      finalNorm: 'model.ln_f'
    },
    bias: { qkv: 'bias', output: 'bias', mlp: 'bias' },
    attention: 'fused',
    mlp: 'plain',
    activationKey: 'activation',
    mlpSize: (config) => config.optionalCount('ffn_hidden_size') ?? 4 * config.count('hidden_size'),
    tiedHeadByDefault: true,
    // Models with several key heads have two norms and other groups.
    required: { new_decoder_architecture: false, multi_query: true, parallel_attn: true, alibi: false },
    defaults: {
      rope_theta: 10_000,
      activation: 'gelu',
      layer_norm_epsilon: 1e-5,
      num_key_value_heads: 1,
      max_position_embeddings: 2048,
      new_decoder_architecture: false,
      multi_query: true,
      parallel_attn: true,
      alibi: false,
      bias: false
    },
    ignored: ['apply_residual_connection_post_layernorm', 'num_kv_heads']
  },
  ...REPOSITORY_FAMILIES,
  ...RECURRENT_FAMILIES,
  ...EXPERT_FAMILIES
}
