import { elementAt } from '../../contract/model/look-up'
import { unsupportedError, type WorkbenchError } from '../../contract/model/problem'
import { quoteName } from '../base/json-object'
import { decodeFloat32, DTYPE_BYTES, weightDtype } from './dtype'
import type { Scaled, StoredTensor, TensorEntry } from './safetensors'
import { checkedGroups } from './scaled-groups'
import { CODE_BITS, multiplyOut, rowBytesOf, type ScaleValues } from './scaled-values'

/** Fills `target` with bytes of a stored tensor from `skip` on. It checks the file and counts the bytes. */
export type ReadStored = (tensor: StoredTensor, skip: number, target: Uint8Array) => Promise<void>

interface LoadedScales {
  readonly scaled: Scaled
  readonly values: Promise<ScaleValues>
  /** All codes row by row, once they are needed in the layouts `columns` and `awq`; otherwise null. */
  transposed: Promise<Uint8Array> | null
}

/** If codes are stored along columns, up to this number of rows is read directly. For more, all codes are read. */
const MAX_DIRECT_ROWS = 4

/** Bytes of words that are transposed at a time. */
const TRANSPOSED_BYTES = 2 ** 22

/** Reads quantised weights, which are stored as codes with scales, as floats. The scales of one weight are kept. */
export class ScaledReader {
  private loaded: LoadedScales | null = null

  constructor(private readonly readStored: ReadStored) {}

  /** Fills `target` with weights from element `first` on, in the dtype of the entry. */
  async fill(entry: TensorEntry, scaled: Scaled, first: number, target: Uint8Array): Promise<void> {
    const dtype = weightDtype(entry)
    const columns = elementAt(entry.shape, 1, 'size')
    const count = target.byteLength / DTYPE_BYTES[dtype]
    if (count === 0) return
    const scales = this.scalesOf(entry, scaled)
    const [codes, values] = await Promise.all([this.readCodes(scales, columns, first, count), scales.values])
    multiplyOut(codes, first, values, scaled, columns, { dtype, bytes: target, count })
  }

  private scalesOf({ shape }: TensorEntry, scaled: Scaled): LoadedScales {
    if (this.loaded?.scaled !== scaled)
      this.loaded = { scaled, values: this.scaleValues(scaled, shape), transposed: null }
    return this.loaded
  }

  /** Reads the codes of `count` elements from `first` on, row by row. */
  private async readCodes(
    loadedScales: LoadedScales,
    columns: number,
    first: number,
    count: number
  ): Promise<Uint8Array> {
    const { scaled } = loadedScales
    const rowBytes = rowBytesOf(scaled, columns)
    const byteOf = (element: number): number => {
      const column = element % columns
      return Math.floor(element / columns) * rowBytes + (CODE_BITS[scaled.kind] === 4 ? column >> 1 : column)
    }
    const start = byteOf(first)
    // The remainder of the last word of a row is read too.
    const end = (first + count) % columns === 0 ? byteOf(first + count) : byteOf(first + count - 1) + 1
    if (scaled.layout === 'awq') {
      loadedScales.transposed ??= this.readWords(scaled.codes).then((words) => rowsOfAwq(scaled.codes, words))
      return (await loadedScales.transposed).subarray(start, end)
    }
    if (scaled.layout === 'columns') {
      const rows = { first: Math.floor(first / columns), end: Math.floor((first + count - 1) / columns) + 1 }
      if (loadedScales.transposed === null && rows.end - rows.first <= MAX_DIRECT_ROWS) {
        const transposedRows = await this.readColumns(scaled.codes, rows)
        return transposedRows.subarray(start - rows.first * rowBytes, end - rows.first * rowBytes)
      }
      loadedScales.transposed ??= this.readColumns(scaled.codes, {
        first: 0,
        end: elementAt(scaled.codes.shape, 1, 'size')
      })
      return (await loadedScales.transposed).subarray(start, end)
    }
    const bytes = new Uint8Array(end - start)
    await this.readStored(scaled.codes, start, bytes)
    return bytes
  }

  /**
   * Reads columns of a matrix of 32-bit words, one after the other. In the layout `columns`, a column of words has the
   * codes of one row of the weight.
   */
  private async readColumns(codes: StoredTensor, columns: { first: number; end: number }): Promise<Uint8Array> {
    const [height, width] = [elementAt(codes.shape, 0, 'size'), elementAt(codes.shape, 1, 'size')]
    const columnCount = columns.end - columns.first
    const transposed = new Int32Array(height * columnCount)
    // Whole rows of words are contiguous and need one read.
    const perRead = columnCount === width ? Math.max(1, Math.floor(TRANSPOSED_BYTES / (4 * width))) : 1
    for (let row = 0; row < height; row += perRead) {
      const rows = Math.min(perRead, height - row)
      const words = new Int32Array(rows * columnCount)
      await this.readStored(codes, 4 * (row * width + columns.first), new Uint8Array(words.buffer))
      transposeInto(transposed, words, { row, rows, columnCount, height })
    }
    return new Uint8Array(transposed.buffer)
  }

  private async scaleValues(scaled: Scaled, shape: readonly number[]): Promise<ScaleValues> {
    const [rows, columns] = [elementAt(shape, 0, 'size'), elementAt(shape, 1, 'size')]
    const groupCount = Math.ceil(columns / scaled.block[1])
    const scales = await storedFloats(scaled.scales, this.readStored)
    // The layouts `columns` and `awq` store scales as [groupCount, rows].
    const isTransposed = scaled.layout !== 'rows' && scaled.layout !== 'bytes'
    return {
      scales: isTransposed ? transposeFloats(scales, groupCount, rows) : scales,
      zeros:
        scaled.zeros === null
          ? null
          : zeroPoints(scaled, scaled.zeros, await this.readWords(scaled.zeros.tensor), rows, groupCount),
      groupOf:
        scaled.groups === null
          ? null
          : checkedGroups(scaled, scaled.groups, await this.readWords(scaled.groups.tensor), groupCount)
    }
  }

  private async readWords(tensor: StoredTensor): Promise<Int32Array> {
    const words = new Int32Array(tensor.byteLength / 4)
    await this.readStored(tensor, 0, new Uint8Array(words.buffer))
    return words
  }
}

export async function storedFloats(tensor: StoredTensor, readStored: ReadStored): Promise<Float32Array> {
  const bytes = new Uint8Array(tensor.byteLength)
  await readStored(tensor, 0, bytes)
  const dtype = weightDtype(tensor)
  const values = new Float32Array(bytes.byteLength / DTYPE_BYTES[dtype])
  decodeFloat32(bytes, dtype, values)
  return values
}

/** Positions in a 32-bit word, counted in 4 bits from the lowest, of the 4-bit codes of 8 neighbouring rows in AWQ. */
const AWQ_POSITIONS = [0, 4, 1, 5, 2, 6, 3, 7]

/** Packs the codes of AWQ's words [columns, rows / 8] row by row, two codes in a byte. */
function rowsOfAwq({ shape }: StoredTensor, words: Int32Array): Uint8Array {
  const [columns, width] = [elementAt(shape, 0, 'size'), elementAt(shape, 1, 'size')]
  const rowBytes = 4 * Math.ceil(columns / 8)
  const packed = new Uint8Array(8 * width * rowBytes)
  const wordAt = (column: number, wordRow: number): number =>
    column === columns ? 0 : elementAt(words, column * width + wordRow, 'word')
  for (let column = 0; column < columns; column += 2) {
    for (let wordRow = 0; wordRow < width; wordRow++) {
      const [low, high] = [wordAt(column, wordRow), wordAt(column + 1, wordRow)]
      for (const [row, position] of AWQ_POSITIONS.entries()) {
        const shift = 4 * position
        const index = (8 * wordRow + row) * rowBytes + column / 2
        packed[index] = ((low >>> shift) & 15) | (((high >>> shift) & 15) << 4)
      }
    }
  }
  return packed
}

/** Transposes rows of a matrix. @param words the rows from `row` on [rows, columnCount] @param height rows in all */
function transposeInto(
  transposed: Int32Array,
  words: Int32Array,
  { row, rows, columnCount, height }: { row: number; rows: number; columnCount: number; height: number }
): void {
  // Checked once, because the loop runs for every word.
  if (words.length !== rows * columnCount) throw new RangeError(`${words.length} words of ${rows * columnCount}`)
  for (let i = 0; i < rows; i++)
    for (let column = 0; column < columnCount; column++)
      transposed[column * height + row + i] = words[i * columnCount + column] ?? 0
}

/** Transposes scales. @param values [groupCount, rows] @returns [rows, groupCount] */
function transposeFloats(values: Float32Array, groupCount: number, rows: number): Float32Array {
  const transposed = new Float32Array(values.length)
  for (let group = 0; group < groupCount; group++)
    for (let row = 0; row < rows; row++)
      transposed[row * groupCount + group] = elementAt(values, group * rows + row, 'scale')
  return transposed
}

/**
 * Decodes packed zero points to values relative to the middle of the codes. `added` is 1 if the format stores zero
 * points less 1.
 *
 * @returns [rows, groupCount]
 * @throws WorkbenchError `unsupported` for an ambiguous zero point
 */
function zeroPoints(
  { kind, layout }: Scaled,
  { tensor, added }: NonNullable<Scaled['zeros']>,
  words: Int32Array,
  rows: number,
  groupCount: number
): Float32Array {
  const bits = CODE_BITS[kind]
  const perWord = 32 / bits
  const [max, middle] = [2 ** bits - 1, 2 ** (bits - 1)]
  const wordRows = words.length / groupCount
  const values = new Float32Array(rows * groupCount)
  for (let row = 0; row < rows; row++) {
    const wordRow = Math.floor(row / perWord)
    const position = layout === 'awq' ? elementAt(AWQ_POSITIONS, row % perWord, 'position') : row % perWord
    const shift = position * bits
    for (let group = 0; group < groupCount; group++) {
      const index = layout === 'rows' ? wordRow * groupCount + group : group * wordRows + wordRow
      const stored = (elementAt(words, index, 'word') >>> shift) & max
      if (added === 1 && stored === max) throw ambiguousZero(tensor, stored)
      values[row * groupCount + group] = stored + added - middle
    }
  }
  return values
}

/** Refuses a zero point that AutoGPTQ's newer kernels and GPTQModel read differently. */
function ambiguousZero({ file, name }: StoredTensor, stored: number): WorkbenchError {
  return unsupportedError(
    `${file}: tensor ${quoteName(name)} stores the zero point ${stored}, of which some programs make ` +
      `${stored + 1} and others 0.`,
    'Use the unquantised checkpoint, or one that GPTQModel wrote in its second format (checkpoint_format "gptq_v2").'
  )
}
