import { elementAt } from '../../contract/model/look-up'
import { decodeFloat32, DTYPE_BYTES, encodeFloat32, roundFloat32, weightDtype } from './dtype'
import { type LoadedFactors, ProductAdder } from './product-adder'
import type { TensorEntry } from './safetensors'
import { type ReadStored, storedFloats } from './scaled-reader'

/** A weight of the base model with the two factors, A and B, of its LoRA adapter. */
type Adapted = NonNullable<TensorEntry['adapted']>

/** Fills `target` with the bytes of a weight without its adapter, from element `first` on. */
type ReadWeight = (weight: TensorEntry, first: number, target: Uint8Array) => Promise<void>

/**
 * Reads weights with their adapter: W + scale · B·A, as PEFT's `merge_and_unload` computes it. See
 * {@link ProductAdder} for the product. The sum is rounded to the dtype of W. The factors of one weight stay in memory
 * until the next weight is read.
 */
export class AdaptedReader {
  private readonly adder = new ProductAdder()
  private loaded: { readonly adapted: Adapted; readonly factors: Promise<LoadedFactors> } | null = null

  constructor(
    private readonly readStored: ReadStored,
    private readonly readWeight: ReadWeight
  ) {}

  /** Fills `target` with the weights from element `first` on, in the dtype of the entry. */
  async fill(entry: TensorEntry, adapted: Adapted, first: number, target: Uint8Array): Promise<void> {
    const [dtype, storedDtype] = [weightDtype(entry), weightDtype(adapted.weight)]
    const count = target.byteLength / DTYPE_BYTES[dtype]
    if (count === 0) return
    const weight = dtype === storedDtype ? target : new Uint8Array(count * DTYPE_BYTES[storedDtype])
    const [factors] = await Promise.all([this.factorsOf(adapted), this.readWeight(adapted.weight, first, weight)])
    const columns = elementAt(entry.shape, 1, 'size')
    // The adder changes float32 and bfloat16 in place. Other sums are computed in float32 and rounded afterwards.
    if (dtype === storedDtype && dtype !== 'F16') {
      this.adder.add(target, dtype, first, columns, factors, adapted.scale)
      return
    }
    const values = new Float32Array(count)
    decodeFloat32(weight, storedDtype, values)
    this.adder.add(new Uint8Array(values.buffer), 'F32', first, columns, factors, adapted.scale)
    roundFloat32(values, dtype)
    encodeFloat32(values, dtype, target)
  }

  private factorsOf(adapted: Adapted): Promise<LoadedFactors> {
    if (this.loaded?.adapted !== adapted) this.loaded = { adapted, factors: this.load(adapted) }
    return this.loaded.factors
  }

  private async load({ a, b, isEmbedding }: Adapted): Promise<LoadedFactors> {
    const [valuesA, valuesB] = await Promise.all([storedFloats(a, this.readStored), storedFloats(b, this.readStored)])
    const rank = elementAt(a.shape, 0, 'rank')
    if (!isEmbedding) return { rank, left: valuesB, right: valuesA }
    // The factors of embeddings give the transposed weight.
    return { rank, left: transposed(valuesA, rank), right: transposed(valuesB, valuesB.length / rank) }
  }
}

/**
 * Returns tensors whose sums with an adapter are read as float32, without rounding to the dtype of W. Products with
 * such a sum equal unmerged arithmetic, x·W + scale · (x·A)·B in float32, up to the rounding of float32.
 */
export function unroundedSums(tensors: ReadonlyMap<string, TensorEntry>): Map<string, TensorEntry> {
  const unrounded = (entry: TensorEntry): TensorEntry => ({
    ...entry,
    dtype: 'F32',
    byteLength: (entry.byteLength / DTYPE_BYTES[entry.dtype]) * DTYPE_BYTES.F32
  })
  return new Map(Array.from(tensors, ([name, entry]) => [name, entry.adapted === undefined ? entry : unrounded(entry)]))
}

function transposed(values: Float32Array, rows: number): Float32Array {
  const columns = values.length / rows
  return Float32Array.from(values, (_, i) => elementAt(values, (i % rows) * columns + Math.floor(i / rows), 'factor'))
}
