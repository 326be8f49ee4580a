import { isDeepStrictEqual } from 'node:util'
import type { ConfigReader } from './config-reader'
import type { CarriedColumns, LayerShape } from './layer-shape'
import type { Family } from './family'
import type { LayerSpec } from './layer-specs'
import { readGateCutoffs } from './streams'
import { elementAt } from '../../contract/model/look-up'

type HeadSizes = Pick<LayerShape, 'headSize' | 'kvHeadCount'>

/**
 * Adds their sizes to layers that differ (Gemma 3n and 4). Full layers, which have no window, may have larger heads,
 * and use keys as values. The last layers read keys and values of an earlier layer, the last one of their type.
 * @param layers layers as if all had the same sizes @param sliding sizes of layers with a window
 */
export function readVariedLayers(
  reader: ConfigReader,
  family: Family,
  layers: readonly LayerSpec[],
  sliding: LayerShape
): { layers: LayerSpec[]; carried: CarriedColumns } {
  /** First layer that reads keys and values of an earlier layer. */
  const firstReader = layers.length - reader.count('num_kv_shared_layers', 0, layers.length - 1)
  const isWide = reader.flag('use_double_wide_mlp', false)
  const keysAreValues = reader.flag('attention_k_eq_v', false)
  const innerSizes = reader.layerCounts(family.mlpSizeKey, layers.length)
  const cutoffs =
    family.sparseGatesKey === undefined ? [] : readGateCutoffs(reader, family.sparseGatesKey, layers.length)
  const full = readFullHeads(reader, layers, sliding)
  if (layers.at(-1)?.window !== null) throw reader.unsupported('layer_types', 'a full layer at the end')
  const typeOf = ({ window }: LayerSpec): 'full' | 'sliding' => (window === null ? 'full' : 'sliding')
  const carriedTypes = [...new Set(layers.slice(firstReader).map(typeOf))]
  /** Layers whose keys and values later layers read. */
  const sources = new Set(
    carriedTypes.map((type) => {
      const source = layers.slice(0, firstReader).map(typeOf).lastIndexOf(type)
      if (source === -1)
        throw reader.bad('num_kv_shared_layers', 'a number that leaves a layer of each type before them')
      return source
    })
  )
  const varied = layers.map((layer, index): LayerSpec => {
    const isFull = layer.window === null
    const isReader = index >= firstReader
    const projections = isFull && keysAreValues ? 'keyProjection' : 'projections'
    const shape: LayerShape = {
      ...(isFull ? { ...sliding, ...full } : sliding),
      intermediateSize: (isReader && isWide ? 2 : 1) * elementAt(innerSizes, index, 'inner size'),
      gateCutoff: cutoffs[index] ?? null,
      keyValues: isReader ? 'earlierLayer' : projections
    }
    const hasPair = isReader || sources.has(index)
    return { ...layer, shape, carriedPair: hasPair ? carriedTypes.indexOf(typeOf(layer)) : null }
  })
  const inputSize =
    reader.value('hidden_size_per_layer_input') === null ? 0 : reader.count('hidden_size_per_layer_input', 0)
  if (layers.some(({ experts }) => experts !== null)) {
    if (inputSize > 0) throw reader.unsupported('hidden_size_per_layer_input', '0 beside experts')
    if (carriedTypes.length > 0) throw reader.unsupported('num_kv_shared_layers', '0 beside experts')
  }
  const sizes = { full: full.kvHeadCount * full.headSize, sliding: sliding.kvHeadCount * sliding.headSize }
  return {
    layers: varied,
    carried: {
      inputSize,
      inputVocabulary: reader.count('vocab_size_per_layer_input'),
      keyValueSizes: carriedTypes.map((type) => sizes[type])
    }
  }
}

/** Reads the heads of full-attention layers. transformers 5.16 lists them for each such layer, by a padded number. */
function readFullHeads(
  reader: ConfigReader,
  layers: readonly LayerSpec[],
  sliding: LayerShape
): Omit<LayerShape, 'intermediateSize' | 'keyValues' | 'gateCutoff'> {
  const sizesIn = (section: ConfigReader | null, headKey: string, countKey: string): HeadSizes => ({
    headSize: section?.optionalCount(headKey) ?? sliding.headSize,
    kvHeadCount: section?.optionalCount(countKey) ?? sliding.kvHeadCount
  })
  const listed = reader.section('per_layer_config')
  const padded = (layer: number): string => String(layer).padStart(String(layers.length - 1).length, '0')
  const byKeys = sizesIn(reader, 'global_head_dim', 'num_global_key_value_heads')
  const listedSizes = layers.flatMap(({ window }, layer) =>
    listed === null || window !== null
      ? []
      : [sizesIn(listed.section(padded(layer)) ?? listed.section(String(layer)), 'head_dim', 'num_key_value_heads')]
  )
  const [sizes = byKeys] = listedSizes
  if (!listedSizes.every((other) => isDeepStrictEqual(other, sizes)))
    throw reader.unsupported('per_layer_config', 'the same sizes in all full layers')
  const { headSize } = sizes
  const hasOtherCount = listed !== null || reader.flag('attention_k_eq_v', false)
  const kvHeadCount = hasOtherCount ? sizes.kvHeadCount : sliding.kvHeadCount
  return { kvHeadCount, headSize, valueSize: headSize, rotarySize: headSize }
}
