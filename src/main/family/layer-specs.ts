import { describeValue, type ConfigReader } from './config-reader'
import { layerExperts, type Experts } from './experts'
import type { Family } from './family'
import { readRecurrence, type Recurrence, type RecurrentTrait } from './recurrent'
import { readRope, type Rope } from './rope'
import { rotates } from './shared-traits'
import type { LayerShape } from './layer-shape'

/** Properties in which decoder layers differ; everything else is the same in all layers. */
export interface LayerSpec {
  /** A query at position p sees keys p - window + 1 to p; null sees all keys. */
  readonly window: number | null
  readonly rope: Rope
  /** Null if every row goes through one MLP. */
  readonly experts: Experts | null
  readonly attends: boolean
  /** Recurrent state instead of attention, or in addition to it; null without a state. */
  readonly recurrent: Recurrence | null
  readonly hasMlp: boolean
  /** Null if the layer has the sizes of the model. */
  readonly shape: LayerShape | null
  /** Index of the carried pair of keys and values: one that the layer writes, or reads from an earlier layer. */
  readonly carriedPair: number | null
}

/** Opens the section of RoPE: rope_scaling, or the newer rope_parameters with further keys. */
export function ropeSection(reader: ConfigReader): ConfigReader | null {
  const parameters = reader.section('rope_parameters')
  // A default applies to configs with neither key.
  const isDefault = parameters !== null && reader.configured('rope_scaling') === undefined
  const scaling = isDefault ? null : reader.section('rope_scaling')
  if (parameters !== null && scaling !== null) throw reader.bad('rope_scaling', 'null beside "rope_parameters"')
  return parameters ?? scaling
}

/** Reads partial_rotary_factor, which newer configs store inside rope_parameters. */
export function rotaryFactor(reader: ConfigReader, family: Family): number {
  const outerKey = family.ropeKeys.partial
  const section = ropeSection(reader)
  const inner = section?.configured('partial_rotary_factor') !== undefined
  // transformers 5 writes the class default around a section with another factor; without scaling it uses
  // the section.
  const isSectionOnly = section !== null && inner && section.value('rope_type') === 'default'
  if (isSectionOnly) reader.ignore(outerKey)
  const holder = isSectionOnly ? section : readerOfKey(reader, section, 'partial_rotary_factor', outerKey)
  const key = holder === reader ? outerKey : 'partial_rotary_factor'
  const factor = holder.value(key) === undefined ? 1 : holder.positive(key)
  if (factor > 1) throw holder.bad(key, 'a number of at most 1')
  if (factor !== 1 && !family.partialRotary) throw holder.unsupported(key, '1 for this family')
  if (outerKey !== 'partial_rotary_factor') requireAlike(reader, 'partial_rotary_factor', factor)
  return factor
}

/** Checks that a renamed key has the value of its other name, because releases write both. */
function requireAlike(reader: ConfigReader, key: string, value: number): void {
  const other = reader.configured(key)
  if (other !== undefined && other !== null && other !== value)
    throw reader.bad(key, `${value}, as under its other name`)
}

/** Returns the reader of the section if it contains `key`, else of the config around it. Both must not contradict. */
function readerOfKey(outer: ConfigReader, section: ConfigReader | null, key: string, outerKey: string): ConfigReader {
  const inner = section?.configured(key)
  if (section === null || inner === undefined) return outer
  const other = outer.configured(outerKey)
  if (other !== undefined && other !== null && other !== inner) {
    throw outer.bad(outerKey, `${describeValue(inner)}, as the section of RoPE has it`)
  }
  return section
}

/** Shared by all layers without RoPE, so that they share their tables. */
const NO_ROPE: Rope = { kind: 'none' }

/** Gives the longest text in tokens: the least of the config's limit, RoPE's limits and one chunk of attention. */
export function readContextLength(reader: ConfigReader, family: Family, layers: readonly LayerSpec[]): number | null {
  const limits = [
    reader.optionalCount('max_position_embeddings'),
    family.dualChunks ? readFirstChunk(reader) : null,
    ...layers.map(({ rope }) => ('limit' in rope ? rope.limit : null))
  ].filter((limit) => limit !== null)
  return limits.length === 0 ? null : Math.min(...limits)
}

/** Reads the length of the first chunk of dual chunk attention (An et al., arXiv 2402.17463), with plain attention. */
function readFirstChunk(reader: ConfigReader): number | null {
  const section = reader.section('dual_chunk_attention_config')
  if (section === null) return null
  section.ignore('original_max_position_embeddings')
  const localSize = section.count('local_size', 0)
  return section.count('chunk_size', localSize + 1) - localSize
}

/** Reads the properties of each layer, all with the sizes of the model. */
export function readLayers(reader: ConfigReader, family: Family, layerCount: number, rotarySize: number): LayerSpec[] {
  const ropes = readRopes(reader, family, rotarySize)
  const window = readWindow(reader, family)
  const types = family.windows === 'always' ? null : readLayerTypes(reader, family, layerCount)
  const imageLayers = family.imageLayersKey === undefined ? null : reader.layerList(family.imageLayersKey)
  const bare = { window: null, rope: NO_ROPE, attends: false, recurrent: null, shape: null, carriedPair: null }
  return layerExperts(reader, family, layerCount).map((experts, layer) => {
    const hasMlp = family.layerLetters === null
    if (imageLayers?.includes(layer) === true) return { ...bare, experts: null, hasMlp: false }
    if (types?.[layer] === 'mlp') return { ...bare, experts, hasMlp: true }
    const trait = family.recurrent
    const recurrent = trait !== null && isRecurrent(reader, trait, types, layer) ? readRecurrence(reader, trait) : null
    if (recurrent !== null && trait?.besideAttention !== true) return { ...bare, experts, recurrent, hasMlp }
    const byRule = slidesByRule(family, layer, reader)
    const slides = types === null ? byRule : types[layer] === 'sliding_attention'
    if (slides && window === null) refuseWithoutWindow(reader, family, types !== null)
    const hasRope = {
      none: () => true,
      marked: () => rotates(layer, reader),
      full: () => window === null || slides,
      allUnlessNamed: () => reader.value('position_embedding_type') === 'rope'
    }[family.layersWithoutRope]
    const ropeOfType = slides ? ropes.sliding : ropes.full
    const rope = hasRope() ? ropeOfType : NO_ROPE
    return { ...bare, window: slides ? window : null, rope, attends: true, experts, recurrent, hasMlp }
  })
}

/** Reports whether a layer has a state in place of attention. */
function isRecurrent(
  reader: ConfigReader,
  { attends, layerType }: RecurrentTrait,
  types: readonly unknown[] | null,
  layer: number
): boolean {
  const byRule = !attends(layer, reader)
  return types === null ? byRule : types[layer] === layerType
}

/** Reads the window of sliding layers in tokens; null if no layer has a window. */
function readWindow(reader: ConfigReader, family: Family): number | null {
  if (family.windows === 'never') return null
  if (family.windowSwitch === undefined || reader.flag(family.windowSwitch, false)) {
    return reader.optionalCount('sliding_window')
  }
  reader.ignore('sliding_window')
  return null
}

/** Refuses sliding layers without a window, except for families with a switch for windows. */
function refuseWithoutWindow(reader: ConfigReader, family: Family, listed: boolean): void {
  if (family.windows === 'never') throw reader.unsupported('layer_types', 'full_attention')
  if (family.windowSwitch === undefined) {
    if (family.windows === 'layerTypes') throw reader.bad('sliding_window', 'a window, for some of the layers slide')
  } else if (listed) {
    throw reader.bad('layer_types', `full_attention alone without ${family.windowSwitch} and sliding_window`)
  }
}

/** Reports whether a layer has a window, in configs without layer_types. */
function slidesByRule(family: Family, layer: number, reader: ConfigReader): boolean {
  return family.slides === undefined ? family.windows === 'always' : family.slides(layer, reader)
}

/** Reads RoPE of full and of sliding layers. */
function readRopes(reader: ConfigReader, family: Family, rotarySize: number): { full: Rope; sliding: Rope } {
  const section = ropeSection(reader)
  const context = {
    contextLength: reader.optionalCount('max_position_embeddings'),
    originalContext: family.originalContext ? reader.optionalCount('original_max_position_embeddings') : null,
    rotarySize,
    alpha: family.alphaRope,
    image: family.imageRope
  }
  const thetaKey = family.ropeKeys.theta
  const perType = section?.section('full_attention') ?? null
  if (section !== null && perType !== null) {
    // transformers 5 writes rope_type here if all layers have one type, and does not read it.
    if (section.value('rope_type') === 'default') section.ignore('rope_type')
    const full = readRope(perType, readTheta(reader, perType, thetaKey), context)
    const sliding = section.section('sliding_attention')
    return {
      full,
      sliding: sliding === null ? full : readRope(sliding, readTheta(reader, sliding, 'rope_local_base_freq'), context)
    }
  }
  const fullTheta = readTheta(reader, section, thetaKey)
  if (thetaKey !== 'rope_theta') requireAlike(reader, 'rope_theta', fullTheta)
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

/** Reads RoPE's base frequency: rope_theta of a section, or the config's value under `outerKey`. */
function readTheta(reader: ConfigReader, section: ConfigReader | null, outerKey: string): number {
  const holder = readerOfKey(reader, section, 'rope_theta', outerKey)
  return holder === reader ? reader.positive(outerKey) : holder.positive('rope_theta')
}

/** Reads the type of each layer; null if the config omits the list and the family allows it. */
function readLayerTypes(
  reader: ConfigReader,
  { windows, recurrent, layerLetters, fullLayers: { type: full, isListOptional } }: Family,
  layerCount: number
): readonly unknown[] | null {
  if (layerLetters !== null) return typesOfLetters(reader, layerLetters, layerCount)
  // transformers 5.16 names layers alike in all families. The names are converted to the family's earlier ones.
  const named = reader.value('layer_types')
  const familyNames: Readonly<Record<string, unknown>> = {
    full_attention: full,
    ...(recurrent !== null && { linear_attention: recurrent.layerType })
  }
  const types: unknown = Array.isArray(named) ? named.map((type: unknown) => familyNames[String(type)] ?? type) : named
  if ((types === undefined || types === null) && isListOptional) return null
  if (!Array.isArray(types) || types.length !== layerCount) {
    throw reader.bad('layer_types', `a list of ${layerCount} entries, one per layer`)
  }
  const otherType = recurrent?.layerType ?? 'sliding_attention'
  if (!types.every((type) => type === full || type === otherType)) {
    const all = windows === 'never' && recurrent === null ? [full] : [full, otherType]
    throw reader.unsupported('layer_types', all.join(', '))
  }
  return types
}

/** Reads the types of layers from a text with a letter for each, or from a list. */
function typesOfLetters(
  reader: ConfigReader,
  { key, types }: NonNullable<Family['layerLetters']>,
  layerCount: number
): string[] {
  const letters = reader.value(key)
  if ((typeof letters !== 'string' && !Array.isArray(letters)) || letters.length !== layerCount)
    throw reader.bad(key, `${layerCount} entries, one per layer`)
  return Array.from<unknown>(letters).map((letter) => {
    const type = types[String(letter)]
    if (type === undefined) throw reader.unsupported(key, Object.keys(types).join(' '))
    return type
  })
}
