import { fstatSync, readSync, type Stats } from 'node:fs'
import { lstat, type FileHandle } from 'node:fs/promises'
import { fileError, notFoundError, WorkbenchError } from '../../contract/model/problem'
import { readProblem } from '../base/files/bounded-file'
import { openRegularFile } from '../base/files/regular-file'

/** Maximum bytes of one read: Node's read length is a signed 32-bit number. */
const MAX_PIECE_BYTES = 64 * 2 ** 20

/** Size and time of the last change of a file, which show whether it was written since. */
export interface FileState {
  bytes: number
  modifiedMs: number
}

/** Opens a weight file through links. @throws WorkbenchError `not-found`; `bad-file` */
export async function openWeightFile(file: string): Promise<FileHandle> {
  try {
    return await openRegularFile(file)
  } catch (error) {
    if (error instanceof WorkbenchError) throw error
    if (!isMissing(error)) throw readProblem(file, error)
    if (await isLink(file)) {
      throw notFoundError(
        `${file} is a link to a file that does not exist.`,
        'The download may be incomplete: fetch the model again.'
      )
    }
    throw notFoundError(`There is no file ${file}.`)
  }
}

export async function fileState(handle: FileHandle): Promise<FileState> {
  return stateOf(await handle.stat())
}

/** Reads the state of a file synchronously; see `readNow`. */
export function fileStateNow({ fd }: FileHandle): FileState {
  return stateOf(fstatSync(fd))
}

/** Describes a file that was written after the model was opened. @param bytesBefore its size at that time */
export function changedFile(file: string, bytes: number, bytesBefore: number | undefined): WorkbenchError {
  const changeWords =
    bytes === bytesBefore ? `written again, ${bytes} bytes as then` : `now ${bytes} bytes, then ${bytesBefore}`
  return fileError(
    `${file} has changed since the model was opened (${changeWords}).`,
    'Wait until whatever writes it is done, then start again.'
  )
}

function stateOf({ size, mtimeMs }: Stats): FileState {
  return { bytes: size, modifiedMs: mtimeMs }
}

/** Fills `target` from the byte `position` on. Several reads may run at once. @throws WorkbenchError `bad-file` */
export async function readExactly(
  handle: FileHandle,
  file: string,
  target: Uint8Array,
  position: number
): Promise<void> {
  let done = 0
  while (done < target.byteLength) {
    const length = Math.min(MAX_PIECE_BYTES, target.byteLength - done)
    const { bytesRead } = await handle.read(target, done, length, position + done).catch((error: unknown) => {
      throw readProblem(file, error)
    })
    if (bytesRead === 0) throw endsEarly(file, position + done, target.byteLength - done)
    done += bytesRead
  }
}

/** Fills `target` synchronously. For a few kilobytes this is faster than a read in another thread (0.1 ms). */
export function readNow({ fd }: FileHandle, file: string, target: Uint8Array, position: number): void {
  let done = 0
  while (done < target.byteLength) {
    let bytesRead: number
    try {
      bytesRead = readSync(fd, target, done, target.byteLength - done, position + done)
    } catch (error) {
      throw readProblem(file, error)
    }
    if (bytesRead === 0) throw endsEarly(file, position + done, target.byteLength - done)
    done += bytesRead
  }
}

function endsEarly(file: string, position: number, missing: number): WorkbenchError {
  return fileError(`${file} ends at byte ${position}, expected ${missing} more.`)
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
