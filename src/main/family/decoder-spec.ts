import { WorkbenchError } from '../../contract/problem'
import { MAX_LAYERS } from '../../contract/recipe'
import { ConfigReader, isRecord } from './config-reader'
import { FAMILIES, NESTED_TEXT_CONFIGS, type Family } from './family-table'
import { readRope, type Rope } from './rope'

export const ACTIVATIONS = ['silu', 'gelu_tanh'] as const
export type Activation = (typeof ACTIVATIONS)[number]

/** config.json's names of the activations we compute. */
const ACTIVATION_NAMES: Readonly<Record<string, Activation>> = {
  silu: 'silu',
  swish: 'silu',
  gelu_pytorch_tanh: 'gelu_tanh'
}

/** How one decoder layer differs from its neighbours: everything else about layers is the same. */
export interface LayerSpec {
  /** A query at position p sees keys p - window + 1 .. p; null sees all. */
  readonly window: number | null
  readonly rope: Rope
}

/** One model's decoder: the family's traits with this config's numbers filled in. */
export interface DecoderSpec {
  readonly modelType: string
  readonly family: Family
  readonly layerCount: number
  readonly hiddenSize: number
  readonly intermediateSize: number
  readonly headCount: number
  readonly kvHeadCount: number
  readonly headSize: number
  /** Dims of each head that rotate; the rest pass through. */
  readonly rotarySize: number
  readonly vocabularySize: number
  readonly contextLength: number | null
  readonly normEpsilon: number
  readonly activation: Activation
  readonly qkvBias: boolean
  readonly outputBias: boolean
  readonly mlpBias: boolean
  readonly embeddingScale: number
  readonly scoreScale: number
  readonly attentionSoftCap: number | null
  readonly finalSoftCap: number | null
  readonly tiedHead: boolean
  /** One per decoder layer. */
  readonly layers: readonly LayerSpec[]
}

/**
 * Config fields that change what a model computes and that no row of the table asks for: any value but these is
 * refused, because ignoring it would give plausible and wrong numbers.
 */
const NEUTRAL_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  quantization_config: [null],
  num_local_experts: [null, 0, 1],
  num_experts: [null, 0, 1],
  n_routed_experts: [null, 0],
  clip_qkv: [null],
  use_bidirectional_attention: [null, false],
  use_mrope: [null, false]
}

/**
 * Reads what a decoder computes from its config.json.
 *
 * @throws WorkbenchError `unsupported` naming the field and what is supported, or `bad-file` naming the field and its value
 */
export function decoderSpec(rawConfig: Record<string, unknown>, configPath: string): DecoderSpec {
  const { config, modelType } = textConfig(rawConfig, configPath)
  const family = Object.hasOwn(FAMILIES, modelType) ? FAMILIES[modelType] : undefined
  if (family === undefined) {
    throw new WorkbenchError(
      'unsupported',
      `${configPath}: model_type "${modelType}" is not supported.`,
      `Supported: ${[...Object.keys(FAMILIES), ...Object.keys(NESTED_TEXT_CONFIGS)].sort().join(', ')}.`
    )
  }
  const reader = new ConfigReader(config, family.defaults, configPath)
  refuseUnknownComputation(config, rawConfig, family, reader)

  const hiddenSize = reader.count('hidden_size')
  const headCount = reader.count('num_attention_heads')
  const kvHeadCount = reader.optionalCount('num_key_value_heads') ?? headCount
  if (headCount % kvHeadCount !== 0) {
    throw reader.bad('num_key_value_heads', `a divisor of num_attention_heads (${headCount})`)
  }
  const headSize = reader.optionalCount('head_dim') ?? hiddenSize / headCount
  if (!Number.isInteger(headSize))
    throw reader.bad('num_attention_heads', `a divisor of hidden_size (${hiddenSize})`)
  const rotarySize = Math.trunc(headSize * rotaryFactor(reader, family))
  if (rotarySize < 2 || rotarySize % 2 !== 0)
    throw reader.bad('head_dim', 'a head with an even number of rotary dims')
  const activationName = reader.value(family.activationKey)
  const activation = typeof activationName === 'string' ? ACTIVATION_NAMES[activationName] : undefined
  if (activation === undefined) {
    throw reader.unsupported(family.activationKey, Object.keys(ACTIVATION_NAMES).join(', '))
  }
  const layerCount = reader.count('num_hidden_layers', 1, MAX_LAYERS)
  const scoreScaleBase = family.scoreScaleKey === undefined ? headSize : reader.positive(family.scoreScaleKey)

  return {
    modelType,
    family,
    layerCount,
    hiddenSize,
    intermediateSize: reader.count('intermediate_size'),
    headCount,
    kvHeadCount,
    headSize,
    rotarySize,
    vocabularySize: reader.count('vocab_size'),
    contextLength: reader.optionalCount('max_position_embeddings'),
    normEpsilon: reader.positive('rms_norm_eps'),
    activation,
    qkvBias: bias(reader, family.bias.qkv),
    outputBias: bias(reader, family.bias.output),
    mlpBias: bias(reader, family.bias.mlp),
    embeddingScale: family.scaledEmbeddings ? Math.sqrt(hiddenSize) : 1,
    scoreScale: scoreScaleBase ** -0.5,
    attentionSoftCap: family.softCaps ? reader.optionalPositive('attn_logit_softcapping') : null,
    finalSoftCap: family.softCaps ? reader.optionalPositive('final_logit_softcapping') : null,
    tiedHead: tiedHead(rawConfig, reader, family),
    layers: layerSpecs(config, reader, family, layerCount)
  }
}

function textConfig(
  rawConfig: Record<string, unknown>,
  configPath: string
): { config: Record<string, unknown>; modelType: string } {
  const modelType = rawConfig.model_type
  if (typeof modelType !== 'string') {
    throw new WorkbenchError(
      'bad-file',
      `${configPath}: "model_type" is missing, expected a name such as "llama".`,
      'This does not look like the config of a Hugging Face model.'
    )
  }
  const nested = Object.hasOwn(NESTED_TEXT_CONFIGS, modelType) ? NESTED_TEXT_CONFIGS[modelType] : undefined
  if (nested === undefined) return { config: rawConfig, modelType }
  const config = rawConfig[nested.key]
  if (!isRecord(config)) {
    throw new WorkbenchError(
      'bad-file',
      `${configPath}: "${nested.key}" is missing, expected the text model's config.`
    )
  }
  return { config, modelType: nested.modelType }
}

function refuseUnknownComputation(
  config: Record<string, unknown>,
  rawConfig: Record<string, unknown>,
  family: Family,
  reader: ConfigReader
): void {
  for (const [key, neutral] of Object.entries(NEUTRAL_VALUES)) {
    const value = config[key] ?? rawConfig[key] ?? null
    if (!neutral.includes(value)) {
      throw key === 'quantization_config'
        ? reader.unsupported(key, 'unquantised weights (F32, F16, BF16)')
        : reader.unsupported(key, `only ${neutral.map((item) => JSON.stringify(item)).join(', ')}`)
    }
  }
  // A family's row says which of these it honours; the others must be off.
  if (!family.softCaps) {
    for (const key of ['attn_logit_softcapping', 'final_logit_softcapping']) {
      if ((config[key] ?? null) !== null) throw reader.unsupported(key, 'none for this family')
    }
  }
  for (const [key, used] of [
    ['attention_bias', family.bias.qkv === 'attention_bias' || family.bias.qkv === true],
    ['mlp_bias', family.bias.mlp === 'mlp_bias']
  ] as const) {
    if (config[key] === true && !used) throw reader.unsupported(key, 'false for this family')
  }
}

function bias(reader: ConfigReader, rule: boolean | string): boolean {
  return typeof rule === 'boolean' ? rule : reader.flag(rule, false)
}

function tiedHead(rawConfig: Record<string, unknown>, reader: ConfigReader, family: Family): boolean {
  // A multimodal wrapper may say it at its own level.
  const outer = rawConfig.tie_word_embeddings
  const byDefault = typeof outer === 'boolean' ? outer : family.tiedHeadByDefault
  return reader.flag('tie_word_embeddings', byDefault)
}

/** partial_rotary_factor, which newer configs keep inside rope_parameters. */
function rotaryFactor(reader: ConfigReader, family: Family): number {
  const key = 'partial_rotary_factor'
  const section = reader.section('rope_parameters')
  const holder = section !== null && section.value(key) !== undefined ? section : reader
  const factor = holder.optionalPositive(key) ?? 1
  if (factor > 1) throw holder.bad(key, 'a number of at most 1')
  if (factor !== 1 && !family.partialRotary) throw holder.unsupported(key, '1 for this family')
  return factor
}

function layerSpecs(
  config: Record<string, unknown>,
  reader: ConfigReader,
  family: Family,
  layerCount: number
): LayerSpec[] {
  const ropes = readRopes(reader, family)
  const honoured =
    family.windows !== 'never' &&
    (family.windowSwitch === undefined || reader.flag(family.windowSwitch, false))
  const window = honoured ? reader.optionalCount('sliding_window') : null
  const types = family.windows === 'layerTypes' ? layerTypes(config, reader, layerCount) : null
  return Array.from({ length: layerCount }, (_, layer) => {
    const slides = types === null ? slidesByRule(family, layer, config) : types[layer] === 'sliding_attention'
    return { window: slides ? window : null, rope: slides ? ropes.sliding : ropes.full }
  })
}

function slidesByRule(family: Family, layer: number, config: Record<string, unknown>): boolean {
  return family.slides === undefined ? family.windows === 'always' : family.slides(layer, config)
}

/** RoPE of full and of sliding layers, in either style: rope_theta + rope_scaling, or rope_parameters. */
function readRopes(reader: ConfigReader, family: Family): { full: Rope; sliding: Rope } {
  const parameters = reader.section('rope_parameters')
  const perType = parameters?.section('full_attention') ?? null
  if (parameters !== null && perType !== null) {
    const sliding = parameters.section('sliding_attention')
    const full = readRope(perType, perType.positive('rope_theta'))
    return { full, sliding: sliding === null ? full : readRope(sliding, sliding.positive('rope_theta')) }
  }
  const thetaHolder =
    parameters !== null && parameters.value('rope_theta') !== undefined ? parameters : reader
  const full = readRope(parameters ?? reader.section('rope_scaling'), thetaHolder.positive('rope_theta'))
  if (!family.localRope) return { full, sliding: full }
  return { full, sliding: { kind: 'default', theta: reader.positive('rope_local_base_freq') } }
}

function layerTypes(
  config: Record<string, unknown>,
  reader: ConfigReader,
  layerCount: number
): readonly unknown[] | null {
  const types = config.layer_types
  if (types === undefined || types === null) return null
  if (!Array.isArray(types) || types.length !== layerCount) {
    throw reader.bad('layer_types', `a list of ${layerCount} entries, one per layer`)
  }
  if (!types.every((type) => type === 'full_attention' || type === 'sliding_attention')) {
    throw reader.unsupported('layer_types', 'full_attention, sliding_attention')
  }
  return types
}
