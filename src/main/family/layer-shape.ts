/** Sizes of a layer, for families whose layers have different sizes. */
export interface LayerShape {
  readonly kvHeadCount: number
  readonly headSize: number
  readonly valueSize: number
  readonly rotarySize: number
  readonly intermediateSize: number
  /** Source of keys and values: two projections, one for both, or an earlier layer. */
  readonly keyValues: 'projections' | 'keyProjection' | 'earlierLayer'
  /** Gates below the mean of a row's gates plus this many standard deviations are zero; null if all gates count. */
  readonly gateCutoff: number | null
}

/**
 * Columns of a row between layers, after its hidden states. First come the inputs of the layers that are left (Gemma's
 * "per-layer inputs"), then pairs of keys and values that later layers read.
 */
export interface CarriedColumns {
  /** Numbers of one layer's input; 0 without such inputs. */
  readonly inputSize: number
  /** Tokens in the embedding of these inputs. */
  readonly inputVocabulary: number
  /** Numbers of the keys of each pair; values have as many. */
  readonly keyValueSizes: readonly number[]
}

export const NO_COLUMNS: CarriedColumns = { inputSize: 0, inputVocabulary: 0, keyValueSizes: [] }

/** Lists the widths of a row's parts in order: hidden states, next layer's input, further inputs, keys and values. */
export function rowWidths({
  finalRowSize,
  layerCount,
  carried
}: {
  readonly finalRowSize: number
  readonly layerCount: number
  readonly carried: CarriedColumns
}): number[] {
  const inputs = [carried.inputSize, (layerCount - 1) * carried.inputSize].filter((size) => size > 0)
  return [finalRowSize, ...inputs, ...carried.keyValueSizes.flatMap((size) => [size, size])]
}

/** Gives the largest sizes of the layers, which bound the memory of every layer. */
export function largestShape(shapes: readonly LayerShape[]): Omit<LayerShape, 'keyValues' | 'gateCutoff'> {
  const largest = (size: (shape: LayerShape) => number): number => Math.max(...shapes.map(size))
  return {
    kvHeadCount: largest(({ kvHeadCount }) => kvHeadCount),
    headSize: largest(({ headSize }) => headSize),
    valueSize: largest(({ valueSize }) => valueSize),
    rotarySize: largest(({ rotarySize }) => rotarySize),
    intermediateSize: largest(({ intermediateSize }) => intermediateSize)
  }
}
