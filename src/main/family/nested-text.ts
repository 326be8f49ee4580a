/** The text model inside a multimodal checkpoint: the key of its config and its families. */
export interface NestedText {
  readonly key: string
  /** Allowed families; the first is the default. */
  readonly modelTypes: readonly [string, ...string[]]
  /** True if older configs have the text model's keys at the top level, without a section for them. */
  readonly mayBeFlat?: boolean
  /** Surrounding keys for images, which prompts here never contain. */
  readonly ignored: readonly string[]
}

/** Keys around the text model of Qwen's models with images. */
const QWEN_IMAGES = [
  'image_token_id',
  'language_model_only',
  'video_token_id',
  'vision_config',
  'vision_end_token_id',
  'vision_start_token_id',
  'vision_token_id'
]

/** Keys around the text model of Idefics 3 and SmolVLM. */
const IDEFICS_IMAGES = ['image_token_id', 'scale_factor', 'use_reentrant_checkpointing', 'vision_config', 'vocab_size']

/** Multimodal checkpoints whose text model is supported, by the `model_type` of the whole checkpoint. */
export const NESTED_TEXT_CONFIGS: Readonly<Record<string, NestedText>> = {
  aya_vision: {
    key: 'text_config',
    modelTypes: ['cohere2', 'cohere'],
    ignored: [
      'adapter_layer_norm_eps',
      'alignment_intermediate_size',
      'downsample_factor',
      'image_token_index',
      'vision_config',
      'vision_feature_layer',
      'vision_feature_select_strategy'
    ]
  },
  gemma3: {
    key: 'text_config',
    modelTypes: ['gemma3_text'],
    ignored: [
      'boi_token_id',
      'boi_token_index',
      'eoi_token_id',
      'eoi_token_index',
      'image_token_id',
      'image_token_index',
      'mm_tokens_per_image',
      'vision_config'
    ]
  },
  gemma3n: {
    key: 'text_config',
    modelTypes: ['gemma3n_text'],
    ignored: [
      'audio_config',
      'audio_soft_tokens_per_image',
      'audio_token_id',
      'boa_token_id',
      'boi_token_id',
      'eoa_token_id',
      'eoi_token_id',
      'image_token_id',
      'vision_config',
      'vision_soft_tokens_per_image'
    ]
  },
  gemma4: {
    key: 'text_config',
    modelTypes: ['gemma4_text'],
    ignored: [
      'audio_config',
      'audio_token_id',
      'boa_token_id',
      'boi_token_id',
      'eoa_token_id',
      'eoa_token_index',
      'eoi_token_id',
      'image_token_id',
      'video_token_id',
      'vision_config',
      'vision_soft_tokens_per_image'
    ]
  },
  idefics3: { key: 'text_config', modelTypes: ['llama'], ignored: IDEFICS_IMAGES },
  internvl: {
    key: 'text_config',
    modelTypes: ['qwen2', 'qwen3', 'qwen3_moe', 'llama'],
    ignored: [
      'downsample_ratio',
      'image_seq_length',
      'image_token_id',
      'projector_hidden_act',
      'vision_config',
      'vision_feature_layer',
      'vision_feature_select_strategy'
    ]
  },
  llava: {
    key: 'text_config',
    modelTypes: ['llama', 'mistral', 'qwen2'],
    ignored: [
      'ignore_index',
      'image_seq_length',
      'image_token_index',
      'multimodal_projector_bias',
      'projector_hidden_act',
      'vision_config',
      'vision_feature_layer',
      'vision_feature_select_strategy'
    ]
  },
  mistral3: {
    key: 'text_config',
    modelTypes: ['mistral', 'ministral3'],
    ignored: [
      'image_token_id',
      'image_token_index',
      'multimodal_projector_bias',
      'projector_hidden_act',
      'spatial_merge_size',
      'vision_config',
      'vision_feature_layer'
    ]
  },
  mllama: {
    key: 'text_config',
    modelTypes: ['mllama_text_model'],
    ignored: ['image_token_index', 'vision_config']
  },
  qwen2_vl: {
    key: 'text_config',
    modelTypes: ['qwen2_vl_text'],
    mayBeFlat: true,
    ignored: QWEN_IMAGES
  },
  qwen2_5_vl: {
    key: 'text_config',
    modelTypes: ['qwen2_5_vl_text'],
    mayBeFlat: true,
    ignored: QWEN_IMAGES
  },
  qwen3_5: { key: 'text_config', modelTypes: ['qwen3_5_text'], ignored: QWEN_IMAGES },
  qwen3_vl: { key: 'text_config', modelTypes: ['qwen3_vl_text'], ignored: QWEN_IMAGES },
  smolvlm: { key: 'text_config', modelTypes: ['llama'], ignored: IDEFICS_IMAGES }
}
