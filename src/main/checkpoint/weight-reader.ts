import type { FileHandle } from 'node:fs/promises'
import { notFoundError, WorkbenchError } from '../../contract/model/problem'
import type { Checkpoint } from './checkpoint'
import { quoteName } from '../base/json-object'
import { DTYPE_BYTES } from './dtype'
import type { StoredTensor, TensorEntry } from './safetensors'
import { AdaptedReader } from './adapted-reader'
import { ScaledReader } from './scaled-reader'
import { changedFile, fileStateNow, openWeightFile, readExactly, readNow } from './weight-file'

/** Reads the weights of a checkpoint, by canonical name, as bytes of their dtype. Several reads may run at once. */
export interface WeightReader {
  read(name: string): Promise<Uint8Array>
  /** Reads rows along a tensor's first dimension, into `memory` if they fit; a row of a vector is one element. */
  readRows(name: string, firstRow: number, rowCount: number, memory?: Uint8Array): Promise<Uint8Array>
  /** Reads few short rows along a tensor's first dimension, in the given order, synchronously. */
  gatherRows(name: string, rows: readonly number[]): Promise<Uint8Array>
  /** Fills `target` with a tensor's bytes from `offset` on. */
  readInto(name: string, offset: number, target: Uint8Array): Promise<void>
  readonly bytesRead: number
  close(): Promise<void>
}

/** The part of a checkpoint that a reader needs. */
export type StoredTensors = Pick<Checkpoint, 'path' | 'files' | 'tensors'>

const NO_MEMORY: Uint8Array = new Uint8Array(0)

/** Creates a reader of a checkpoint's weights. A file that changed since its header was read is refused. */
export function openWeightReader(checkpoint: StoredTensors): WeightReader {
  return new CheckedReader(checkpoint)
}

class CheckedReader implements WeightReader {
  bytesRead = 0
  private readonly scaled = new ScaledReader((tensor, skip, target) => this.fillStored(tensor, skip, target))
  private readonly adapted = new AdaptedReader(
    (tensor, skip, target) => this.fillStored(tensor, skip, target),
    (weight, first, target) => this.fill(weight, first * DTYPE_BYTES[weight.dtype], target)
  )
  private readonly handles = new Map<string, Promise<FileHandle>>()
  private closed = false

  constructor(private readonly checkpoint: StoredTensors) {}

  async read(name: string): Promise<Uint8Array> {
    const entry = this.entryOf(name)
    return this.readSpan(entry, 0, entry.byteLength)
  }

  async readRows(name: string, firstRow: number, rowCount: number, memory?: Uint8Array): Promise<Uint8Array> {
    const entry = this.entryOf(name)
    const rowBytes = rowBytesOf(entry, firstRow, rowCount)
    return this.readSpan(entry, firstRow * rowBytes, rowCount * rowBytes, memory)
  }

  async gatherRows(name: string, rows: readonly number[]): Promise<Uint8Array> {
    const entry = this.entryOf(name)
    if (entry.scaled !== undefined || entry.adapted !== undefined) return this.gatherComputed(entry, rows)
    const spans = rows.map((row) => {
      const rowBytes = rowBytesOf(entry, row, 1)
      return { skip: row * rowBytes, rowBytes }
    })
    const byteLength = spans.reduce((sum, { rowBytes }) => sum + rowBytes, 0)
    const bytes = allocate(byteLength, entry)
    await this.readUnchanged(entry, (handle) => {
      for (const [i, { skip, rowBytes }] of spans.entries()) {
        const target = bytes.subarray(i * rowBytes, (i + 1) * rowBytes)
        readNow(handle, entry.file, target, entry.offset + skip)
      }
    })
    this.bytesRead += bytes.byteLength
    return bytes
  }

  async readInto(name: string, offset: number, target: Uint8Array): Promise<void> {
    const entry = this.entryOf(name)
    if (!isWithin(offset, target.byteLength, entry.byteLength)) {
      throw new RangeError(
        `bytes ${offset} to ${offset + target.byteLength - 1} of ${name}, which has ${entry.byteLength}`
      )
    }
    await this.fill(entry, offset, target)
  }

  async close(): Promise<void> {
    this.closed = true
    const opened = await Promise.allSettled(this.handles.values())
    this.handles.clear()
    for (const result of opened) {
      if (result.status === 'fulfilled') await result.value.close()
    }
  }

  private entryOf(name: string): TensorEntry {
    const entry = this.checkpoint.tensors.get(name)
    if (entry !== undefined) return entry
    throw notFoundError(`${this.checkpoint.path} has no tensor ${quoteName(name)}.`)
  }

  private async readSpan(
    entry: TensorEntry,
    skip: number,
    byteLength: number,
    memory = NO_MEMORY
  ): Promise<Uint8Array> {
    const bytes = byteLength <= memory.byteLength ? memory.subarray(0, byteLength) : allocate(byteLength, entry)
    await this.fill(entry, skip, bytes)
    return bytes
  }

  private async fill(entry: TensorEntry, skip: number, target: Uint8Array): Promise<void> {
    const { scaled, adapted } = entry
    if (adapted !== undefined) await this.adapted.fill(entry, adapted, skip / DTYPE_BYTES[entry.dtype], target)
    else if (scaled === undefined) await this.fillStored(entry, skip, target)
    else await this.scaled.fill(entry, scaled, skip / DTYPE_BYTES[entry.dtype], target)
  }

  private async fillStored(tensor: StoredTensor, skip: number, target: Uint8Array): Promise<void> {
    await this.readUnchanged(tensor, (handle) => readExactly(handle, tensor.file, target, tensor.offset + skip))
    this.bytesRead += target.byteLength
  }

  /** Reads rows of a quantised or adapted tensor. */
  private async gatherComputed(entry: TensorEntry, rows: readonly number[]): Promise<Uint8Array> {
    const rowBytes = rowBytesOf(entry, 0, 1)
    const bytes = allocate(rows.length * rowBytes, entry)
    for (const [i, row] of rows.entries()) {
      const target = bytes.subarray(i * rowBytes, (i + 1) * rowBytes)
      await this.fill(entry, row * rowBytesOf(entry, row, 1), target)
    }
    return bytes
  }

  /** Reads the tensor's file and checks before and after that it has not changed. */
  private async readUnchanged(entry: StoredTensor, read: (handle: FileHandle) => Promise<void> | void): Promise<void> {
    if (this.closed) throw new Error(`read of ${entry.name} after the weight reader was closed`)
    const handle = await this.handleOf(entry.file)
    refuseChangedFile(handle, this.checkpoint, entry)
    await read(handle)
    // Checked again, because the file may have been written during the read.
    refuseChangedFile(handle, this.checkpoint, entry)
  }

  private handleOf(file: string): Promise<FileHandle> {
    const open = this.handles.get(file)
    if (open !== undefined) return open
    const opening = openWeightFile(file)
    this.handles.set(file, opening)
    return opening
  }
}

/** Returns the bytes of a row. @throws RangeError if the tensor has no such rows */
function rowBytesOf({ name, shape, byteLength }: TensorEntry, first: number, count: number): number {
  // A scalar has no rows.
  const rows = shape[0] ?? 0
  if (isWithin(first, count, rows)) return rows === 0 ? 0 : byteLength / rows
  throw new RangeError(`rows ${first} to ${first + count - 1} of ${name}, which has ${rows}`)
}

function isWithin(first: number, count: number, total: number): boolean {
  return Number.isInteger(first) && Number.isInteger(count) && first >= 0 && count >= 0 && first + count <= total
}

function refuseChangedFile(handle: FileHandle, checkpoint: StoredTensors, entry: StoredTensor): void {
  const expected = checkpoint.files.find((file) => file.path === entry.file)
  const { bytes, modifiedMs } = fileStateNow(handle)
  if (expected?.bytes === bytes && expected.modifiedMs === modifiedMs) return
  throw changedFile(entry.file, bytes, expected?.bytes)
}

function allocate(byteLength: number, entry: TensorEntry): Uint8Array {
  try {
    return new Uint8Array(byteLength)
  } catch {
    throw new WorkbenchError(
      'out-of-memory',
      `${entry.file}: there is no memory for ${byteLength} bytes of tensor ${quoteName(entry.name)}.`
    )
  }
}
