import { elementAt } from '../../contract/model/look-up'
import { encodeFloat32, roundFloat32, type WeightDtype } from './dtype'
import type { Scaled } from './safetensors'

/** Bits of a stored number. A row fills whole bytes, or whole words if packed. */
export const CODE_BITS: Readonly<Record<Scaled['kind'], 4 | 8>> = { F8_E4M3: 8, I8: 8, I4: 4 }

export function rowBytesOf({ kind, layout }: Pick<Scaled, 'kind' | 'layout'>, columns: number): number {
  return layout === 'bytes' ? columns : 4 * wordsFor(columns, CODE_BITS[kind])
}

export function wordsFor(codes: number, bits: number): number {
  return Math.ceil((codes * bits) / 32)
}

export interface ScaleValues {
  /** Scales of all blocks, row by row. */
  readonly scales: Float32Array
  /** Zero points like the scales; null if all are zero. */
  readonly zeros: Float32Array | null
  /** The group of each column; null if groups are consecutive. */
  readonly groupOf: Int32Array | null
}

/** Values of the 256 E4M3 numbers: no infinities, and one NaN of each sign. */
const FLOAT8 = Float32Array.from({ length: 256 }, (_, bits) => {
  const exponent = (bits >> 3) & 0xf
  const mantissa = bits & 0x7
  const size =
    exponent === 0xf && mantissa === 0x7
      ? NaN
      : exponent === 0
        ? mantissa * 2 ** -9
        : (8 + mantissa) * 2 ** (exponent - 10)
  return bits >= 128 ? -size : size
})

const INT8 = Float32Array.from({ length: 256 }, (_, bits) => (bits << 24) >> 24)

/** Values of packed numbers, which are unsigned with zero in the middle. */
const packed = (bits: 4 | 8): Float32Array =>
  Float32Array.from({ length: 2 ** bits }, (_, code) => code - 2 ** (bits - 1))

const PACKED = { 4: packed(4), 8: packed(8) } as const

function numbersOf({ kind, layout }: Pick<Scaled, 'kind' | 'layout'>): Float32Array {
  if (layout !== 'bytes') return PACKED[CODE_BITS[kind]]
  return kind === 'F8_E4M3' ? FLOAT8 : INT8
}

/**
 * Computes (number - zero point) x scale in float32, rounded to the dtype of `target`. @param stored rows of numbers
 * @param first element of the tensor @param columns of the tensor
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
  const half = CODE_BITS[scaled.kind] === 4
  const numbers = numbersOf(scaled)
  const rowBytes = rowBytesOf(scaled, columns)
  const byteOf = (column: number): number => (half ? column >> 1 : column)
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
    if (half) unpackHalves(part, stored, start, column & 1, numbers)
    else unpackBytes(part, stored, start, numbers)
    const blocks = Math.floor(row / scaled.block[0]) * Math.ceil(columns / scaled.block[1])
    if (values.groupOf === null) scaleConsecutive(part, values, blocks, column, scaled.block[1])
    else scaleByGroup(part, values, values.groupOf, blocks, column)
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
  if (isShort) throw new RangeError('scaled weights lack some of what they are made of')
}

// Each of the loops below runs once per weight; requireEnough has checked the lengths of their arrays.

function unpackBytes(part: Float32Array, stored: Uint8Array, start: number, numbers: Float32Array): void {
  for (let i = 0; i < part.length; i++) part[i] = numbers[stored[start + i] ?? 0] ?? 0
}

/** Unpacks 4-bit numbers. @param odd 1 if the first is the upper half of its byte */
function unpackHalves(part: Float32Array, stored: Uint8Array, start: number, odd: number, numbers: Float32Array): void {
  for (let i = 0; i < part.length; i++) {
    const index = i + odd
    const byte = stored[start + (index >> 1)] ?? 0
    part[i] = numbers[(byte >> ((index & 1) << 2)) & 0xf] ?? 0
  }
}

/** Scales the groups of a row, which are consecutive. @param blocks number of blocks before the row */
function scaleConsecutive(
  part: Float32Array,
  { scales, zeros }: ScaleValues,
  blocks: number,
  column: number,
  blockColumns: number
): void {
  for (let done = 0; done < part.length;) {
    const group = Math.floor((column + done) / blockColumns)
    const scale = elementAt(scales, blocks + group, 'scale')
    const zero = zeros === null ? 0 : elementAt(zeros, blocks + group, 'zero point')
    const end = Math.min((group + 1) * blockColumns - column, part.length)
    for (; done < end; done++) part[done] = ((part[done] ?? 0) - zero) * scale
  }
}

function scaleByGroup(
  part: Float32Array,
  { scales, zeros }: ScaleValues,
  groupOf: Int32Array,
  blocks: number,
  column: number
): void {
  for (let i = 0; i < part.length; i++) {
    const index = blocks + (groupOf[column + i] ?? 0)
    part[i] = ((part[i] ?? 0) - (zeros?.[index] ?? 0)) * (scales[index] ?? 0)
  }
}
