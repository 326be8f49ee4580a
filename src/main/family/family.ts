import type { ConfigReader } from './config-reader'

/**
 * What a model family computes, as data. One row of the family table per `model_type`; the graph builder reads the row and the
 * config's numbers, and branches on traits, never on names. Adding a family is adding a row and its golden test.
 */
export interface Family {
  /** For people: how the family is usually called. */
  readonly label: string
  /**
   * Norms by where they act, as tensor names inside the layer; a place without a name has no norm. "Before" norms
   * feed a sublayer, "after" norms act on its output before the residual add.
   */
  readonly norms: Readonly<Partial<Record<NormPlace, string>>>
  /** RMS: x / rms(x). Layer: (x - mean) / deviation, times a weight, and with a bias; or with neither. */
  readonly normKind: 'rms' | 'layer' | 'layerWithBias' | 'layerWithoutWeight'
  /** The config key of what is added to a norm's mean square; null where it is 1e-5 and no key says so. */
  readonly normEpsilonKey: string | null
  /** Norms multiply by (offset + weight): 1 for Gemma, whose weights are stored around zero. */
  readonly normOffset: 0 | 1
  /**
   * RMS norm of q and k: one weight for every head, or one over the whole projection; or a layer norm without bias of each head
   * with a weight of its own.
   */
  readonly qkNorm: 'none' | 'head' | 'projection' | 'eachHead'
  /** The config key without which there is none of them; left out where they are always there. */
  readonly qkNormKey?: string
  /** Whether RoPE comes before the norm of q and k, and not after it. */
  readonly qkNormAfterRope: boolean
  /** Whether attention and MLP read the same residual and are added to it together; or the config key that says so. */
  readonly parallel: boolean | string
  /** Whether both read the norm before attention where they are parallel. */
  readonly sharedNorm: boolean
  /** Names of modules that differ from those of Llama, inside the layer and around the layers. */
  readonly names: Readonly<Partial<ModuleNames>>
  /** A constant, or the config key that says so. */
  readonly bias: {
    readonly qkv: boolean | string
    readonly output: boolean | string
    readonly mlp: boolean | string
  }
  /** Fused: rows of qkv_proj are [q | k | v]. Grouped: q, k and v of each head lie together, [heads, q | k | v]. */
  readonly attention: 'separate' | 'fused' | 'grouped'
  /** act(gate) · up, the two apart or fused as rows [gate | up] of one; or act(up) alone. */
  readonly mlp: 'gated' | 'fused' | 'plain'
  /** Where layers may send each row to a few of many gated MLPs, the experts, what configs say of them; null where none does. */
  readonly experts: ExpertKeys | null
  /** Config key of the size beyond which q, k and v are cut off after their norms, where it may have one. */
  readonly qkvClipKey?: string
  readonly activationKey: 'hidden_act' | 'hidden_activation'
  /** Embeddings are multiplied by sqrt(hidden_size), the head is not. */
  readonly scaledEmbeddings: boolean
  /** Config key s whose value scales attention scores by s^-0.5; otherwise head_size^-0.5. */
  readonly scoreScaleKey?: string
  /**
   * Whether embedding_multiplier, residual_multiplier, attention_multiplier and logits_scaling are honoured: factors of the
   * embeddings, of each sublayer's output, of attention scores (in place of head_size^-0.5), and a divisor of the logits.
   */
  readonly multipliers: boolean
  /** Config key of a factor of the logits. */
  readonly logitScaleKey?: string
  /**
   * Which layers have no RoPE: none; those of 0 in no_rope_layers, or every no_rope_layer_interval-th; or those that see all
   * keys, in a model in which others slide.
   */
  readonly layersWithoutRope: 'none' | 'marked' | 'full'
  /**
   * Which of attn_logit_softcapping and final_logit_softcapping are honoured: cap * tanh(x / cap). Gemma 3 keeps both keys
   * and reads the second, and that only as a text model by itself.
   */
  readonly softCaps: 'none' | 'both' | 'finalAlone'
  /**
   * Which layers see only `sliding_window` keys. never (layer_types may only list full attention); always (when sliding_window is a number); layerTypes: as the
   * config's layer_types list says, or, where a checkpoint has none, by the family's older rule.
   */
  readonly windows: 'never' | 'always' | 'layerTypes'
  /** Whether dual_chunk_attention_config may bound the context to its first chunk, within which it changes nothing. */
  readonly dualChunks: boolean
  /** A flag of the config without which `sliding_window` means nothing. */
  readonly windowSwitch?: string
  /** The older rule for layer i, where layer_types is absent. */
  readonly slides?: (layer: number, config: ConfigReader) => boolean
  /**
   * How sliding layers rotate: as full ones; by rope_local_base_freq without scaling; or as full ones but without scaling.
   */
  readonly slidingRope: 'same' | 'local' | 'unscaled'
  /** Whether partial_rotary_factor (rotating only the first dims of a head) is honoured. */
  readonly partialRotary: boolean
  /** RoPE turns dims 2i and 2i + 1 together, in place of i and i + rotary size / 2. */
  readonly interleavedRope: boolean
  /** What a config calls rope_theta and partial_rotary_factor outside the section of RoPE. */
  readonly ropeKeys: { readonly theta: string; readonly partial: string }
  /** Whether dynamic RoPE may have an `alpha`, by which its base frequency grows once and for all. */
  readonly alphaRope: boolean
  /** Whether YaRN may have llama_4_scaling_beta, by which queries beyond the original context grow. */
  readonly growingQueries: boolean
  /** Whether the config itself may have original_max_position_embeddings, the context before LongRoPE stretched it. */
  readonly originalContext: boolean
  /**
   * Whether projections may be computed in float16 on devices that gain from it. Not for Gemma: its norms multiply by
   * (1 + weight) and its residual grows past float16's largest number, 65,504, so inputs and outputs of its
   * projections overflow where bfloat16, in which it was trained, does not. Nor where an activation squares what it is given, or where
   * rounding may send a row to other experts.
   */
  readonly halfPrecision: boolean
  readonly tiedHeadByDefault: boolean
  /** Class defaults of the reference implementation, for configs that leave them out (nested text configs do). */
  readonly defaults: Readonly<Record<string, unknown>>
  /** Keys that published configs of the family carry and its reference implementation does not read. */
  readonly ignored: readonly string[]
}

export type NormPlace = 'beforeAttention' | 'afterAttention' | 'beforeMlp' | 'afterMlp'

/** What configs of a family say of experts, beside num_experts_per_tok. */
export interface ExpertKeys {
  /** Names of the key that says how many there are. */
  readonly countKeys: readonly [string, ...string[]]
  readonly sizeKey: string
  /** Whether the weights of a row's experts sum to one, or the config key that says so. */
  readonly normed: boolean | string
  /** Whether mlp_only_layers and decoder_sparse_step may leave layers with one MLP. */
  readonly someDense: boolean
}

/** Modules that are not norms of a layer. Each expert has a folder of its number in `experts`, with its projections. */
const MODULES = {
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  qkv: 'self_attn.qkv_proj',
  qNorm: 'self_attn.q_norm',
  kNorm: 'self_attn.k_norm',
  o: 'self_attn.o_proj',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  gateUp: 'mlp.gate_up_proj',
  down: 'mlp.down_proj',
  router: 'mlp.gate',
  experts: 'mlp.experts',
  expertGate: 'gate_proj',
  expertUp: 'up_proj',
  expertDown: 'down_proj',
  embedding: 'model.embed_tokens',
  finalNorm: 'model.norm',
  head: 'lm_head'
}
export type ModuleNames = typeof MODULES

/** How a family's checkpoints name their modules. */
export function moduleNames(family: Family): ModuleNames {
  return { ...MODULES, ...family.names }
}
