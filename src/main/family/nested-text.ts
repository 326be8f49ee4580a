/** Key of the text model in a multimodal checkpoint's config. */
export const TEXT_SECTION = 'text_config'

/** The text model inside a multimodal checkpoint. */
export interface NestedText {
  /** Allowed families; the first is the default. */
  readonly modelTypes: readonly [string, ...string[]]
  /** True if older configs have the text model's keys at the top level, without a section for them. */
  readonly mayBeFlat?: boolean
  /** Surrounding keys that are ignored besides {@link IMAGE_KEYS}. */
  readonly ignored?: readonly string[]
}

/** Surrounding keys for sounds, which prompts here never contain. */
const SOUNDS = [
  'audio_config',
  'audio_soft_tokens_per_image',
  'audio_token_id',
  'boa_token_id',
  'eoa_token_id',
  'eoa_token_index'
]

/** Surrounding keys of Idefics 3 and SmolVLM, which repeat the size of the vocabulary. */
const IDEFICS = ['scale_factor', 'use_reentrant_checkpointing', 'vocab_size']

/** Multimodal checkpoints whose text model is supported, by the `model_type` of the whole checkpoint. */
export const NESTED_TEXT_CONFIGS: Readonly<Record<string, NestedText>> = {
  // transformers has left out logit_scale of this class since 4.52. Earlier releases and vLLM have it.
  aya_vision: { modelTypes: ['cohere2', 'cohere'] },
  gemma3: { modelTypes: ['gemma3_text'] },
  gemma3n: { modelTypes: ['gemma3n_text'], ignored: SOUNDS },
  gemma4: { modelTypes: ['gemma4_text'], ignored: SOUNDS },
  idefics3: { modelTypes: ['llama'], ignored: IDEFICS },
  internvl: { modelTypes: ['qwen2', 'qwen3', 'qwen3_moe', 'llama'] },
  llava: { modelTypes: ['llama', 'mistral', 'qwen2'] },
  mistral3: { modelTypes: ['mistral', 'ministral3'] },
  mllama: { modelTypes: ['mllama_text_model'] },
  qwen2_vl: { modelTypes: ['qwen2_vl_text'], mayBeFlat: true },
  qwen2_5_vl: { modelTypes: ['qwen2_5_vl_text'], mayBeFlat: true },
  qwen3_5: { modelTypes: ['qwen3_5_text'] },
  qwen3_vl: { modelTypes: ['qwen3_vl_text'] },
  smolvlm: { modelTypes: ['llama'], ignored: IDEFICS }
}

/** Surrounding keys for images, which prompts here never contain. */
export const IMAGE_KEYS = [
  'adapter_layer_norm_eps',
  'alignment_intermediate_size',
  'boi_token_id',
  'boi_token_index',
  'downsample_factor',
  'downsample_ratio',
  'eoi_token_id',
  'eoi_token_index',
  'ignore_index',
  'image_seq_length',
  'image_token_id',
  'image_token_index',
  'language_model_only',
  'mm_tokens_per_image',
  'multimodal_projector_bias',
  'projector_hidden_act',
  'spatial_merge_size',
  'video_token_id',
  'vision_config',
  'vision_end_token_id',
  'vision_feature_layer',
  'vision_feature_select_strategy',
  'vision_soft_tokens_per_image',
  'vision_start_token_id',
  'vision_token_id'
]
