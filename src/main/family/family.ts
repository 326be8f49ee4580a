import type { ConfigReader } from './config-reader'
import type { RecurrentTrait } from './recurrent'

/**
 * Describes a model family as data, one entry per `model_type`. The graph builder branches on these traits, never on
 * names. "Row" means the vector of one token, and "sublayer" attention or the MLP.
 */
export interface Family {
  /** Usual name of the family. */
  readonly label: string
  /** Tensor names of norms by position. A position without a name has no norm. "After" is on a sublayer's output. */
  readonly norms: Readonly<Partial<Record<NormPosition, string>>>
  /** RMS: x / rms(x). Layer: (x - mean) / deviation, times a weight, with or without a bias, or with neither. */
  readonly normKind: 'rms' | 'layer' | 'layerWithBias' | 'layerWithoutWeight'
  /** Config key of the epsilon that is added to a norm's mean square; null if it is 1e-5 without a key. */
  readonly normEpsilonKey: string | null
  /** Norms multiply by (offset + weight): 1 for Gemma, whose weights are stored around zero. */
  readonly normOffset: 0 | 1
  /** RMS norm of q and k over each `head` or the `projection`; `eachHead` is a layer norm with weights per head. */
  readonly qkNorm: 'none' | 'head' | 'projection' | 'eachHead'
  /** Config key that switches `qkNorm` on; omitted if it is always on. */
  readonly qkNormKey?: string
  /** True if RoPE comes before the norm of q and k. */
  readonly qkNormAfterRope: boolean
  /** True if values have an RMS norm without a weight. */
  readonly valueNorm: boolean
  /** True if layers differ in sizes, read keys and values of earlier ones, or have inputs (see `readVariedLayers`). */
  readonly variedLayers: boolean
  /** True if rows have several hidden states, and a low-rank path beside attention (see `Streams`). */
  readonly streams: boolean
  /** Config key of the share of a layer's gates that are zero, if the family has such layers. */
  readonly sparseGatesKey?: string
  /** True if a layer's result is multiplied by a stored number. */
  readonly layerScale: boolean
  /** True if attention and MLP both read the residual from before the layer. A text is the config key that decides. */
  readonly parallel: boolean | string
  /** True if parallel sublayers both read the norm before attention. */
  readonly sharedNorm: boolean
  /** Module names that differ from Llama's, inside the layers and around them. */
  readonly names: Readonly<Partial<ModuleNames>>
  /** True if these projections have a bias. A text is the config key that decides. */
  readonly bias: {
    readonly qkv: boolean | string
    readonly output: boolean | string
    readonly mlp: boolean | string
  }
  /** Layout of q, k and v. Fused: [q | k | v]. Grouped: [key heads, q ... q | k | v]. Latent: see `LatentAttention`. */
  readonly attention: 'separate' | 'fused' | 'grouped' | 'latent'
  /** MLP: act(gate) · up, with separate weights or fused rows [gate | up], or only act(up). */
  readonly mlp: 'gated' | 'fused' | 'plain'
  /** Config keys of experts, for families whose layers may send rows to a few of many gated MLPs; null without. */
  readonly experts: ExpertKeys | null
  /** Layers with a state in place of attention; null if all layers have attention. */
  readonly recurrent: RecurrentTrait | null
  /**
   * Config key of a text with one letter per layer, or of a list, and the layer type that each entry stands for. Null
   * if every layer has attention (or a state) and an MLP. Layers listed so have one of the two: "mlp" has only an MLP.
   */
  readonly layerLetters: { readonly key: string; readonly types: Readonly<Record<string, string>> } | null
  /** Config key of the layers that text passes unchanged, because they attend only to images. */
  readonly imageLayersKey?: string
  /** Rows of the embedding beyond the vocabulary, for tokens of images. */
  readonly spareEmbeddings: number
  /** True if q has a gate beside each head, whose sigmoid multiplies the head's mixed values. */
  readonly gatedAttention: boolean
  /** Config key of the MLP's inner size. */
  readonly mlpSizeKey: 'intermediate_size' | 'shared_intermediate_size'
  /** Computes the MLP's inner size, if the config does not contain it. */
  readonly mlpSize?: (config: ConfigReader) => number
  /** Config key of the limit of q, k and v after their norms, if the family has one. */
  readonly qkvClipKey?: string
  readonly activationKey: 'hidden_act' | 'hidden_activation' | 'mlp_hidden_act' | 'activation_function' | 'activation'
  /** True if embeddings are multiplied by sqrt(hidden_size); the head is not. */
  readonly scaledEmbeddings: boolean
  /** Config key s, which scales attention scores by s^-0.5; otherwise head_size^-0.5. */
  readonly scoreScaleKey?: string
  /** Reads factors that are not the usual ones. */
  readonly multipliers?: (config: ConfigReader) => Partial<Multipliers>
  /** Config key of a factor of the logits. */
  readonly logitScaleKey?: string
  /**
   * Layers without RoPE. `marked` is by no_rope_layers or no_rope_layer_interval, `full` has no window, and
   * `allUnlessNamed` is all unless position_embedding_type is "rope".
   */
  readonly layersWithoutRope: 'none' | 'marked' | 'full' | 'allUnlessNamed'
  /** Soft caps cap * tanh(x / cap) that apply. Gemma 3 reads only the final one, as a text model by itself. */
  readonly softCaps: 'none' | 'both' | 'final' | 'finalAlone'
  /**
   * Layers whose attention sees only the last `sliding_window` keys. These are none, all layers if the config has a
   * window, or the layers that `layer_types` or an older rule names.
   */
  readonly windows: 'never' | 'always' | 'layerTypes'
  /** Name in layer_types of layers that see all keys, and whether the list may be omitted. */
  readonly fullLayers: { readonly type: string; readonly isListOptional: boolean }
  /** Values that a config must have; models with other values are not supported. */
  readonly required: Readonly<Record<string, unknown>>
  /** True if dual_chunk_attention_config may limit the context to its first chunk, which computes as usual. */
  readonly dualChunks: boolean
  /** Config flag without which `sliding_window` has no effect. */
  readonly windowSwitch?: string
  /** Rule of older configs without layer_types: reports whether layer i has a window. */
  readonly slides?: (layer: number, config: ConfigReader) => boolean
  /** RoPE of sliding layers: as in full ones, with rope_local_base_freq and no scaling, or without scaling. */
  readonly slidingRope: 'same' | 'local' | 'unscaled'
  /** True if partial_rotary_factor, which rotates only the first dimensions of a head, is supported. */
  readonly partialRotary: boolean
  /** Config key of the number of dimensions that rotate, which takes the place of a factor. */
  readonly rotarySizeKey?: string
  /** True if RoPE pairs dimensions 2i and 2i + 1 instead of i and i + rotary size / 2. */
  readonly interleavedRope: boolean
  /** Config keys of rope_theta and partial_rotary_factor outside the section of RoPE. */
  readonly ropeKeys: { readonly theta: string; readonly partial: string }
  /** True if dynamic RoPE may have an `alpha`, which raises its base frequency for all lengths. */
  readonly alphaRope: boolean
  /** True if RoPE may divide its dimensions for images ("mrope"), which is plain RoPE for text. */
  readonly imageRope: boolean
  /** True if YaRN may have llama_4_scaling_beta, which makes queries beyond the original context grow. */
  readonly growingQueries: boolean
  /** True if the config may have original_max_position_embeddings, the context before LongRoPE. */
  readonly originalContext: boolean
  /**
   * True if projections may be computed in float16. It is false for Gemma and squared activations (values above
   * 65,504), for experts (rounding changes the choice) and for recurrences.
   */
  readonly halfPrecision: boolean
  readonly tiedHeadByDefault: boolean
  /** Additional config key that makes the head use the embedding's weights. */
  readonly sharedHeadKey?: string
  /** Class defaults of the reference implementation, for configs that omit them, as nested text configs do. */
  readonly defaults: Readonly<Record<string, unknown>>
  /** Names that older configs have for keys. */
  readonly olderNames?: Readonly<Record<string, string>>
  /** Keys in published configs of the family that its reference implementation does not read. */
  readonly ignored: readonly string[]
}

/** Factors of parts of the computation, 1 unless a family has others. */
export interface Multipliers {
  readonly embeddingScale: number
  /** Factor of attention scores, usually head_size^-0.5. */
  readonly scoreScale: number
  /** Factor of a sublayer's output before it is added to the residual. */
  readonly residualScale: number
  /** Factors of the outputs of attention and of a state, added to the residual. By default both are `residualScale`. */
  readonly attentionScale: number
  readonly stateScale: number
  /** Factor of an MLP's gate before its activation. */
  readonly gateScale: number
  /** Factors of the projections of a state space: gate, values, keys, queries and steps. Null if all are 1. */
  readonly stateInputScales: readonly number[] | null
  /** Factor of logits before a soft cap. */
  readonly logitScale: number
}

export type NormPosition = 'beforeAttention' | 'afterAttention' | 'beforeMlp' | 'afterMlp'

/** Config keys and traits of a family's experts. */
export interface ExpertKeys {
  /** Names of the key for the number of experts, and of the key for the number of experts of a row. */
  readonly countKeys: readonly [string, ...string[]]
  readonly perRowKeys: readonly [string, ...string[]]
  readonly sizeKey: string
  /** Function that turns a row's products with the router into the scores of the experts. */
  readonly scores: 'softmax' | 'sigmoid'
  /** Shape of the bias that is added to scores to choose experts, but not to weigh them: [experts] or [1, experts]. */
  readonly choiceBias: 'none' | 'vector' | 'row'
  /** Experts in n_group groups, topk_group of which a row uses, ranked by their largest score or two largest ones. */
  readonly groups: 'none' | 'byLargest' | 'byTopTwo'
  /** True if the weights of a row's experts sum to one, or the config key for it. */
  readonly normed: boolean | string
  /** Config key of a factor of these weights. */
  readonly scaleKey?: string
  /** Reports whether a model of the family has no experts; omitted if all models have them. */
  readonly isWithout?: (config: ConfigReader) => boolean
  /**
   * True if all experts of a layer are stored in two tensors: one of gate and up projections, one of down projections.
   */
  readonly joined?: boolean
  /** True if experts act beside an MLP, behind norms of both, and the router norms rows and scales each expert. */
  readonly besideMlp?: boolean
  /** Reports whether a layer has one MLP; omitted if all layers have experts. */
  readonly isDense?: (config: ConfigReader, layer: number, layerCount: number) => boolean
  /**
   * The shared expert, which computes every row: config keys of its inner size, and of the number of joined experts.
   */
  readonly shared?: {
    readonly sizeKey: string
    readonly countKey?: string
    /** True if a router of its own weighs this expert. */
    readonly gated: boolean
  }
}

/** Llama's names of modules, and usual names of modules that Llama lacks. `experts` has numbered modules. */
const MODULES = {
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  qDown: 'self_attn.q_a_proj',
  qDownNorm: 'self_attn.q_a_layernorm',
  qUp: 'self_attn.q_b_proj',
  kvDown: 'self_attn.kv_a_proj_with_mqa',
  kvDownNorm: 'self_attn.kv_a_layernorm',
  kvUp: 'self_attn.kv_b_proj',
  qkv: 'self_attn.qkv_proj',
  qNorm: 'self_attn.q_norm',
  kNorm: 'self_attn.k_norm',
  o: 'self_attn.o_proj',
  recurrent: 'linear_attn',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  gateUp: 'mlp.gate_up_proj',
  down: 'mlp.down_proj',
  router: 'mlp.gate',
  /** Name of the tensor itself, because a bias that only affects the choice has no module in some families. */
  choiceBias: 'mlp.gate.e_score_correction_bias',
  experts: 'mlp.experts',
  expertGate: 'gate_proj',
  expertUp: 'up_proj',
  expertDown: 'down_proj',
  /** Names of the tensors themselves. */
  expertsGateUp: 'block_sparse_moe.input_linear.weight',
  expertsDown: 'block_sparse_moe.output_linear.weight',
  routerScale: 'router.scale',
  routerExpertScale: 'router.per_expert_scale',
  normBeforeExperts: 'pre_feedforward_layernorm_2',
  normAfterExperts: 'post_feedforward_layernorm_2',
  normAfterShared: 'post_feedforward_layernorm_1',
  sharedExpert: 'mlp.shared_expert',
  sharedRouter: 'mlp.shared_expert_gate',
  layerInputGate: 'per_layer_input_gate',
  layerInputProjection: 'per_layer_projection',
  layerInputNorm: 'post_per_layer_input_norm',
  /** Name of the tensor itself. */
  layerScale: 'layer_scalar',
  laurelDown: 'laurel.linear_left',
  laurelUp: 'laurel.linear_right',
  laurelNorm: 'laurel.post_laurel_norm',
  streamRouter: 'altup.modality_router',
  streamRouterNorm: 'altup.router_norm',
  streamPrediction: 'altup.prediction_coefs',
  streamCorrection: 'altup.correction_coefs',
  /** Name of the tensor itself. */
  streamScale: 'altup.correct_output_scale',
  streamInputs: 'model.altup_projections',
  streamOutputs: 'model.altup_unembed_projections',
  layerInputEmbedding: 'model.embed_tokens_per_layer',
  layerInputSource: 'model.per_layer_model_projection',
  layerInputSourceNorm: 'model.per_layer_projection_norm',
  embedding: 'model.embed_tokens',
  finalNorm: 'model.norm',
  head: 'lm_head'
}
export type ModuleNames = typeof MODULES

/** Gives the module names in a family's checkpoints. */
export function moduleNames(family: Family): ModuleNames {
  return { ...MODULES, ...family.names }
}
