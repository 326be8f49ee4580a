import { isDeepStrictEqual } from 'node:util'
import { WorkbenchError } from '../../contract/model/problem'
import { MAX_LAYERS } from '../../contract/model/recipe'
import { quoteName } from '../base/json-object'
import { ConfigReader, describeValue } from './config-reader'
import { FAMILIES, NESTED_TEXT_CONFIGS, rotates, type Family } from './family-table'
import { isNeutral, neutralValues } from './neutral-keys'
import { readRope, type Rope } from './rope'

export const ACTIVATIONS = ['silu', 'gelu_tanh', 'gelu', 'relu'] as const
export type Activation = (typeof ACTIVATIONS)[number]

/** config.json's names of the activations we compute. */
const ACTIVATION_NAMES: Readonly<Record<string, Activation>> = {
  silu: 'silu',
  swish: 'silu',
  gelu_pytorch_tanh: 'gelu_tanh',
  gelu_new: 'gelu_tanh',
  gelu: 'gelu',
  relu: 'relu'
}

/** A message names no more refused keys than these. */
const MAX_NAMED_KEYS = 5

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
  /** What a sublayer's output is multiplied by before it is added to the residual. */
  readonly residualScale: number
  /** What logits are multiplied by, before a soft cap. */
  readonly logitScale: number
  readonly attentionSoftCap: number | null
  readonly finalSoftCap: number | null
  readonly tiedHead: boolean
  /** One per decoder layer. */
  readonly layers: readonly LayerSpec[]
}

/**
 * Whether the layers of two models of one shape compute alike with the same weights: what a config says of windows, RoPE and
 * norms, of which the weights know nothing.
 */
export function computeAlike(one: DecoderSpec, other: DecoderSpec): boolean {
  return one.normEpsilon === other.normEpsilon && isDeepStrictEqual(one.layers, other.layers)
}

/**
 * Reads what a decoder computes from its config.json.
 *
 * @throws WorkbenchError `unsupported` naming the field and what is supported, or `bad-file` naming the field and its value
 */
export function decoderSpec(rawConfig: Record<string, unknown>, configPath: string): DecoderSpec {
  const { root, reader, modelType, family } = openConfig(rawConfig, configPath)
  const hiddenSize = reader.count('hidden_size')
  const headCount = reader.count('num_attention_heads')
  const kvHeadCount = reader.optionalCount('num_key_value_heads') ?? headCount
  if (headCount % kvHeadCount !== 0) {
    throw reader.bad('num_key_value_heads', `a divisor of num_attention_heads (${headCount})`)
  }
  const headSize = headDim(reader, family) ?? hiddenSize / headCount
  if (!Number.isInteger(headSize))
    throw reader.bad('num_attention_heads', `a divisor of hidden_size (${hiddenSize})`)
  const rotarySize = Math.trunc(headSize * rotaryFactor(reader, family))
  if (rotarySize < 2 || rotarySize % 2 !== 0)
    throw reader.bad('head_dim', 'a head with an even number of rotary dims')
  // Null is the class default, as in transformers.
  const activationName = reader.value(family.activationKey) ?? family.defaults[family.activationKey]
  const activation = typeof activationName === 'string' ? ACTIVATION_NAMES[activationName] : undefined
  if (activation === undefined) {
    throw reader.unsupported(family.activationKey, Object.keys(ACTIVATION_NAMES).join(', '))
  }
  const layerCount = reader.count('num_hidden_layers', 1, MAX_LAYERS)

  const layers = layerSpecs(reader, family, layerCount, rotarySize)

  const spec: DecoderSpec = {
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
    contextLength: contextLength(reader, layers),
    normEpsilon: reader.positive('rms_norm_eps'),
    activation,
    qkvBias: bias(reader, family.bias.qkv),
    outputBias: bias(reader, family.bias.output),
    mlpBias: bias(reader, family.bias.mlp),
    ...scales(reader, family, hiddenSize, headSize),
    ...softCaps(root, reader, family),
    tiedHead: tiedHead(root, reader, family),
    layers
  }
  refuseUnread(root, reader, family)
  return spec
}

/** A config's own reader, and that of the text model in it, which is the same unless the checkpoint is multimodal. */
interface OpenConfig {
  readonly root: ConfigReader
  readonly reader: ConfigReader
  readonly modelType: string
  readonly family: Family
}

function openConfig(rawConfig: Record<string, unknown>, configPath: string): OpenConfig {
  const outerType = rawConfig.model_type
  if (typeof outerType !== 'string') {
    throw new WorkbenchError(
      'bad-file',
      `${configPath}: "model_type" is missing, expected a name such as "llama".`,
      'This does not look like the config of a Hugging Face model.'
    )
  }
  const nested = Object.hasOwn(NESTED_TEXT_CONFIGS, outerType) ? NESTED_TEXT_CONFIGS[outerType] : undefined
  const modelType = nested?.modelType ?? outerType
  const family = Object.hasOwn(FAMILIES, modelType) ? FAMILIES[modelType] : undefined
  if (family === undefined) {
    throw new WorkbenchError(
      'unsupported',
      `${configPath}: model_type "${modelType}" is not supported.`,
      `Supported: ${[...Object.keys(FAMILIES), ...Object.keys(NESTED_TEXT_CONFIGS)].sort().join(', ')}.`
    )
  }
  const root = new ConfigReader(rawConfig, nested === undefined ? family.defaults : {}, configPath)
  const reader = nested === undefined ? root : root.section(nested.key, family.defaults)
  if (reader === null) {
    throw new WorkbenchError(
      'bad-file',
      `${configPath}: "${nested?.key}" is missing, expected the text model's config.`
    )
  }
  root.passOver('model_type', ...(nested?.ignored ?? []))
  const innerType = reader.value('model_type')
  if (innerType !== undefined && innerType !== modelType) throw reader.unsupported('model_type', modelType)
  reader.passOver(...family.ignored)
  return { root, reader, modelType, family }
}

/**
 * Refuses a config with keys that no trait of the family's row asks for and that are not known to be neutral.
 *
 * @throws WorkbenchError `unsupported` naming each with its value
 */
function refuseUnread(root: ConfigReader, reader: ConfigReader, family: Family): void {
  const unknown = root.unread().filter(({ key, value }) => !isNeutral(key, value))
  const [first] = unknown
  if (first === undefined) return
  const named = unknown.slice(0, MAX_NAMED_KEYS).map(({ key, value }) => {
    const off = neutralValues(key).map((neutral) => JSON.stringify(neutral))
    const only = off.length === 0 ? '' : ` (only ${off.join(' and ')} can be)`
    return `${quoteName(key)} is ${describeValue(value)}${only}`
  })
  const more = unknown.length > named.length ? ` and ${unknown.length - named.length} more` : ''
  throw new WorkbenchError(
    'unsupported',
    `${first.place}: ${named.join(', ')}${more}, which is not computed for ${family.label} models: the numbers could be other ` +
      "than this model's.",
    `Read for ${family.label}: ${reader.keysRead().join(', ')}. If you know that a refused key changes no number, take it out ` +
      'of a copy of config.json.'
  )
}

type Scales = Pick<DecoderSpec, 'embeddingScale' | 'scoreScale' | 'residualScale' | 'logitScale'>

function scales(reader: ConfigReader, family: Family, hiddenSize: number, headSize: number): Scales {
  if (family.multipliers) {
    return {
      embeddingScale: reader.positive('embedding_multiplier'),
      scoreScale: reader.positive('attention_multiplier'),
      residualScale: reader.positive('residual_multiplier'),
      logitScale: 1 / reader.positive('logits_scaling')
    }
  }
  const base = family.scoreScaleKey === undefined ? headSize : reader.positive(family.scoreScaleKey)
  return {
    embeddingScale: family.scaledEmbeddings ? Math.sqrt(hiddenSize) : 1,
    scoreScale: base ** -0.5,
    residualScale: 1,
    logitScale: 1
  }
}

function softCaps(
  root: ConfigReader,
  reader: ConfigReader,
  { softCaps }: Family
): Pick<DecoderSpec, 'attentionSoftCap' | 'finalSoftCap'> {
  if (softCaps === 'none') return { attentionSoftCap: null, finalSoftCap: null }
  const final = reader.optionalPositive('final_logit_softcapping')
  if (softCaps === 'finalAlone')
    return { attentionSoftCap: null, finalSoftCap: root === reader ? final : null }
  return { attentionSoftCap: reader.optionalPositive('attn_logit_softcapping'), finalSoftCap: final }
}

/** Families whose class has a number for it take no null in its place. */
function headDim(reader: ConfigReader, { defaults }: Family): number | null {
  return defaults.head_dim === undefined ? reader.optionalCount('head_dim') : reader.count('head_dim')
}

function bias(reader: ConfigReader, rule: boolean | string): boolean {
  return typeof rule === 'boolean' ? rule : reader.flag(rule, false)
}

/** A multimodal wrapper may say it at its own level. */
function tiedHead(root: ConfigReader, reader: ConfigReader, family: Family): boolean {
  return reader.flag('tie_word_embeddings', root.flag('tie_word_embeddings', family.tiedHeadByDefault))
}

/** The section of RoPE, in either style: rope_scaling, or rope_parameters, which also holds what newer configs moved there. */
function ropeSection(reader: ConfigReader): ConfigReader | null {
  const parameters = reader.section('rope_parameters')
  const scaling = reader.section('rope_scaling')
  if (parameters !== null && scaling !== null)
    throw reader.bad('rope_scaling', 'null beside "rope_parameters"')
  return parameters ?? scaling
}

/** partial_rotary_factor, which newer configs keep inside rope_parameters. */
function rotaryFactor(reader: ConfigReader, family: Family): number {
  const key = 'partial_rotary_factor'
  const holder = holderOf(reader, ropeSection(reader), key)
  const factor = holder.value(key) === undefined ? 1 : holder.positive(key)
  if (factor > 1) throw holder.bad(key, 'a number of at most 1')
  if (factor !== 1 && !family.partialRotary) throw holder.unsupported(key, '1 for this family')
  return factor
}

/** The section where it says `key`, else the config around it. Where both do, they must agree. */
function holderOf(
  outer: ConfigReader,
  section: ConfigReader | null,
  key: string,
  outerKey = key
): ConfigReader {
  const inner = section?.written(key)
  if (section === null || inner === undefined) return outer
  const other = outer.written(outerKey)
  if (other !== undefined && other !== null && other !== inner) {
    throw outer.bad(outerKey, `${describeValue(inner)}, as the section of RoPE has it`)
  }
  return section
}

/** One for all layers, so that they share their tables. */
const NO_ROPE: Rope = { kind: 'none' }

/** The longest text: as the config says, or as far as its rotations hold. */
function contextLength(reader: ConfigReader, layers: readonly LayerSpec[]): number | null {
  const written = reader.optionalCount('max_position_embeddings')
  const limits = layers.flatMap(({ rope }) => ('limit' in rope ? [rope.limit] : []))
  return limits.length === 0 ? written : Math.min(...limits, ...(written === null ? [] : [written]))
}

function layerSpecs(
  reader: ConfigReader,
  family: Family,
  layerCount: number,
  rotarySize: number
): LayerSpec[] {
  const ropes = readRopes(reader, family, rotarySize)
  const window = slidingWindow(reader, family)
  const types = family.windows === 'layerTypes' ? layerTypes(reader, layerCount) : null
  return Array.from({ length: layerCount }, (_, layer) => {
    const byRule = slidesByRule(family, layer, reader)
    const slides = types === null ? byRule : types[layer] === 'sliding_attention'
    if (slides && window === null) refuseWithoutWindow(reader, family, types !== null)
    const rope = slides ? ropes.sliding : ropes.full
    const still = family.layersWithoutRope && !rotates(layer, reader)
    return { window: slides ? window : null, rope: still ? NO_ROPE : rope }
  })
}

function slidingWindow(reader: ConfigReader, family: Family): number | null {
  if (family.windows === 'never') return null
  if (family.windowSwitch === undefined || reader.flag(family.windowSwitch, false)) {
    return reader.optionalCount('sliding_window')
  }
  reader.passOver('sliding_window')
  return null
}

/** Layers that slide need a window, unless they slide by a rule that one is the condition of. */
function refuseWithoutWindow(reader: ConfigReader, family: Family, listed: boolean): void {
  if (family.windowSwitch === undefined) {
    if (family.windows === 'layerTypes')
      throw reader.bad('sliding_window', 'a window, for some of the layers slide')
  } else if (listed) {
    throw reader.bad('layer_types', `full_attention alone without ${family.windowSwitch} and sliding_window`)
  }
}

function slidesByRule(family: Family, layer: number, reader: ConfigReader): boolean {
  return family.slides === undefined ? family.windows === 'always' : family.slides(layer, reader)
}

/** RoPE of full and of sliding layers. */
function readRopes(reader: ConfigReader, family: Family, rotarySize: number): { full: Rope; sliding: Rope } {
  const section = ropeSection(reader)
  const context = {
    contextLength: reader.optionalCount('max_position_embeddings'),
    originalContext: family.originalContext ? reader.optionalCount('original_max_position_embeddings') : null,
    rotarySize
  }
  const perType = section?.section('full_attention') ?? null
  if (section !== null && perType !== null) {
    const full = readRope(perType, theta(reader, perType), context)
    const sliding = section.section('sliding_attention')
    return {
      full,
      sliding:
        sliding === null ? full : readRope(sliding, theta(reader, sliding, 'rope_local_base_freq'), context)
    }
  }
  const fullTheta = theta(reader, section)
  const full = readRope(section, fullTheta, context)
  switch (family.slidingRope) {
    case 'same':
      return { full, sliding: full }
    case 'unscaled':
      return { full, sliding: { kind: 'default', theta: fullTheta } }
    case 'local':
      return { full, sliding: { kind: 'default', theta: reader.positive('rope_local_base_freq') } }
  }
}

/** rope_theta of a section, else what the config says under `outerKey`. */
function theta(reader: ConfigReader, section: ConfigReader | null, outerKey = 'rope_theta'): number {
  const holder = holderOf(reader, section, 'rope_theta', outerKey)
  return holder === reader ? reader.positive(outerKey) : holder.positive('rope_theta')
}

function layerTypes(reader: ConfigReader, layerCount: number): readonly unknown[] | null {
  const types = reader.value('layer_types')
  if (types === undefined || types === null) return null
  if (!Array.isArray(types) || types.length !== layerCount) {
    throw reader.bad('layer_types', `a list of ${layerCount} entries, one per layer`)
  }
  if (!types.every((type) => type === 'full_attention' || type === 'sliding_attention')) {
    throw reader.unsupported('layer_types', 'full_attention, sliding_attention')
  }
  return types
}
