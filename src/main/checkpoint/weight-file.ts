import { fstatSync, readSync } from 'node:fs'
import { lstat, open, stat, type FileHandle } from 'node:fs/promises'
import { WorkbenchError } from '../../contract/problem'
import { errorMessage } from '../bounded-file'

/** Node's read length is a signed 32-bit number, so large tensors are read in pieces; beyond this size nothing is gained. */
const MAX_PIECE_BYTES = 64 * 2 ** 20

/** Up to here a read takes less time than handing it to another thread (0.1 ms): such as a row of an embedding. */
const SHORT_READ_BYTES = 2 ** 16

/** What tells that a file is still the one that was read before. */
export interface FileState {
  bytes: number
  modifiedMs: number
}

/**
 * Opens a weight file for reading, through symbolic links such as those of the Hugging Face cache.
 *
 * @throws WorkbenchError `not-found`, or `bad-file` when it is not a regular file or may not be read
 */
export async function openWeightFile(file: string): Promise<FileHandle> {
  try {
    // Before opening: opening a pipe would wait for a writer for ever.
    if (!(await stat(file)).isFile()) throw new WorkbenchError('bad-file', `${file} is not a file.`)
    return await open(file, 'r')
  } catch (error) {
    if (error instanceof WorkbenchError) throw error
    if (!isMissing(error))
      throw new WorkbenchError('bad-file', `${file} cannot be read: ${errorMessage(error)}`)
    if (await isLink(file)) {
      throw new WorkbenchError(
        'not-found',
        `${file} is a link to a file that does not exist.`,
        'The download may be incomplete: fetch the model again.'
      )
    }
    throw new WorkbenchError('not-found', `There is no file ${file}.`)
  }
}

export function fileState({ fd }: FileHandle): FileState {
  const { size, mtimeMs } = fstatSync(fd)
  return { bytes: size, modifiedMs: mtimeMs }
}

/**
 * Fills `target` from the byte `position` of the file on. Reads name their position, so they may run side by side.
 *
 * @throws WorkbenchError `bad-file` when the file ends early or cannot be read
 */
export async function readExactly(
  handle: FileHandle,
  file: string,
  target: Uint8Array,
  position: number
): Promise<void> {
  let done = 0
  while (done < target.byteLength) {
    const length = Math.min(MAX_PIECE_BYTES, target.byteLength - done)
    const bytesRead = await readPiece(handle, file, target, done, length, position + done)
    if (bytesRead === 0) {
      throw new WorkbenchError(
        'bad-file',
        `${file} ends at byte ${position + done}, expected ${target.byteLength - done} more.`
      )
    }
    done += bytesRead
  }
}

async function readPiece(
  handle: FileHandle,
  file: string,
  target: Uint8Array,
  offset: number,
  length: number,
  position: number
): Promise<number> {
  try {
    if (length <= SHORT_READ_BYTES) return readSync(handle.fd, target, offset, length, position)
    return (await handle.read(target, offset, length, position)).bytesRead
  } catch (error) {
    throw new WorkbenchError('bad-file', `${file} cannot be read: ${errorMessage(error)}`)
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

async function isLink(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isSymbolicLink()
  } catch {
    return false
  }
}
