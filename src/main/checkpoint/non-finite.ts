import type { NonFiniteTensor } from '../../contract/documents/non-finite'
import { decodeFloat32, DTYPE_BYTES, isWeightDtype, type WeightDtype } from './dtype'
import type { Scaled, TensorEntry } from './safetensors'
import { openWeightFile, readExactly } from './weight-file'
import type { WeightReader } from './weight-reader'

/** Bytes read at a time: system calls are negligible, and a cancellation takes effect quickly. */
const PIECE_BYTES = 2 ** 21

/** Words that are checked together; only a block with a hit is checked value by value. */
const BLOCK_WORDS = 2 ** 12

/** Bit masks of 32-bit words. Adding 1 to an exponent carries into the sign bit exactly if the number is not finite. */
const WORDS: Readonly<Record<WeightDtype, { exponent: number; one: number; carry: number }>> = {
  F32: { exponent: 0x7f800000, one: 0x00800000, carry: 0x80000000 },
  F16: { exponent: 0x7c007c00, one: 0x04000400, carry: 0x80008000 },
  BF16: { exponent: 0x7f807f80, one: 0x00800080, carry: 0x80008000 }
}

function anyNonFinite(words: Int32Array, dtype: WeightDtype): boolean {
  const { exponent, one, carry } = WORDS[dtype]
  let carried = 0
  // A counting loop in 32-bit integers is four times as fast as an iterator.
  for (let i = words.length - 1; i >= 0; i--) carried |= (((words[i] ?? 0) & exponent) + one) | 0
  return (carried & carry) !== 0
}

export function allFinite(values: Float32Array): boolean {
  return !anyNonFinite(new Int32Array(values.buffer, values.byteOffset, values.length), 'F32')
}

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
    // The last of an odd number of halves.
    const lastHalf = new Uint8Array(buffer, byteOffset + 4 * wordCount, byteLength - 4 * wordCount)
    if (lastHalf.byteLength > 0) this.count(lastHalf, 4 * wordCount)
    this.elements += byteLength / DTYPE_BYTES[this.dtype]
  }

  get result(): NonFiniteTensor | null {
    if (this.first === null) return null
    const { name, file, shape } = this.entry
    const { value, element } = this.first
    const first = Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
    return {
      file,
      tensor: name,
      nan: this.nan,
      infinite: this.infinite,
      first,
      at: indicesOf(element, shape)
    }
  }

  /** Counts values one by one. @param skipped bytes of the piece before these */
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

/** Converts an element's number to one index for each dimension. */
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

/** Counts non-finite values of a stored tensor in constant memory; null for none. @param onBytes may throw */
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
