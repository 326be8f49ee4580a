import type { FileHandle } from 'node:fs/promises'
import { writeProblem } from '../base/files/atomic-file'
import { Scratch } from '../base/scratch'
import { readExactly } from '../checkpoint/weight-file'

/** Bytes that are read or compared at a time. */
const CHUNK_BYTES = 8 * 2 ** 20

/** Bytes per piece of a copy. Two pieces are in progress at a time, so that one is read while another is written. */
const COPY_BYTES = 2 ** 20
const LANES = 2

export interface OpenFile {
  readonly handle: FileHandle
  readonly path: string
}

/** Called with the number of processed bytes. The work waits for the returned promise, and stops if it throws. */
export type Advance = (bytes: number) => void | Promise<void>

/** Divides a span of bytes into the chunks that are compared at a time. */
export function* chunks(byteLength: number): Generator<{ skip: number; length: number }> {
  for (let skip = 0; skip < byteLength; skip += CHUNK_BYTES) {
    yield { skip, length: Math.min(CHUNK_BYTES, byteLength - skip) }
  }
}

/** Copies spans of bytes through a few small buffers, several pieces side by side. */
export class ByteCopier {
  private readonly buffers = Array.from({ length: LANES }, () => new Scratch())

  /**
   * Copies `byteLength` bytes from position `from` of the source to position `to` of the target.
   *
   * @throws WorkbenchError `bad-file` for the source, `read-only` for the target, and the error of `advance`
   */
  async copy(
    source: OpenFile,
    from: number,
    target: OpenFile,
    to: number,
    byteLength: number,
    advance: Advance
  ): Promise<void> {
    let next = 0
    const lanes = this.buffers.map(async (buffer) => {
      try {
        while (next < byteLength) {
          const skip = next
          const piece = buffer.reserve(Math.min(COPY_BYTES, byteLength - skip))
          next += piece.byteLength
          await readExactly(source.handle, source.path, piece, from + skip)
          await writeExactly(target, piece, to + skip)
          await advance(piece.byteLength)
        }
      } catch (error) {
        // The other lanes begin no further piece.
        next = byteLength
        throw error
      }
    })
    // Both copies must end before an error is thrown, because the caller then closes the files.
    for (const lane of await Promise.allSettled(lanes)) if (lane.status === 'rejected') throw lane.reason
  }
}

/** Writes all bytes. @throws WorkbenchError `read-only` if the disk is full or the file cannot be written */
export async function writeExactly({ handle, path }: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  try {
    for (let done = 0; done < bytes.byteLength;) {
      done += (await handle.write(bytes, done, bytes.byteLength - done, position + done)).bytesWritten
    }
  } catch (error) {
    throw writeProblem(path, error)
  }
}
