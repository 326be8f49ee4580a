import type { FileHandle } from 'node:fs/promises'
import { writeProblem } from '../project/atomic-file'
import { readExactly } from '../checkpoint/weight-file'

/** Large enough that system calls cost nothing, small enough that a cancel is heard and memory stays flat. */
export const CHUNK_BYTES = 8 * 2 ** 20

/** A file open for reading or writing, and its name for messages. */
export interface OpenFile {
  readonly handle: FileHandle
  readonly path: string
}

/** Hears how many bytes were worked through; holds the work up by its promise and stops it by throwing. */
export type Advance = (bytes: number) => void | Promise<void>

/** Cuts a span of bytes into chunks. */
export function* chunks(byteLength: number): Generator<{ skip: number; length: number }> {
  for (let skip = 0; skip < byteLength; skip += CHUNK_BYTES) {
    yield { skip, length: Math.min(CHUNK_BYTES, byteLength - skip) }
  }
}

/**
 * Copies spans of bytes through two buffers of fixed size: while one is written, the next chunk is read into the other.
 */
export class ByteCopier {
  private readonly buffers = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)] as const

  /** @throws WorkbenchError `bad-file` for the source, `read-only` for the target, and what `advance` throws */
  async copy(
    source: OpenFile,
    from: number,
    target: OpenFile,
    to: number,
    byteLength: number,
    advance: Advance
  ): Promise<void> {
    let writing: Promise<void> = Promise.resolve()
    let [current, other] = this.buffers
    try {
      for (const { skip, length } of chunks(byteLength)) {
        const chunk = current.subarray(0, length)
        await readExactly(source.handle, source.path, chunk, from + skip)
        await writing
        writing = writeExactly(target, chunk, to + skip)
        // Awaited with the next chunk; until then a failure is not yet anyone's.
        writing.catch(() => undefined)
        ;[current, other] = [other, current]
        await advance(length)
      }
    } finally {
      await writing
    }
  }
}

/** @throws WorkbenchError `read-only` when the disk is full or the file cannot be written */
export async function writeExactly(
  { handle, path }: OpenFile,
  bytes: Uint8Array,
  position: number
): Promise<void> {
  try {
    for (let done = 0; done < bytes.byteLength;) {
      done += (await handle.write(bytes, done, bytes.byteLength - done, position + done)).bytesWritten
    }
  } catch (error) {
    throw writeProblem(path, error)
  }
}
