import { elementAt } from '../../contract/model/look-up'
import { encodeFloat32, roundFloat32, type WeightDtype } from './dtype'
import type { Scaled } from './safetensors'

/* Decodes quantised weights: (code - zero point) × scale. */

/** Bits of a code. A row of codes fills whole bytes, or whole 32-bit words if codes are packed. */
export const CODE_BITS: Readonly<Record<Scaled['kind'], 4 | 8>> = { F8_E4M3: 8, I8: 8, I4: 4 }

export function rowBytesOf({ kind, layout }: Pick<Scaled, 'kind' | 'layout'>, columns: number): number {
  return layout === 'bytes' ? columns : 4 * wordsFor(columns, CODE_BITS[kind])
}

/** Counts the 32-bit words that packed codes fill. */
export function wordsFor(codes: number, bits: number): number {
  return Math.ceil((codes * bits) / 32)
}

export interface ScaleValues {
  /** Scales of all blocks, row by row. */
  readonly scales: Float32Array
  /** Zero points of all blocks, row by row; null if all are zero. */
  readonly zeros: Float32Array | null
  /** The group of each column; null if groups are consecutive. */
  readonly groupOf: Int32Array | null
}

/** Values of the 256 E4M3 codes. None is infinite, and two are NaN. */
const FLOAT8 = Float32Array.from({ length: 256 }, (_, code) => {
  const exponent = (code >> 3) & 0xf
  const mantissa = code & 0x7
  if (exponent === 0xf && mantissa === 0x7) return NaN
  const magnitude = exponent === 0 ? mantissa * 2 ** -9 : (8 + mantissa) * 2 ** (exponent - 10)
  return code >= 128 ? -magnitude : magnitude
})

const INT8 = Float32Array.from({ length: 256 }, (_, code) => (code << 24) >> 24)

/** Values of packed codes, which are unsigned with zero in the middle. */
const packedValues = (bits: 4 | 8): Float32Array =>
  Float32Array.from({ length: 2 ** bits }, (_, code) => code - 2 ** (bits - 1))

const PACKED = { 4: packedValues(4), 8: packedValues(8) } as const

function codeValues({ kind, layout }: Pick<Scaled, 'kind' | 'layout'>): Float32Array {
  if (layout !== 'bytes') return PACKED[CODE_BITS[kind]]
  return kind === 'F8_E4M3' ? FLOAT8 : INT8
}

/**
 * Computes (code - zero point) × scale in float32, rounded to the dtype of `target`.
 *
 * @param stored codes of the elements from `first` on, row by row.
 * @param first position of the first element in the tensor.
 * @param columns number of columns of the tensor.
 */
export function multiplyOut(
  stored: Uint8Array,
  first: number,
  values: ScaleValues,
  scaled: Pick<Scaled, 'kind' | 'layout' | 'block'>,
  columns: number,
  target: { readonly dtype: WeightDtype; readonly bytes: Uint8Array; readonly count: number }
): void {
  const weights = new Float32Array(target.count)
  const hasTwoPerByte = CODE_BITS[scaled.kind] === 4
  const valueOf = codeValues(scaled)
  const rowBytes = rowBytesOf(scaled, columns)
  const byteOf = (column: number): number => (hasTwoPerByte ? column >> 1 : column)
  // Position of the first stored byte in the tensor.
  const origin = Math.floor(first / columns) * rowBytes + byteOf(first % columns)
  const last = first + target.count - 1
  const lastRow = Math.floor(last / columns)
  requireEnough(
    { stored, ...values },
    {
      bytes: lastRow * rowBytes + byteOf(last % columns) - origin + 1,
      blocks: (Math.floor(lastRow / scaled.block[0]) + 1) * Math.ceil(columns / scaled.block[1]),
      columns
    }
  )
  for (let done = 0; done < weights.length;) {
    const row = Math.floor((first + done) / columns)
    const column = (first + done) % columns
    const count = Math.min(columns - column, weights.length - done)
    const part = weights.subarray(done, done + count)
    const start = row * rowBytes + byteOf(column) - origin
    if (hasTwoPerByte) unpackHalfBytes(part, stored, start, column & 1, valueOf)
    else unpackBytes(part, stored, start, valueOf)
    const firstBlock = Math.floor(row / scaled.block[0]) * Math.ceil(columns / scaled.block[1])
    if (values.groupOf === null) scaleConsecutive(part, values, firstBlock, column, scaled.block[1])
    else scaleByGroup(part, values, values.groupOf, firstBlock, column)
    done += count
  }
  roundFloat32(weights, target.dtype)
  encodeFloat32(weights, target.dtype, target.bytes)
}

/** Checks the lengths of the arrays that the loops below read. @throws RangeError if an array is too short */
function requireEnough(
  { stored, scales, zeros, groupOf }: ScaleValues & { readonly stored: Uint8Array },
  { bytes, blocks, columns }: { bytes: number; blocks: number; columns: number }
): void {
  const isShort =
    stored.length < bytes ||
    scales.length < blocks ||
    (zeros !== null && zeros.length < blocks) ||
    (groupOf !== null && groupOf.length < columns)
  if (isShort) throw new RangeError('codes, scales, zero points or groups of a weight are too short')
}

// Each of the loops below runs once per weight; requireEnough has checked the lengths of their arrays.

function unpackBytes(part: Float32Array, stored: Uint8Array, start: number, valueOf: Float32Array): void {
  for (let i = 0; i < part.length; i++) part[i] = valueOf[stored[start + i] ?? 0] ?? 0
}

/** Unpacks 4-bit codes, the lower half of a byte first. @param skip number of codes to skip in the first byte */
function unpackHalfBytes(
  part: Float32Array,
  stored: Uint8Array,
  start: number,
  skip: number,
  valueOf: Float32Array
): void {
  for (let i = 0; i < part.length; i++) {
    const index = i + skip
    const byte = stored[start + (index >> 1)] ?? 0
    part[i] = valueOf[(byte >> ((index & 1) << 2)) & 0xf] ?? 0
  }
}

/** Scales a part of a row whose groups are consecutive. @param firstBlock index of the row's first block */
function scaleConsecutive(
  part: Float32Array,
  { scales, zeros }: ScaleValues,
  firstBlock: number,
  column: number,
  blockColumns: number
): void {
  for (let done = 0; done < part.length;) {
    const group = Math.floor((column + done) / blockColumns)
    const scale = elementAt(scales, firstBlock + group, 'scale')
    const zero = zeros === null ? 0 : elementAt(zeros, firstBlock + group, 'zero point')
    const end = Math.min((group + 1) * blockColumns - column, part.length)
    for (; done < end; done++) part[done] = ((part[done] ?? 0) - zero) * scale
  }
}

function scaleByGroup(
  part: Float32Array,
  { scales, zeros }: ScaleValues,
  groupOf: Int32Array,
  firstBlock: number,
  column: number
): void {
  for (let i = 0; i < part.length; i++) {
    const index = firstBlock + (groupOf[column + i] ?? 0)
    part[i] = ((part[i] ?? 0) - (zeros?.[index] ?? 0)) * (scales[index] ?? 0)
  }
}
