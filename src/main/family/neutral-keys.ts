/* Keys of a config.json that do not change results. Every other key that is not read is refused by name. */

/** Keys that never change logits, whatever their values. */
const NEUTRAL = new Set([
  // Origin of the checkpoint.
  ...[
    '_commit_hash',
    '_name_or_path',
    'architectures',
    'auto_map',
    'custom_pipelines',
    'is_composition',
    'model_name',
    'name_or_path',
    'tokenizer_class',
    'transformers.js_config',
    'transformers_version',
    'unsloth_fixed',
    'unsloth_version'
  ],
  // Type to load weights into; the stored type is read.
  ...['dtype', 'torch_dtype', 'use_bfloat16'],
  // Training.
  ...[
    'attention_dropout',
    'classifier_dropout',
    'embd_pdrop',
    'gradient_checkpointing',
    'hidden_dropout',
    'initializer_range',
    'neftune_noise_alpha',
    'resid_pdrop',
    'tf_legacy_loss'
  ],
  // Kernels, slices, caches and outputs of the reference.
  ...[
    '_attn_implementation',
    '_attn_implementation_autoset',
    '_experts_implementation',
    '_flash_attn_2_enabled',
    'attn_implementation',
    'cache_implementation',
    'chunk_size_feed_forward',
    'experts_implementation',
    'is_decoder',
    'is_llama_config',
    'output_attentions',
    'output_hidden_states',
    'pretraining_tp',
    'return_dict',
    'torchscript',
    'use_cache',
    'use_flash_attn'
  ],
  // Token ids and lengths of prompts.
  ...[
    'bos_token_id',
    'cls_token_id',
    'decoder_start_token_id',
    'eos_token_id',
    'mask_token_id',
    'max_sequence_length',
    'model_max_length',
    'pad_token_id',
    'prefix',
    'sep_token_id',
    'unk_token_id'
  ],
  // Settings of generation, which samples have of their own.
  ...[
    'bad_words_ids',
    'begin_suppress_tokens',
    'diversity_penalty',
    'do_sample',
    'early_stopping',
    'encoder_no_repeat_ngram_size',
    'exponential_decay_length_penalty',
    'forced_bos_token_id',
    'forced_eos_token_id',
    'length_penalty',
    'max_length',
    'max_new_tokens',
    'min_length',
    'min_p',
    'no_repeat_ngram_size',
    'num_beam_groups',
    'num_beams',
    'num_return_sequences',
    'output_scores',
    'remove_invalid_values',
    'repetition_penalty',
    'return_dict_in_generate',
    'suppress_tokens',
    'temperature',
    'top_k',
    'top_p',
    'typical_p'
  ],
  // Images in prompts.
  ...['perceiver_config', 'pixel_shuffle_factor'],
  // Labels of classifiers.
  ...['finetuning_task', 'id2label', 'label2id', 'num_labels', 'problem_type', 'task_specific_params']
])

/** Values with which a key does not change results, for families that do not read the key. */
const NEUTRAL_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  // Falcon 3 names its gated MLP, whose activation is hidden_act.
  activation: ['swiglu'],
  add_cross_attention: [false],
  attention_bias: [false],
  is_encoder_decoder: [false],
  lm_head_bias: [false],
  mlp_bias: [false],
  n_routed_experts: [0],
  num_experts: [0, 1],
  num_local_experts: [0, 1],
  // Qwen3.6 has it for the gate of its delta rule, which is always so.
  output_gate_type: ['swish'],
  partial_rotary_factor: [1],
  qk_layer_norms: [false],
  qk_layernorm: [false],
  // Qwen3 Coder has this key and shared_expert_intermediate_size.
  qkv_bias: [false],
  rope_interleaved: [false],
  shared_expert_intermediate_size: [0],
  tie_encoder_decoder: [false],
  // Gemma 4 has it for tokens of images.
  use_bidirectional_attention: [false, 'vision'],
  use_mrope: [false],
  use_qk_norm: [false],
  use_resampler: [false],
  use_sliding_window: [false]
}

/** Lists the values, besides null, with which a key does not change results; empty for an unknown key. */
export function neutralValues(key: string): readonly unknown[] {
  return Object.hasOwn(NEUTRAL_VALUES, key) ? (NEUTRAL_VALUES[key] ?? []) : []
}

/** Reports whether an unread key does not change results. In configs, null means that a computation is left out. */
export function isNeutral(key: string, value: unknown): boolean {
  return value === null || NEUTRAL.has(key) || neutralValues(key).includes(value) || isEmpty(value)
}

/** Reports whether a list or object is empty, such as `pruned_heads: {}` in older configs. */
function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
