/** Both factors of a weight: left [rows, rank], right [rank, columns]. */
export interface LoadedFactors {
  readonly rank: number
  readonly left: Float32Array
  readonly right: Float32Array
}

/** The bytes of `add-row.wat`, as `wat2wasm` assembles them. */
export const ADD_ROW = Buffer.from(
  'AGFzbQEAAAABCgFgBn9/f39/fQADAgEABQMBAAEHEwIGbWVtb3J5AgAGYWRkUm93AAAKhgUBgwUCBH8KeyABIANqIQYgBf0TIQsDQP0M' +
    'AAAAAAAAAAAAAAAAAAAAACEM/QwAAAAAAAAAAAAAAAAAAAAAIQ39DAAAAAAAAAAAAAAAAAAAAAAhDv0MAAAAAAAAAAAAAAAAAAAAACEP' +
    '/QwAAAAAAAAAAAAAAAAAAAAAIRD9DAAAAAAAAAAAAAAAAAAAAAAhEf0MAAAAAAAAAAAAAAAAAAAAACES/QwAAAAAAAAAAAAAAAAAAAAA' +
    'IRMgBCEHIAAhCCABIQkDQCAIKgIAu/0UIQogDCAKIAn9XQMA/V/98gH98AH9Xv1fIQwgDSAKIAn9XQMI/V/98gH98AH9Xv1fIQ0gDiAK' +
    'IAn9XQMQ/V/98gH98AH9Xv1fIQ4gDyAKIAn9XQMY/V/98gH98AH9Xv1fIQ8gECAKIAn9XQMg/V/98gH98AH9Xv1fIRAgESAKIAn9XQMo' +
    '/V/98gH98AH9Xv1fIREgEiAKIAn9XQMw/V/98gH98AH9Xv1fIRIgEyAKIAn9XQM4/V/98gH98AH9Xv1fIRMgCEEEaiEIIAkgA2ohCSAH' +
    'QQFrIgcNAAsgAiAC/V0DACAM/V4gC/3mAf3kAf1bAwAAIAIgAv1dAwggDf1eIAv95gH95AH9WwMIACACIAL9XQMQIA79XiAL/eYB/eQB' +
    '/VsDEAAgAiAC/V0DGCAP/V4gC/3mAf3kAf1bAxgAIAIgAv1dAyAgEP1eIAv95gH95AH9WwMgACACIAL9XQMoIBH9XiAL/eYB/eQB/VsD' +
    'KAAgAiAC/V0DMCAS/V4gC/3mAf3kAf1bAzAAIAIgAv1dAzggE/1eIAv95gH95AH9WwM4ACACQcAAaiECIAFBwABqIgEgBkkNAAsL',
  'base64'
)

const PAGE_BYTES = 2 ** 16
/** Columns that the function adds at once. */
const BLOCK = 16

/** Adds a row of a product; see `add-row.wat`. Places are in bytes. */
type AddRow = (
  left: number,
  right: number,
  values: number,
  rowBytes: number,
  rank: number,
  scale: number
) => void

const isAddRow = (value: unknown): value is AddRow => typeof value === 'function'

/**
 * Adds products of factors to weights, rank by rank. Each sum is rounded to float32 once, as by the fused multiply-add
 * of OpenBLAS. WebAssembly takes a third of the time of JavaScript and gives the same bits.
 */
export class ProductAdder {
  private readonly memory: WebAssembly.Memory
  private readonly addRow: AddRow
  private factors: LoadedFactors | null = null

  constructor() {
    const { memory, addRow } = new WebAssembly.Instance(new WebAssembly.Module(ADD_ROW)).exports
    if (!(memory instanceof WebAssembly.Memory) || !isAddRow(addRow))
      throw new Error('add-row.wat exports no memory or no function')
    this.memory = memory
    this.addRow = addRow
  }

  /**
   * Adds scale · left·right to values of a matrix.
   *
   * @param values from element `first` of the matrix on, any number of them
   * @param columns of the matrix
   */
  add(values: Float32Array, first: number, columns: number, factors: LoadedFactors, scale: number): void {
    const { rank, left } = factors
    const stride = BLOCK * Math.ceil(columns / BLOCK)
    const leftPlace = rank * stride
    const rowPlace = leftPlace + rank
    if (this.factors !== factors) this.load(factors, columns, stride)
    const floats = new Float32Array(this.memory.buffer)
    for (let done = 0; done < values.length;) {
      const row = Math.floor((first + done) / columns)
      const start = (first + done) % columns
      const piece = values.subarray(done, done + columns - start)
      floats.set(left.subarray(row * rank, (row + 1) * rank), leftPlace)
      floats.set(piece, rowPlace + start)
      this.addRow(4 * leftPlace, 0, 4 * rowPlace, 4 * stride, rank, scale)
      piece.set(floats.subarray(rowPlace + start, rowPlace + start + piece.length))
      done += piece.length
    }
  }

  /** Copies the right factor, followed by room for rows of the left one and of the values. */
  private load(factors: LoadedFactors, columns: number, stride: number): void {
    const { rank, right } = factors
    const missingBytes = 4 * (rank * stride + rank + stride) - this.memory.buffer.byteLength
    if (missingBytes > 0) this.memory.grow(Math.ceil(missingBytes / PAGE_BYTES))
    const floats = new Float32Array(this.memory.buffer)
    for (let k = 0; k < rank; k++) floats.set(right.subarray(k * columns, (k + 1) * columns), k * stride)
    this.factors = factors
  }
}
