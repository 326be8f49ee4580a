import { elementAt } from '../../contract/model/look-up'
import { WorkbenchError } from '../../contract/model/problem'
import { quoteName } from '../base/json-object'
import { decodeFloat32, DTYPE_BYTES, weightDtype } from './dtype'
import type { Scaled, StoredTensor, TensorEntry } from './safetensors'
import { checkedGroups } from './scaled-groups'
import { CODE_BITS, multiplyOut, rowBytesOf, type ScaleValues } from './scaled-values'

/** Reads bytes of a stored tensor from one on; whoever gives it checks the file and counts. */
export type ReadStored = (tensor: StoredTensor, skip: number, target: Uint8Array) => Promise<void>

/** What all pieces of a weight need, in memory. */
interface Held {
  readonly scaled: Scaled
  readonly values: Promise<ScaleValues>
  /** Numbers that are stored down the columns, turned: a piece by itself would be read in as many parts as it has columns. */
  turned: Promise<Uint8Array> | null
}

/** Rows that are read in parts rather than with the whole tensor, where they are stored down its columns. */
const ROWS_BY_THEMSELVES = 4

/** Words of a row that are turned at a time. */
const TURNED_BYTES = 2 ** 22

/**
 * Reads scaled weights as what they stand for. What one of them needs is held until another is read: a checkpoint's scales
 * may be a thirtieth of it.
 */
export class ScaledReader {
  private held: Held | null = null

  constructor(private readonly readStored: ReadStored) {}

  /** Fills `target` with weights from element `first` on, in the dtype of the entry. */
  async fill(entry: TensorEntry, scaled: Scaled, first: number, target: Uint8Array): Promise<void> {
    const dtype = weightDtype(entry)
    const columns = elementAt(entry.shape, 1, 'size')
    const count = target.byteLength / DTYPE_BYTES[dtype]
    if (count === 0) return
    const held = this.holding(entry, scaled)
    const [stored, values] = await Promise.all([this.numbers(held, columns, first, count), held.values])
    multiplyOut(stored, first, values, scaled, columns, { dtype, bytes: target, count })
  }

  private holding({ shape }: TensorEntry, scaled: Scaled): Held {
    if (this.held?.scaled !== scaled)
      this.held = { scaled, values: this.scaleValues(scaled, shape), turned: null }
    return this.held
  }

  /** Bytes of elements in rows, from that of the first on. */
  private async numbers(held: Held, columns: number, first: number, count: number): Promise<Uint8Array> {
    const { scaled } = held
    const rowBytes = rowBytesOf(scaled, columns)
    const byteOf = (element: number): number => {
      const column = element % columns
      return Math.floor(element / columns) * rowBytes + (CODE_BITS[scaled.kind] === 4 ? column >> 1 : column)
    }
    const start = byteOf(first)
    // The rest of the last word of a row is read with it.
    const end = (first + count) % columns === 0 ? byteOf(first + count) : byteOf(first + count - 1) + 1
    if (scaled.layout === 'columns') {
      const rows = { first: Math.floor(first / columns), end: Math.floor((first + count - 1) / columns) + 1 }
      if (held.turned === null && rows.end - rows.first <= ROWS_BY_THEMSELVES) {
        const turned = await this.turn(scaled.codes, rows)
        return turned.subarray(start - rows.first * rowBytes, end - rows.first * rowBytes)
      }
      held.turned ??= this.turn(scaled.codes, { first: 0, end: elementAt(scaled.codes.shape, 1, 'size') })
      return (await held.turned).subarray(start, end)
    }
    const bytes = new Uint8Array(end - start)
    await this.readStored(scaled.codes, start, bytes)
    return bytes
  }

  /** Some columns of a matrix of words, one after the other. */
  private async turn(codes: StoredTensor, columns: { first: number; end: number }): Promise<Uint8Array> {
    const [height, width] = [elementAt(codes.shape, 0, 'size'), elementAt(codes.shape, 1, 'size')]
    const wanted = columns.end - columns.first
    const turned = new Int32Array(height * wanted)
    // Whole rows of words one below the other are one read.
    const perRead = wanted === width ? Math.max(1, Math.floor(TURNED_BYTES / (4 * width))) : 1
    for (let row = 0; row < height; row += perRead) {
      const rows = Math.min(perRead, height - row)
      const words = new Int32Array(rows * wanted)
      await this.readStored(codes, 4 * (row * width + columns.first), new Uint8Array(words.buffer))
      turnInto(turned, words, { row, rows, wanted, height })
    }
    return new Uint8Array(turned.buffer)
  }

  private async scaleValues(scaled: Scaled, shape: readonly number[]): Promise<ScaleValues> {
    const [rows, columns] = [elementAt(shape, 0, 'size'), elementAt(shape, 1, 'size')]
    const across = Math.ceil(columns / scaled.block[1])
    const scales = await this.floats(scaled.scales)
    const turned = scaled.layout === 'columns'
    return {
      scales: turned ? turnedFloats(scales, across, rows) : scales,
      zeros:
        scaled.zeros === null
          ? null
          : zeroPoints(scaled, scaled.zeros, await this.words(scaled.zeros.tensor), rows, across),
      groupOf:
        scaled.groups === null
          ? null
          : checkedGroups(scaled, scaled.groups, await this.words(scaled.groups.tensor), across)
    }
  }

  private async words(tensor: StoredTensor): Promise<Int32Array> {
    const words = new Int32Array(tensor.byteLength / 4)
    await this.readStored(tensor, 0, new Uint8Array(words.buffer))
    return words
  }

  private async floats(tensor: StoredTensor): Promise<Float32Array> {
    const bytes = new Uint8Array(tensor.byteLength)
    await this.readStored(tensor, 0, bytes)
    const dtype = weightDtype(tensor)
    const values = new Float32Array(bytes.byteLength / DTYPE_BYTES[dtype])
    decodeFloat32(bytes, dtype, values)
    return values
  }
}

/** Rows of words become parts of columns. */
function turnInto(
  turned: Int32Array,
  words: Int32Array,
  { row, rows, wanted, height }: { row: number; rows: number; wanted: number; height: number }
): void {
  // Once, for the loop runs for every word.
  if (words.length !== rows * wanted) throw new RangeError(`${words.length} words of ${rows * wanted}`)
  for (let below = 0; below < rows; below++)
    for (let column = 0; column < wanted; column++)
      turned[column * height + row + below] = words[below * wanted + column] ?? 0
}

/** @param values [across, rows] */
function turnedFloats(values: Float32Array, across: number, rows: number): Float32Array {
  const turned = new Float32Array(values.length)
  for (let group = 0; group < across; group++)
    for (let row = 0; row < rows; row++)
      turned[row * across + group] = elementAt(values, group * rows + row, 'scale')
  return turned
}

/**
 * Zero points in the numbers that are multiplied, [rows, across].
 *
 * @param words [rows / words' numbers, across], or the same transposed
 * @throws WorkbenchError `unsupported` for one whose meaning differs between programs
 */
function zeroPoints(
  { kind, layout }: Scaled,
  { tensor, added }: NonNullable<Scaled['zeros']>,
  words: Int32Array,
  rows: number,
  across: number
): Float32Array {
  const bits = CODE_BITS[kind]
  const perWord = 32 / bits
  const [most, middle] = [2 ** bits - 1, 2 ** (bits - 1)]
  const wordRows = words.length / across
  const values = new Float32Array(rows * across)
  for (let row = 0; row < rows; row++) {
    const wordRow = Math.floor(row / perWord)
    const shift = (row % perWord) * bits
    for (let group = 0; group < across; group++) {
      const index = layout === 'columns' ? group * wordRows + wordRow : wordRow * across + group
      const stored = (elementAt(words, index, 'word') >>> shift) & most
      if (added === 1 && stored === most) throw ambiguousZero(tensor, stored)
      values[row * across + group] = stored + added - middle
    }
  }
  return values
}

/** AutoGPTQ's kernels add one to it without bounds, its older ones and GPTQModel come to zero. */
function ambiguousZero({ file, name }: StoredTensor, stored: number): WorkbenchError {
  return new WorkbenchError(
    'unsupported',
    `${file}: tensor ${quoteName(name)} stores the zero point ${stored}, of which some programs make ${stored + 1} and others 0.`,
    'Use the unquantised checkpoint, or one that GPTQModel wrote in its second format (checkpoint_format "gptq_v2").'
  )
}
