import { elementAt } from '../../contract/model/look-up'
import { decodeFloat32, DTYPE_BYTES, encodeFloat32, roundFloat32, weightDtype } from './dtype'
import type { TensorEntry } from './safetensors'
import { type ReadStored, storedFloats } from './scaled-reader'

type Adapted = NonNullable<TensorEntry['adapted']>

/** Both factors of a weight: left [rows, rank], right [rank, columns]. */
interface LoadedFactors {
  readonly rank: number
  readonly left: Float32Array
  readonly right: Float32Array
}

type ReadWeight = (weight: TensorEntry, first: number, target: Uint8Array) => Promise<void>

/**
 * Reads weights with their adapter: W + scale · B·A, as PEFT's `merge_and_unload` computes it. The product is
 * added up in float32, rank by rank, as the reference BLAS does; the sum is rounded to the dtype of W. The factors of
 * one weight stay in memory until those of another are read.
 */
export class AdaptedReader {
  private loaded: { readonly adapted: Adapted; readonly factors: Promise<LoadedFactors> } | null = null

  constructor(
    private readonly readStored: ReadStored,
    private readonly readWeight: ReadWeight
  ) {}

  /** Fills `target` with the weights from element `first` on, in the dtype of the entry. */
  async fill(entry: TensorEntry, adapted: Adapted, first: number, target: Uint8Array): Promise<void> {
    const dtype = weightDtype(entry)
    const count = target.byteLength / DTYPE_BYTES[dtype]
    if (count === 0) return
    const [factors] = await Promise.all([
      this.factorsOf(adapted),
      this.readWeight(adapted.weight, first, target)
    ])
    const values = new Float32Array(count)
    decodeFloat32(target, dtype, values)
    addProduct(values, first, elementAt(entry.shape, 1, 'size'), factors, adapted.scale)
    roundFloat32(values, dtype)
    encodeFloat32(values, dtype, target)
  }

  private factorsOf(adapted: Adapted): Promise<LoadedFactors> {
    if (this.loaded?.adapted !== adapted) this.loaded = { adapted, factors: this.load(adapted) }
    return this.loaded.factors
  }

  private async load({ a, b, isEmbedding }: Adapted): Promise<LoadedFactors> {
    const [valuesA, valuesB] = await Promise.all([
      storedFloats(a, this.readStored),
      storedFloats(b, this.readStored)
    ])
    const rank = elementAt(a.shape, 0, 'rank')
    if (!isEmbedding) return { rank, left: valuesB, right: valuesA }
    // The factors of embeddings give the transposed weight.
    return { rank, left: transposed(valuesA, rank), right: transposed(valuesB, valuesB.length / rank) }
  }
}

function transposed(values: Float32Array, rows: number): Float32Array {
  const columns = values.length / rows
  return Float32Array.from(values, (_, i) =>
    elementAt(values, (i % rows) * columns + Math.floor(i / rows), 'factor')
  )
}

/** Adds scale · left·right to values of a matrix, from element `first` on. */
function addProduct(
  values: Float32Array,
  first: number,
  columns: number,
  { rank, left, right }: LoadedFactors,
  scale: number
): void {
  const factor = Math.fround(scale)
  const sums = new Float32Array(columns)
  for (let done = 0; done < values.length;) {
    const row = Math.floor((first + done) / columns)
    const start = (first + done) % columns
    const end = Math.min(columns, start + values.length - done)
    sums.fill(0, start, end)
    let k = 0
    for (; k + 4 <= rank; k += 4) addFourRanks(sums, left, row * rank + k, right, k * columns, start, end)
    for (; k < rank; k++) {
      const weight = elementAt(left, row * rank + k, 'factor')
      const offset = k * columns
      for (let column = start; column < end; column++)
        sums[column] = (sums[column] ?? 0) + Math.fround(weight * (right[offset + column] ?? 0))
    }
    for (let column = start; column < end; column++) {
      const product = Math.fround((sums[column] ?? 0) * factor)
      values[done] = (values[done] ?? 0) + product
      done += 1
    }
  }
}

function addFourRanks(
  sums: Float32Array,
  left: Float32Array,
  place: number,
  right: Float32Array,
  offset: number,
  start: number,
  end: number
): void {
  const { fround } = Math
  const columns = sums.length
  const factor = (rank: number): number => elementAt(left, place + rank, 'factor')
  const [w0, w1, w2, w3] = [factor(0), factor(1), factor(2), factor(3)]
  for (let column = start; column < end; column++) {
    const at = offset + column
    let sum = fround(elementAt(sums, column, 'sum') + fround(w0 * elementAt(right, at, 'factor')))
    sum = fround(sum + fround(w1 * elementAt(right, at + columns, 'factor')))
    sum = fround(sum + fround(w2 * elementAt(right, at + 2 * columns, 'factor')))
    sums[column] = sum + fround(w3 * elementAt(right, at + 3 * columns, 'factor'))
  }
}
