/** The text model inside a multimodal checkpoint: the key of its config and its families. */
export interface NestedText {
  readonly key: string
  /** Allowed families; the first is the default. */
  readonly modelTypes: readonly [string, ...string[]]
  /** Surrounding keys for images, which prompts here never contain. */
  readonly ignored: readonly string[]
}

export const NESTED_TEXT_CONFIGS: Readonly<Record<string, NestedText>> = {
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
  }
}
