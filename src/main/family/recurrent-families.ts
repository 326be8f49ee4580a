import { isCount, type ConfigReader } from './config-reader'
import type { Family, Multipliers } from './family'
import { graniteExperts, graniteRouter } from './expert-traits'
import { granite, plain, predictedTokens, routerLosses } from './shared-traits'

/** Traits of Qwen3.5 and Qwen3-Next: three layers with a gated delta rule before each layer with gated attention. */
export const deltaLayers = {
  ...plain,
  normOffset: 1,
  qkNorm: 'head',
  bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: false },
  recurrent: {
    kind: 'gatedDelta',
    layerType: 'linear_attention',
    attends: (layer: number, config: ConfigReader) => (layer + 1) % config.count('full_attention_interval') === 0,
    fused: false
  },
  gatedAttention: true,
  required: { attn_output_gate: true },
  imageRope: true,
  partialRotary: true,
  defaults: {
    ...plain.defaults,
    num_key_value_heads: 4,
    head_dim: 256,
    partial_rotary_factor: 0.25,
    attn_output_gate: true,
    full_attention_interval: 4,
    linear_conv_kernel_dim: 4,
    linear_key_head_dim: 128,
    linear_value_head_dim: 128,
    linear_num_key_heads: 16,
    linear_num_value_heads: 32
  },
  ignored: [
    // Number type of CUDA kernels.
    'mamba_ssm_dtype',
    // Layers that predict several tokens at once.
    'mtp_num_hidden_layers',
    'mtp_use_dedicated_embeddings'
  ]
} satisfies Partial<Family>

/** Trait of layers with state spaces of Mamba-2, which layer_types names. Without it, all layers have attention. */
const stateSpaces = {
  kind: 'stateSpace',
  layerType: 'mamba',
  attends: () => true,
  keys: {
    heads: 'mamba_n_heads',
    headSize: 'mamba_d_head',
    groups: 'mamba_n_groups',
    stateSize: 'mamba_d_state',
    kernel: 'mamba_d_conv',
    biased: 'mamba_conv_bias'
  },
  groupNorm: false
} satisfies Family['recurrent']

/** Traits of LFM2: layers with short convolutions, and some layers with attention and normed heads. */
export const shortConvolutions = {
  ...plain,
  norms: { beforeAttention: 'operator_norm', beforeMlp: 'ffn_norm' },
  normEpsilonKey: 'norm_eps',
  qkNorm: 'head',
  names: {
    qNorm: 'self_attn.q_layernorm',
    kNorm: 'self_attn.k_layernorm',
    o: 'self_attn.out_proj',
    recurrent: 'conv',
    gate: 'feed_forward.w1',
    up: 'feed_forward.w3',
    down: 'feed_forward.w2',
    finalNorm: 'model.embedding_norm'
  },
  recurrent: {
    kind: 'shortConvolution',
    layerType: 'conv',
    attends: (layer: number, config: ConfigReader) => config.layerList('full_attn_idxs')?.includes(layer) ?? true
  },
  required: { conv_bias: false },
  tiedHeadByDefault: true,
  defaults: {
    vocab_size: 65_536,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    max_position_embeddings: 128_000,
    norm_eps: 1e-5,
    rope_theta: 1_000_000,
    hidden_act: 'silu',
    conv_bias: false,
    conv_L_cache: 3
  },
  olderNames: { rope_theta: 'theta', tie_word_embeddings: 'tie_embedding' }
} satisfies Partial<Family>

/** Gives LFM2's inner size: two thirds of the stated size, scaled and rounded up, unless a flag turns this off. */
function shortenedMlp(config: ConfigReader): number {
  const size = config.count('intermediate_size')
  const factor = config.optionalPositive('block_ffn_dim_multiplier')
  const multiple = config.count('block_multiple_of')
  if (!config.flag('block_auto_adjust_ff_dim', true)) return size
  const shortened = Math.trunc((2 * size) / 3)
  const rounded = factor === null ? shortened : multiple * Math.ceil(Math.trunc(factor * shortened) / multiple)
  if (!isCount(rounded))
    throw config.bad('intermediate_size', 'a size that block_ffn_dim_multiplier scales to one from 1 to 2147483647')
  return rounded
}

/** Factors of Falcon-H1. A factor of the attention's input acts on q, k and v. */
function falconFactors(config: ConfigReader): Partial<Multipliers> {
  const headSize = config.optionalCount('head_dim') ?? config.count('hidden_size') / config.count('num_attention_heads')
  const [gateScale, residualScale] = config.positives('mlp_multipliers', 2)
  const input = config.positive('attention_in_multiplier')
  const stateInput = config.positive('ssm_in_multiplier')
  return {
    embeddingScale: config.positive('embedding_multiplier'),
    logitScale: config.positive('lm_head_multiplier'),
    scoreScale: headSize ** -0.5 * config.positive('key_multiplier') * input ** 2,
    attentionScale: input * config.positive('attention_out_multiplier'),
    stateScale: config.positive('ssm_out_multiplier'),
    stateInputScales: config.positives('ssm_multipliers', 5).map((factor) => factor * stateInput),
    gateScale,
    residualScale
  }
}

/** Families whose layers may have a recurrent state instead of attention, or in addition to it, by `model_type`. */
export const RECURRENT_FAMILIES: Readonly<Record<string, Family>> = {
  qwen3_5_text: { ...deltaLayers, label: 'Qwen3.5' },
  granitemoehybrid: {
    ...granite,
    label: 'Granite 4',
    names: {
      ...graniteRouter,
      recurrent: 'mamba',
      gateUp: 'shared_mlp.input_linear',
      down: 'shared_mlp.output_linear'
    },
    experts: {
      ...graniteExperts,
      isWithout: (config) => config.value('num_local_experts') === 0,
      shared: { sizeKey: 'shared_intermediate_size', gated: false }
    },
    bias: { ...granite.bias, mlp: false },
    mlp: 'fused',
    mlpSizeKey: 'shared_intermediate_size',
    layersWithoutRope: 'allUnlessNamed',
    fullLayers: { type: 'attention', isListOptional: false },
    recurrent: stateSpaces,
    required: { mamba_proj_bias: false },
    defaults: {
      ...granite.defaults,
      mamba_n_heads: 128,
      mamba_n_groups: 1,
      mamba_d_state: 256,
      mamba_d_head: 'auto',
      mamba_d_conv: 4,
      mamba_expand: 2,
      mamba_conv_bias: true,
      mamba_proj_bias: false
    },
    ignored: [
      ...routerLosses,
      // Initialisation before training.
      'init_method',
      'time_step_max',
      'time_step_min',
      // Rows that CUDA kernels compute at once.
      'mamba_chunk_size',
      // Every model has RMS norms, and no limit of time steps.
      'normalization_function',
      'time_step_limit',
      // Read only if mamba_d_head is automatic.
      'mamba_expand',
      // Read only if the model has experts.
      'intermediate_size',
      'num_experts_per_tok',
      // Read only if a layer has a state.
      'mamba_conv_bias',
      'mamba_d_conv',
      'mamba_d_head',
      'mamba_d_state',
      'mamba_n_groups',
      'mamba_n_heads',
      // Read only if a layer has attention.
      'position_embedding_type'
    ]
  },
  lfm2: {
    ...shortConvolutions,
    label: 'LFM2',
    mlpSize: shortenedMlp,
    defaults: {
      ...shortConvolutions.defaults,
      hidden_size: 2560,
      intermediate_size: 12_288,
      block_ffn_dim_multiplier: 1,
      block_multiple_of: 256
    },
    olderNames: { ...shortConvolutions.olderNames, intermediate_size: 'block_ff_dim' },
    ignored: [
      // Initialisation before training.
      'block_mlp_init_scale',
      'block_out_init_scale',
      'block_use_xavier_init',
      'conv_use_xavier_init',
      // Repeat hidden_size, norm_eps and num_attention_heads.
      'block_dim',
      'block_norm_eps',
      'conv_dim',
      'conv_dim_out',
      'num_heads',
      // Every model has gated MLPs and rotary positions.
      'block_use_swiglu',
      'use_pos_enc',
      // Read only if a layer has a convolution.
      'conv_L_cache'
    ]
  },
  // All factors are linear, so consecutive factors are multiplied into one factor.
  falcon_h1: {
    ...plain,
    label: 'Falcon-H1',
    norms: { beforeAttention: 'input_layernorm', beforeMlp: 'pre_ff_layernorm' },
    names: {
      recurrent: 'mamba',
      gate: 'feed_forward.gate_proj',
      up: 'feed_forward.up_proj',
      down: 'feed_forward.down_proj',
      finalNorm: 'model.final_layernorm'
    },
    bias: { qkv: false, output: false, mlp: 'mlp_bias' },
    recurrent: {
      ...stateSpaces,
      // Without layer_types, every layer has a state. Attention is beside it.
      attends: () => false,
      besideAttention: true,
      sizeKey: 'mamba_d_ssm',
      groupNorm: true,
      norm: (config) => {
        if (!config.flag('mamba_rms_norm', false)) return 'none'
        return config.flag('mamba_norm_before_gate', true) ? 'beforeGate' : 'afterGate'
      }
    },
    multipliers: falconFactors,
    halfPrecision: false,
    required: { attention_bias: false, mamba_proj_bias: false, projectors_bias: false, hidden_act: 'silu' },
    defaults: {
      vocab_size: 128_000,
      hidden_size: 4096,
      intermediate_size: 14_336,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      hidden_act: 'silu',
      rms_norm_eps: 1e-5,
      rope_theta: 10_000,
      max_position_embeddings: 8192,
      attention_bias: false,
      projectors_bias: false,
      mamba_d_ssm: 1024,
      mamba_n_heads: 128,
      mamba_d_head: 'auto',
      mamba_n_groups: 1,
      mamba_d_state: 256,
      mamba_d_conv: 4,
      mamba_expand: 2,
      mamba_conv_bias: true,
      mamba_proj_bias: false,
      lm_head_multiplier: 1,
      embedding_multiplier: 1,
      key_multiplier: 1,
      attention_in_multiplier: 1,
      attention_out_multiplier: 1,
      ssm_in_multiplier: 1,
      ssm_out_multiplier: 1,
      mlp_multipliers: [1, 1],
      ssm_multipliers: [1, 1, 1, 1, 1]
    },
    ignored: [
      // Initialisation before training.
      'time_step_floor',
      'time_step_max',
      'time_step_min',
      // Rows that CUDA kernels compute at once, and logits that generation keeps.
      'mamba_chunk_size',
      'num_logits_to_keep',
      // Other keys are read in place of these: mamba_d_ssm and intermediate_size. Mamba-2 has no such rank.
      'mamba_expand',
      'mlp_expansion_factor',
      'time_step_rank',
      // Every layer has attention and an MLP.
      'attn_layer_indices',
      'mamba_use_mlp',
      // Read only with mamba_rms_norm.
      'mamba_norm_before_gate'
    ]
  },
  nemotron_h: {
    ...plain,
    label: 'Nemotron-H',
    norms: { beforeAttention: 'norm', beforeMlp: 'norm' },
    normEpsilonKey: 'layer_norm_epsilon',
    names: {
      q: 'mixer.q_proj',
      k: 'mixer.k_proj',
      v: 'mixer.v_proj',
      o: 'mixer.o_proj',
      recurrent: 'mixer',
      up: 'mixer.up_proj',
      down: 'mixer.down_proj',
      embedding: 'model.embeddings',
      finalNorm: 'model.norm_f'
    },
    bias: { qkv: 'attention_bias', output: 'attention_bias', mlp: 'mlp_bias' },
    mlp: 'plain',
    activationKey: 'mlp_hidden_act',
    layersWithoutRope: 'allUnlessNamed',
    // Time steps (dt) are clamped by time_step_limit, as in NVIDIA's code and vLLM. transformers 5.16 ignores this key
    // and lets no step be below time_step_min.
    recurrent: {
      ...stateSpaces,
      keys: {
        heads: 'mamba_num_heads',
        headSize: 'mamba_head_dim',
        groups: 'n_groups',
        stateSize: 'ssm_state_size',
        kernel: 'conv_kernel',
        biased: 'use_conv_bias'
      },
      groupNorm: true
    },
    layerLetters: {
      key: 'layers_block_type',
      types: {
        M: 'mamba',
        '*': 'full_attention',
        '-': 'mlp',
        mamba: 'mamba',
        attention: 'full_attention',
        mlp: 'mlp',
        // As transformers 5.16 writes the types.
        linear_attention: 'mamba',
        full_attention: 'full_attention'
      }
    },
    required: { mamba_hidden_act: 'silu', use_bias: false, mamba_proj_bias: false },
    halfPrecision: false,
    defaults: {
      rope_theta: 10_000,
      mlp_hidden_act: 'relu2',
      layer_norm_epsilon: 1e-5,
      vocab_size: 131_072,
      intermediate_size: 21_504,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      head_dim: 128,
      max_position_embeddings: 4096,
      mamba_num_heads: 128,
      mamba_head_dim: 64,
      mamba_hidden_act: 'silu',
      mamba_proj_bias: false,
      n_groups: 8,
      ssm_state_size: 128,
      conv_kernel: 4,
      use_bias: false,
      use_conv_bias: true
    },
    olderNames: { head_dim: 'attention_head_dim', layers_block_type: 'hybrid_override_pattern' },
    ignored: [
      ...predictedTokens,
      // transformers 5 writes keys of experts for all models. Layers with experts are refused.
      'moe_intermediate_size',
      'moe_latent_size',
      'moe_shared_expert_intermediate_size',
      'moe_shared_expert_overlap',
      'mtp_layers_block_type',
      'n_group',
      'n_routed_experts',
      'n_shared_experts',
      'norm_topk_prob',
      'num_experts_per_tok',
      'routed_scaling_factor',
      'topk_group',
      // Initialisation before training.
      'rescale_prenorm_residual',
      'time_step_floor',
      'time_step_max',
      'time_step_min',
      // Rows, number types and kernels of CUDA, and logits that generation keeps.
      'chunk_size',
      'mamba_ssm_cache_dtype',
      'num_logits_to_keep',
      'residual_in_fp32',
      'use_mamba_kernels',
      // Other keys are read in place of these: the sizes of heads, num_key_value_heads and layer_norm_epsilon.
      'expand',
      'num_query_groups',
      'rms_norm_eps',
      // No layer has a window, and Mamba-2 no such rank.
      'sliding_window',
      'time_step_rank'
    ]
  }
}
