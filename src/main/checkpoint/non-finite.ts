import type { NonFiniteTensor } from '../../contract/documents/non-finite'
import { decodeFloat32, DTYPE_BYTES, isWeightDtype, type WeightDtype } from './dtype'
import type { Scaled, TensorEntry } from './safetensors'
import { openWeightFile, readExactly } from './weight-file'
import type { WeightReader } from './weight-reader'

/** Bytes read at a time: system calls are negligible, and a cancellation takes effect quickly. */
const PIECE_BYTES = 2 ** 21

/** 32-bit words that are checked together. Values are counted one by one only in blocks with a non-finite value. */
const BLOCK_WORDS = 2 ** 12

/**
 * Bit masks of 32-bit words of one F32 or two 16-bit values. A value is not finite exactly if all bits of its exponent
 * are set. Adding one to such an exponent carries into the sign bit.
 */
const MASKS: Readonly<Record<WeightDtype, { exponent: number; one: number; carry: number }>> = {
  F32: { exponent: 0x7f800000, one: 0x00800000, carry: 0x80000000 },
  F16: { exponent: 0x7c007c00, one: 0x04000400, carry: 0x80008000 },
  BF16: { exponent: 0x7f807f80, one: 0x00800080, carry: 0x80008000 }
}

function anyNonFinite(words: Int32Array, dtype: WeightDtype): boolean {
  const { exponent, one, carry } = MASKS[dtype]
  let carried = 0
  // A counting loop in 32-bit integers is four times as fast as an iterator.
  for (let i = words.length - 1; i >= 0; i--) carried |= (((words[i] ?? 0) & exponent) + one) | 0
  return (carried & carry) !== 0
}

export function allFinite(values: Float32Array): boolean {
  return !anyNonFinite(new Int32Array(values.buffer, values.byteOffset, values.length), 'F32')
}

/** Counts NaN and infinite values of a tensor, whose bytes are added piece by piece from the start. */
export class NonFiniteCount {
  private elements = 0
  private nan = 0
  private infinite = 0
  private first: { readonly value: number; readonly element: number } | null = null

  constructor(
    private readonly entry: Pick<TensorEntry, 'name' | 'file' | 'shape'>,
    private readonly dtype: WeightDtype
  ) {}

  add(bytes: Uint8Array): void {
    // Integer views need an aligned start, which a copy has.
    const { buffer, byteOffset, byteLength } = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
    const wordCount = byteLength >> 2
    for (let first = 0; first < wordCount; first += BLOCK_WORDS) {
      const words = new Int32Array(buffer, byteOffset + 4 * first, Math.min(BLOCK_WORDS, wordCount - first))
      if (anyNonFinite(words, this.dtype)) this.count(words, 4 * first)
    }
    // An odd number of 16-bit values leaves one behind the last word.
    const lastValue = new Uint8Array(buffer, byteOffset + 4 * wordCount, byteLength - 4 * wordCount)
    if (lastValue.byteLength > 0) this.count(lastValue, 4 * wordCount)
    this.elements += byteLength / DTYPE_BYTES[this.dtype]
  }

  /** The counts and the first non-finite value; null if all values are finite. */
  get result(): NonFiniteTensor | null {
    if (this.first === null) return null
    const { name, file, shape } = this.entry
    const { value, element } = this.first
    const infinity = value > 0 ? 'Infinity' : '-Infinity'
    const first = Number.isNaN(value) ? 'NaN' : infinity
    return { file, tensor: name, nan: this.nan, infinite: this.infinite, first, at: indicesOf(element, shape) }
  }

  /** Counts values one by one. @param skipped bytes of the piece before `stored` */
  private count(stored: Int32Array | Uint8Array, skipped: number): void {
    const width = DTYPE_BYTES[this.dtype]
    const values = new Float32Array(stored.byteLength / width)
    decodeFloat32(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength), this.dtype, values)
    for (const [i, value] of values.entries()) {
      if (Number.isFinite(value)) continue
      if (Number.isNaN(value)) this.nan++
      else this.infinite++
      this.first ??= { value, element: this.elements + skipped / width + i }
    }
  }
}

/** Converts the position of an element in a tensor to one index for each dimension. */
function indicesOf(element: number, shape: readonly number[]): number[] {
  let remainder = element
  return shape
    .toReversed()
    .map((size) => {
      const index = remainder % size
      remainder = (remainder - index) / size
      return index
    })
    .reverse()
}

/**
 * Counts non-finite values of a stored tensor in constant memory; null if there are none. If scales of a quantised
 * weight are not finite, they are reported instead of the weight.
 *
 * @param onBytes called with the number of bytes of each piece; it may throw to stop
 */
export async function nonFiniteValues(
  reader: Pick<WeightReader, 'readInto'>,
  name: string,
  entry: TensorEntry,
  onBytes: (bytes: number) => void = () => undefined
): Promise<NonFiniteTensor | null> {
  if (!isWeightDtype(entry.dtype)) return null
  const { scaled } = entry
  const counter = new NonFiniteCount(scaled === undefined ? entry : { ...entry, name }, entry.dtype)
  const memory = new Uint8Array(Math.min(PIECE_BYTES, entry.byteLength))
  for (let offset = 0; offset < entry.byteLength; offset += PIECE_BYTES) {
    const piece = memory.subarray(0, Math.min(PIECE_BYTES, entry.byteLength - offset))
    await reader.readInto(name, offset, piece)
    counter.add(piece)
    onBytes(piece.byteLength)
  }
  const { result } = counter
  return result === null || scaled === undefined ? result : ((await nonFiniteScales(scaled)) ?? result)
}

async function nonFiniteScales({ scales }: Scaled): Promise<NonFiniteTensor | null> {
  if (!isWeightDtype(scales.dtype)) return null
  const counter = new NonFiniteCount(scales, scales.dtype)
  const bytes = new Uint8Array(scales.byteLength)
  const handle = await openWeightFile(scales.file)
  try {
    await readExactly(handle, scales.file, bytes, scales.offset)
  } finally {
    await handle.close()
  }
  counter.add(bytes)
  return counter.result
}
