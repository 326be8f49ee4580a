import { isDeepStrictEqual } from 'node:util'
import { fileError, unsupportedError } from '../../contract/model/problem'
import { MAX_LAYERS } from '../../contract/model/recipe'
import { isJsonObject, quoteName } from '../base/json-object'
import { ConfigReader, describeValue } from './config-reader'
import type { Family, Multipliers } from './family'
import { FAMILIES } from './family-table'
import { type LatentAttention, latentScoreFactor, readLatent } from './latent'
import { readContextLength, readLayers, ropeSection, rotaryFactor, type LayerSpec } from './layer-specs'
import { IMAGE_KEYS, NESTED_TEXT_CONFIGS, type NestedText, TEXT_SECTION } from './nested-text'
import { isNeutral, neutralValues } from './neutral-keys'
import { readStreams, type Streams } from './streams'
import { UNSUPPORTED_PARTS } from './unsupported-parts'
import { type CarriedColumns, largestShape, type LayerShape, NO_COLUMNS, rowWidths } from './layer-shape'
import { readVariedLayers } from './varied-layers'

type Activation = 'silu' | 'gelu_tanh' | 'gelu' | 'relu' | 'relu2' | 'xielu'

/** Activations by their names in config.json. */
const ACTIVATION_NAMES: Readonly<Record<string, Activation>> = {
  silu: 'silu',
  swish: 'silu',
  gelu_pytorch_tanh: 'gelu_tanh',
  gelu_new: 'gelu_tanh',
  gelu_fast: 'gelu_tanh',
  gelu: 'gelu',
  relu: 'relu',
  relu2: 'relu2',
  xielu: 'xielu'
}

/** Most refused keys that a message names. */
const MAX_NAMED_KEYS = 5

/**
 * Describes the decoder of one model: the family's traits with the numbers of its config. A row is the vector that
 * passes from layer to layer for one token.
 */
export interface DecoderSpec extends Multipliers, LayerShape {
  readonly modelType: string
  readonly family: Family
  readonly layerCount: number
  readonly hiddenSize: number
  /** Numbers of a row after the last layer: one hidden state of `hiddenSize`, or the states of all streams. */
  readonly finalRowSize: number
  /** Numbers of a row between two layers: hidden states, then `carried` columns. */
  readonly rowSize: number
  /** Several hidden states in each row; null if rows have one. */
  readonly streams: Streams | null
  /** Columns that rows carry to later layers; without columns in most models. */
  readonly carried: CarriedColumns
  /** This size and the following ones are of every layer; of the largest if layers differ (see `specOfLayer`). */
  readonly intermediateSize: number
  readonly headCount: number
  readonly kvHeadCount: number
  /** Dimensions of a query or key. */
  readonly headSize: number
  /** Dimensions of a value, other than `headSize` only in latent attention. */
  readonly valueSize: number
  /** Null if keys and values are projections of hidden states. */
  readonly latent: LatentAttention | null
  /** Number of dimensions of each head that are rotated. The other dimensions are unchanged. */
  readonly rotarySize: number
  readonly vocabularySize: number
  readonly contextLength: number | null
  readonly normEpsilon: number
  readonly activation: Activation
  readonly qkNorm: Family['qkNorm']
  readonly qkvBias: boolean
  readonly outputBias: boolean
  readonly mlpBias: boolean
  /** True if attention and MLP both read the residual from before the layer, and both are added to it. */
  readonly parallel: boolean
  /** Limit of the absolute value of q, k and v; null without one. */
  readonly qkvClip: number | null
  /** Factor of queries at position p, 1 + rate ln(1 + floor(p / context)); null for 1 at all positions. */
  readonly queryGrowth: { readonly rate: number; readonly context: number } | null
  /** Soft caps c of attention scores and of logits, which become c tanh(x / c); null without one. */
  readonly attentionSoftCap: number | null
  readonly finalSoftCap: number | null
  /** True if the head uses the embedding's weights. */
  readonly tiedHead: boolean
  /** One entry per decoder layer. */
  readonly layers: readonly LayerSpec[]
}

/** Reports whether two models of equal sizes would compute the same with equal weights: by windows, RoPE and norms. */
export function computeAlike(first: DecoderSpec, second: DecoderSpec): boolean {
  return first.normEpsilon === second.normEpsilon && isDeepStrictEqual(first.layers, second.layers)
}

/** Reads from a config.json how its decoder computes. @throws WorkbenchError naming the field and its value */
export function decoderSpec(rawConfig: Record<string, unknown>, configPath: string): DecoderSpec {
  const { root, reader, modelType, family } = openConfig(rawConfig, configPath)
  requireValues(reader, family)
  const hiddenSize = reader.count('hidden_size')
  const heads = readHeads(reader, family, hiddenSize)
  const layerCount = countLayers(reader, family)

  const uniformLayers = readLayers(reader, family, layerCount, heads.rotarySize)
  const sizes: LayerShape = {
    ...heads,
    intermediateSize: family.mlpSize?.(reader) ?? reader.count(family.mlpSizeKey),
    keyValues: 'projections',
    gateCutoff: null
  }
  const streams = family.streams ? readStreams(reader) : null
  const finalRowSize = hiddenSize * (streams?.count ?? 1)
  const { layers, carried } = family.variedLayers
    ? readVariedLayers(reader, family, uniformLayers, sizes)
    : { layers: uniformLayers, carried: NO_COLUMNS }

  const spec: DecoderSpec = {
    modelType,
    family,
    layerCount,
    hiddenSize,
    finalRowSize,
    rowSize: rowWidths({ finalRowSize, layerCount, carried }).reduce((sum, width) => sum + width),
    streams,
    carried,
    ...heads,
    ...largestShape(layers.map(({ shape }) => shape ?? sizes)),
    keyValues: 'projections',
    gateCutoff: null,
    vocabularySize: reader.count('vocab_size'),
    contextLength: readContextLength(reader, family, layers),
    normEpsilon: family.normEpsilonKey === null ? 1e-5 : reader.positive(family.normEpsilonKey),
    activation: readActivation(reader, family),
    qkNorm: readFlag(reader, family.qkNormKey ?? true) ? family.qkNorm : 'none',
    qkvBias: readFlag(reader, family.bias.qkv),
    outputBias: readFlag(reader, family.bias.output),
    mlpBias: readFlag(reader, family.bias.mlp),
    parallel: readFlag(reader, family.parallel),
    qkvClip: family.qkvClipKey === undefined ? null : reader.optionalPositive(family.qkvClipKey),
    queryGrowth: family.growingQueries ? readQueryGrowth(reader) : null,
    ...readMultipliers(reader, family, hiddenSize, heads.headSize),
    ...readSoftCaps(root, reader, family),
    tiedHead: readTiedHead(root, reader, family),
    layers
  }
  refuseUnread(root, reader, family)
  return spec
}

interface OpenConfig {
  readonly root: ConfigReader
  /** Reads the config of the text model: a section of a multimodal checkpoint's config, otherwise `root`. */
  readonly reader: ConfigReader
  readonly modelType: string
  readonly family: Family
}

function openConfig(rawConfig: Record<string, unknown>, configPath: string): OpenConfig {
  const outerType = rawConfig.model_type
  if (typeof outerType !== 'string') {
    throw fileError(
      `${configPath}: "model_type" is missing, expected a name such as "llama".`,
      'This does not look like the config of a Hugging Face model.'
    )
  }
  const nested = Object.hasOwn(NESTED_TEXT_CONFIGS, outerType) ? NESTED_TEXT_CONFIGS[outerType] : undefined
  const isFlat = nested?.mayBeFlat === true && rawConfig[TEXT_SECTION] === undefined
  const modelType = nested === undefined ? outerType : nestedType(rawConfig, nested)
  const family = Object.hasOwn(FAMILIES, modelType) ? FAMILIES[modelType] : undefined
  if (family === undefined) {
    const unsupportedPart = Object.hasOwn(UNSUPPORTED_PARTS, modelType) ? UNSUPPORTED_PARTS[modelType] : undefined
    const detail = unsupportedPart === undefined ? '' : `: ${unsupportedPart} cannot be computed`
    throw unsupportedError(
      `${configPath}: model_type ${describeValue(modelType)} is not supported${detail}.`,
      `${Object.keys(supportedTypes()).length} types are supported; see slr doctor --families.`
    )
  }
  const isRoot = nested === undefined || isFlat
  const root = new ConfigReader(rawConfig, isRoot ? family.defaults : {}, configPath, family.olderNames)
  const reader = isRoot ? root : root.section(TEXT_SECTION, family.defaults)
  if (reader === null) {
    throw fileError(`${configPath}: "${TEXT_SECTION}" is missing, expected the text model's config.`)
  }
  root.ignore('model_type')
  if (nested !== undefined) root.ignore(...IMAGE_KEYS, ...(nested.ignored ?? []))
  const innerType = reader.value('model_type')
  if (!isFlat && innerType !== undefined && innerType !== modelType)
    throw reader.unsupported('model_type', nested?.modelTypes.join(', ') ?? modelType)
  reader.ignore(...family.ignored)
  return { root, reader, modelType, family }
}

/** Lists every supported `model_type` with the names of its families, in the order of the types. */
export function supportedTypes(): Readonly<Record<string, string>> {
  const labelOf = (type: string): string => FAMILIES[type]?.label ?? type
  const types = [
    ...Object.keys(FAMILIES).map((type) => [type, labelOf(type)] as const),
    ...Object.entries(NESTED_TEXT_CONFIGS).map(
      ([type, { modelTypes }]) => [type, `${modelTypes.map(labelOf).join(', ')} with images`] as const
    )
  ]
  return Object.fromEntries(types.sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** Gives the model_type of a nested text model: the stated one if it is allowed, otherwise the first allowed one. */
function nestedType(rawConfig: Record<string, unknown>, { modelTypes }: NestedText): string {
  const text = rawConfig[TEXT_SECTION]
  const configured = isJsonObject(text) ? text.model_type : undefined
  return modelTypes.find((modelType) => modelType === configured) ?? modelTypes[0]
}

/** Checks the values that a family requires. @throws WorkbenchError `unsupported` naming a key with another value */
function requireValues(reader: ConfigReader, { required }: Family): void {
  for (const [key, value] of Object.entries(required))
    if (reader.value(key) !== value) throw reader.unsupported(key, JSON.stringify(value))
}

/** Refuses keys that were not read, unless they change no result. @throws WorkbenchError `unsupported` */
function refuseUnread(root: ConfigReader, reader: ConfigReader, family: Family): void {
  const unknown = root.unread().filter(({ key, value }) => !isNeutral(key, value))
  const [first] = unknown
  if (first === undefined) return
  const named = unknown.slice(0, MAX_NAMED_KEYS).map(({ key, value }) => {
    const neutral = neutralValues(key).map((neutral) => JSON.stringify(neutral))
    const only = neutral.length === 0 ? '' : ` (only ${neutral.join(' and ')} can be)`
    return `${quoteName(key)} is ${describeValue(value)}${only}`
  })
  const more = unknown.length > named.length ? ` and ${unknown.length - named.length} more` : ''
  throw unsupportedError(
    `${first.location}: ${named.join(', ')}${more}, which is not computed for ${family.label} models: the numbers ` +
      "could be other than this model's.",
    `Read for ${family.label}: ${reader.keysRead().join(', ')}. If you know that a refused key changes no number, ` +
      'take it out of a copy of config.json.'
  )
}

type Heads = Pick<DecoderSpec, 'headCount' | 'kvHeadCount' | 'headSize' | 'valueSize' | 'rotarySize' | 'latent'>

function readHeads(reader: ConfigReader, family: Family, hiddenSize: number): Heads {
  const headCount = reader.count('num_attention_heads')
  const kvHeadCount = reader.optionalCount('num_key_value_heads') ?? headCount
  if (family.attention === 'latent') {
    if (kvHeadCount !== headCount) throw reader.bad('num_key_value_heads', `${headCount}, as num_attention_heads is`)
    const { rotarySize, valueSize, ...latent } = readLatent(reader)
    return { headCount, kvHeadCount, headSize: latent.plainSize + rotarySize, valueSize, rotarySize, latent }
  }
  if (headCount % kvHeadCount !== 0) {
    throw reader.bad('num_key_value_heads', `a divisor of num_attention_heads (${headCount})`)
  }
  const headSize = readHeadSize(reader, family) ?? hiddenSize / headCount
  if (!Number.isInteger(headSize)) throw reader.bad('num_attention_heads', `a divisor of hidden_size (${hiddenSize})`)
  const rotarySize = readRotarySize(reader, family, headSize)
  if (rotarySize < 2 || rotarySize % 2 !== 0) throw reader.bad('head_dim', 'a head with an even number of rotary dims')
  return { headCount, kvHeadCount, headSize, valueSize: headSize, rotarySize, latent: null }
}

/** Reads the factors of a model: the usual ones, except those that the family's own rule gives. */
function readMultipliers(reader: ConfigReader, family: Family, hiddenSize: number, headSize: number): Multipliers {
  const scoreDivisor = family.scoreScaleKey === undefined ? headSize : reader.positive(family.scoreScaleKey)
  const factors = { residualScale: 1, ...family.multipliers?.(reader) }
  return {
    embeddingScale: family.scaledEmbeddings ? Math.sqrt(hiddenSize) : 1,
    scoreScale: scoreDivisor ** -0.5 * (family.attention === 'latent' ? latentScoreFactor(reader) : 1),
    attentionScale: factors.residualScale,
    stateScale: factors.residualScale,
    gateScale: 1,
    stateInputScales: null,
    logitScale: family.logitScaleKey === undefined ? 1 : reader.positive(family.logitScaleKey),
    ...factors
  }
}

function readSoftCaps(
  root: ConfigReader,
  reader: ConfigReader,
  { softCaps }: Family
): Pick<DecoderSpec, 'attentionSoftCap' | 'finalSoftCap'> {
  if (softCaps === 'none') return { attentionSoftCap: null, finalSoftCap: null }
  const final = reader.optionalPositive('final_logit_softcapping')
  if (softCaps === 'final') return { attentionSoftCap: null, finalSoftCap: final }
  // The reference reads the cap only if the text model is a checkpoint by itself.
  if (softCaps === 'finalAlone') return { attentionSoftCap: null, finalSoftCap: root === reader ? final : null }
  return { attentionSoftCap: reader.optionalPositive('attn_logit_softcapping'), finalSoftCap: final }
}

function readActivation(reader: ConfigReader, { activationKey, defaults }: Family): Activation {
  // As in transformers, null is the class default.
  const name = reader.value(activationKey) ?? defaults[activationKey]
  const activation = typeof name === 'string' ? ACTIVATION_NAMES[name] : undefined
  // xIELU has trainable parameters, which only some checkpoints store.
  if (activation === undefined || (activation === 'xielu' && defaults[activationKey] !== 'xielu'))
    throw reader.unsupported(activationKey, Object.keys(ACTIVATION_NAMES).join(', '))
  return activation
}

function readQueryGrowth(reader: ConfigReader): DecoderSpec['queryGrowth'] {
  const section = ropeSection(reader)
  const rate = section?.value('llama_4_scaling_beta') ?? null
  // Repeats the value of the surrounding config, and is ignored by transformers.
  section?.ignore('max_position_embeddings')
  if (section === null || rate === null || rate === 0) return null
  return {
    rate: section.positive('llama_4_scaling_beta'),
    context: section.count('original_max_position_embeddings')
  }
}

/** Reads the number of rotating dimensions of a head, stated by itself or as a factor of the head's size. */
function readRotarySize(reader: ConfigReader, family: Family, headSize: number): number {
  const size = Math.trunc(headSize * rotaryFactor(reader, family))
  const key = family.rotarySizeKey
  const stated = key === undefined ? null : reader.optionalCount(key)
  if (key !== undefined && stated !== null && (stated > headSize || (size !== headSize && size !== stated)))
    throw reader.bad(key, `the rotating part of ${headSize} dimensions, as partial_rotary_factor has it`)
  return stated ?? size
}

/** Reads the number of layers. Configs without one may have a text with a letter per layer, or a list. */
function countLayers(reader: ConfigReader, { layerLetters }: Family): number {
  const letters = layerLetters === null ? undefined : reader.value(layerLetters.key)
  const isCounted = typeof letters === 'string' || Array.isArray(letters)
  return isCounted && letters.length > 0 && reader.value('num_hidden_layers') === undefined
    ? Math.min(letters.length, MAX_LAYERS)
    : reader.count('num_hidden_layers', 1, MAX_LAYERS)
}

/** Reads the head size; null if it follows from other sizes. Families whose class has a default number refuse null. */
function readHeadSize(reader: ConfigReader, { defaults }: Family): number | null {
  return defaults.head_dim === undefined ? reader.optionalCount('head_dim') : reader.count('head_dim')
}

/** Reads a flag that a family sets for all its models, or whose config key the family names. */
function readFlag(reader: ConfigReader, rule: boolean | string): boolean {
  return typeof rule === 'boolean' ? rule : reader.flag(rule, false)
}

/** Reads whether the head uses the embedding's weights. The config around a text model may decide it. */
function readTiedHead(root: ConfigReader, reader: ConfigReader, family: Family): boolean {
  const shares = readFlag(reader, family.sharedHeadKey ?? false)
  return reader.flag('tie_word_embeddings', root.flag('tie_word_embeddings', family.tiedHeadByDefault)) || shares
}
