import { setFlagsFromString } from 'node:v8'
import { z } from 'zod'
import { DTYPE_BYTES } from './dtype'

/** The two factors of a product: left [rows, rank] and right [rank, columns]. */
export interface LoadedFactors {
  readonly rank: number
  readonly left: Float32Array
  readonly right: Float32Array
}

/** The bytes of `add-row.wat`, as `wat2wasm` assembles them. */
export const ADD_ROW = Buffer.from(
  'AGFzbQEAAAABEAJgBn9/f39/fQBgA39/fwACEQEFYWRkZXIGbWVtb3J5AgABAwQDAAEBByEDBmFkZFJvdwAACWV4cGFuZFJvdwABCHJvdW5kUm93' +
    'AAIK8gMDvQICBH8GeyABIANqIQYgBf0TIQsDQP0MAAAAAAAAAAAAAAAAAAAAACEM/QwAAAAAAAAAAAAAAAAAAAAAIQ39DAAAAAAAAAAAAAAAAAAA' +
    'AAAhDv0MAAAAAAAAAAAAAAAAAAAAACEPIAQhByAAIQggASEJA0AgCP0JAgAhCiAKIAn9AAQAIAz9hQIhDCAKIAn9AAQQIA39hQIhDSAKIAn9AAQg' +
    'IA79hQIhDiAKIAn9AAQwIA/9hQIhDyAIQQRqIQggCSADaiEJIAdBAWsiBw0ACyACIAL9AAQAIAwgC/3mAf3kAf0LBAAgAiAC/QAEECANIAv95gH9' +
    '5AH9CwQQIAIgAv0ABCAgDiAL/eYB/eQB/QsEICACIAL9AAQwIA8gC/3mAf3kAf0LBDAgAkHAAGohAiABQcAAaiIBIAZJDQALCykAA0AgASAA/QQD' +
    'AEEQ/asB/QsEACAAQQhqIQAgAUEQaiIBIAJJDQALC4YBAQF7A0AgAf0ABAAhAyAD/Qz/fwAA/38AAP9/AAD/fwAA/a4BIANBEP2tAf0MAQAAAAEA' +
    'AAABAAAAAQAAAP1O/a4BQRD9rQH9DMB/AADAfwAAwH8AAMB/AAAgAyAD/UH9UiEDIAAgAyAD/YYB/VsDAAAgAEEIaiEAIAFBEGoiASACSQ0ACws=',
  'base64'
)

const PAGE_BYTES = 2 ** 16
/** Rows are padded to a multiple of this number of columns. */
const BLOCK = 16

const isFunction = (value: unknown): boolean => typeof value === 'function'

/** The functions of `add-row.wat`. Rows and ends are given by their byte addresses in the module's memory. */
const RowFunctions = z.object({
  addRow:
    z.custom<(left: number, right: number, values: number, rowBytes: number, rank: number, scale: number) => void>(
      isFunction
    ),
  expandRow: z.custom<(halves: number, values: number, end: number) => void>(isFunction),
  roundRow: z.custom<(halves: number, values: number, end: number) => void>(isFunction)
})
type RowFunctions = z.infer<typeof RowFunctions>

function rowFunctions(memory: WebAssembly.Memory): RowFunctions {
  // Node 20 has relaxed SIMD behind this flag. Later versions need no flag.
  if (!WebAssembly.validate(ADD_ROW)) setFlagsFromString('--experimental-wasm-relaxed-simd')
  const module = new WebAssembly.Module(ADD_ROW)
  return RowFunctions.parse(new WebAssembly.Instance(module, { adder: { memory } }).exports)
}

/** Tests whether a multiply-add is rounded once, as on processors that fuse both operations. */
function roundsOnce({ addRow }: RowFunctions, memory: WebAssembly.Memory): boolean {
  // The square of this value takes more than 24 bits. If it is rounded before the sum, the sum is 0.
  const inexact = 1 + 2 ** -12
  const floats = new Float32Array(memory.buffer)
  const [row, left] = [2 * BLOCK, 3 * BLOCK]
  // Computes 0 + 1 · -round(inexact²) + inexact · inexact in every column of a row.
  floats
    .fill(-Math.fround(inexact ** 2), 0, BLOCK)
    .fill(inexact, BLOCK, row)
    .fill(0, row, left)
  floats.set([1, inexact], left)
  addRow(4 * left, 0, 4 * row, 4 * BLOCK, 2, 1)
  return floats[row] !== 0
}

/**
 * Returns `addRow` for processors without fused multiply-adds. float64 holds each product exactly. Rounding its sum to
 * float64 first changes about one in 2^29 sums.
 */
function plainAddRow(memory: WebAssembly.Memory): RowFunctions['addRow'] {
  return (left, right, values, rowBytes, rank, scale) => {
    const weights = new Float32Array(memory.buffer, left, rank)
    const row = new Float32Array(memory.buffer, values, rowBytes / 4)
    const factor = new Float32Array(memory.buffer, right, rank * row.length)
    for (let column = 0; column < row.length; column++) {
      let sum = 0
      for (let k = 0; k < rank; k++)
        sum = Math.fround(sum + (weights[k] ?? NaN) * (factor[k * row.length + column] ?? NaN))
      row[column] = (row[column] ?? NaN) + Math.fround(sum * Math.fround(scale))
    }
  }
}

/**
 * Adds the product of an adapter's two factors to weights, rank by rank. Each sum is rounded to float32 once, as by
 * OpenBLAS, so the sums equal PEFT's.
 */
export class ProductAdder {
  /** True if WebAssembly rounds each sum once; false if JavaScript computes the sums. */
  readonly isFused: boolean
  private readonly memory = new WebAssembly.Memory({ initial: 1 })
  private readonly functions = rowFunctions(this.memory)
  private factors: LoadedFactors | null = null

  constructor(mayFuse = true) {
    this.isFused = mayFuse && roundsOnce(this.functions, this.memory)
    if (!this.isFused) this.functions.addRow = plainAddRow(this.memory)
  }

  /**
   * Adds scale · left·right to values of a matrix, in float32, and rounds the sums to the dtype.
   *
   * @param bytes stored values from element `first` of the matrix on, changed in place
   * @param columns number of columns of the matrix
   */
  add(
    bytes: Uint8Array,
    dtype: 'F32' | 'BF16',
    first: number,
    columns: number,
    factors: LoadedFactors,
    scale: number
  ): void {
    const { rank, left } = factors
    const width = DTYPE_BYTES[dtype]
    const rowBytes = 4 * BLOCK * Math.ceil(columns / BLOCK)
    // The memory holds the right factor, then a row of values in float32, one in bfloat16 and a row of the left factor.
    const values = rank * rowBytes
    const halves = values + rowBytes
    const leftAddress = halves + rowBytes / 2
    if (this.factors !== factors) this.load(factors, columns, rowBytes)
    const memory = new Uint8Array(this.memory.buffer)
    const leftRow = new Float32Array(this.memory.buffer, leftAddress, rank)
    const stored = dtype === 'F32' ? values : halves
    for (let done = 0; done < bytes.byteLength;) {
      const element = first + done / width
      const row = Math.floor(element / columns)
      const skip = width * (element % columns)
      const piece = bytes.subarray(done, done + width * columns - skip)
      leftRow.set(left.subarray(row * rank, (row + 1) * rank))
      memory.set(piece, stored + skip)
      // The values end where `halves` begin.
      if (dtype === 'BF16') this.functions.expandRow(halves, values, halves)
      this.functions.addRow(leftAddress, 0, values, rowBytes, rank, scale)
      if (dtype === 'BF16') this.functions.roundRow(halves, values, halves)
      piece.set(memory.subarray(stored + skip, stored + skip + piece.length))
      done += piece.length
    }
  }

  private load(factors: LoadedFactors, columns: number, rowBytes: number): void {
    const { rank, right } = factors
    const missingBytes = rank * (rowBytes + 4) + 2 * rowBytes - this.memory.buffer.byteLength
    if (missingBytes > 0) this.memory.grow(Math.ceil(missingBytes / PAGE_BYTES))
    const floats = new Float32Array(this.memory.buffer)
    for (let k = 0; k < rank; k++) floats.set(right.subarray(k * columns, (k + 1) * columns), (k * rowBytes) / 4)
    this.factors = factors
  }
}
