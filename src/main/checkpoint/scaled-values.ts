import { at } from '../../contract/model/look-up'
import { encodeFloat32, roundFloat32, type WeightDtype } from './dtype'
import type { Scaled } from './safetensors'

/** Bits of a stored number, and the bytes that a row of them fills: packed ones end with their last word. */
export const CODE_BITS: Readonly<Record<Scaled['kind'], 4 | 8>> = { F8_E4M3: 8, I8: 8, I4: 4 }

export function rowBytesOf({ kind, layout }: Pick<Scaled, 'kind' | 'layout'>, columns: number): number {
  return layout === 'bytes' ? columns : 4 * wordsFor(columns, CODE_BITS[kind])
}

export function wordsFor(codes: number, bits: number): number {
  return Math.ceil((codes * bits) / 32)
}

/** Scales and zero points of a weight in memory. */
export interface ScaleValues {
  /** Of all blocks, row by row. */
  readonly scales: Float32Array
  /** As the scales, in the numbers that are multiplied; null where all are zero. */
  readonly zeros: Float32Array | null
  /** The group of each column; null where groups follow each other. */
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

/** Packed numbers are unsigned: their middle stands for zero. */
const packed = (bits: 4 | 8): Float32Array =>
  Float32Array.from({ length: 2 ** bits }, (_, code) => code - 2 ** (bits - 1))

const PACKED = { 4: packed(4), 8: packed(8) } as const

function numbersOf({ kind, layout }: Pick<Scaled, 'kind' | 'layout'>): Float32Array {
  if (layout !== 'bytes') return PACKED[CODE_BITS[kind]]
  return kind === 'F8_E4M3' ? FLOAT8 : INT8
}

/**
 * (number - zero point) x scale in float32, rounded to the dtype of the weight.
 *
 * @param stored rows of numbers one after the other, from the byte of the first element on
 * @param first element of the tensor
 * @param columns of the tensor
 * @param target elements of `dtype`, as many as are wanted
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
  for (let done = 0; done < weights.length;) {
    const row = Math.floor((first + done) / columns)
    const column = (first + done) % columns
    const run = runFrom(values, scaled.block, row, column, columns)
    const end = Math.min(run.end, column + weights.length - done)
    const rowAt = row * rowBytes - origin
    for (let at = column; at < end; at++, done++) {
      const byte = stored[rowAt + byteOf(at)] ?? 0
      const code = half ? ((at & 1) === 0 ? byte & 0xf : byte >> 4) : byte
      weights[done] = ((numbers[code] ?? 0) - run.zero) * run.scale
    }
  }
  roundFloat32(weights, target.dtype)
  encodeFloat32(weights, target.dtype, target.bytes)
}

/** Columns of a row from one on that have a scale in common, and that scale. */
function runFrom(
  { scales, zeros, groupOf }: ScaleValues,
  [blockRows, blockColumns]: readonly [number, number],
  row: number,
  column: number,
  columns: number
): { scale: number; zero: number; end: number } {
  const inTurn = Math.floor(column / blockColumns)
  const group = groupOf === null ? inTurn : at(groupOf, column, 'group of a column')
  const index = Math.floor(row / blockRows) * Math.ceil(columns / blockColumns) + group
  return {
    scale: at(scales, index, 'scale'),
    zero: zeros === null ? 0 : at(zeros, index, 'zero point'),
    end: groupOf === null ? Math.min((inTurn + 1) * blockColumns, columns) : column + 1
  }
}
