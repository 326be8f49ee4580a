import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { fileError, type WorkbenchError } from '../../../contract/model/problem'
import { formatBytes } from '../../../contract/words/format'
import { requireAllowed } from './only-folder'

// Opens files that other people or programs wrote. A pipe or a device is refused, because reading it could block one
// of the process's four file threads for ever.

/** Time without data after which a drive counts as lost. */
const SILENT_MS = 20_000
/** Bytes of one read. Each read has its own time limit. Larger reads are not faster. */
const PIECE_BYTES = 16 * 2 ** 20

/** Does not wait if a pipe replaces the file before it is opened. Windows has no such flag. */
const READ_ONLY = constants.O_RDONLY | constants.O_NONBLOCK

/** File operations of the system, replaceable in tests. */
interface FileSystem {
  stat(file: string): Promise<Stats>
  open(file: string, flags: number): Promise<FileHandle>
}

/** Opens a file for reading, through links. @throws WorkbenchError `bad-file` for no regular file or a silent drive */
export async function openRegularFile(file: string, system: FileSystem = { stat, open }): Promise<FileHandle> {
  await requireAllowed(file)
  // Checked before opening, because opening a device may have effects.
  const stats = await inTime(file, system.stat(file))
  if (stats.isDirectory()) throw fileError(`${file} is a folder, not a file.`)
  if (!stats.isFile()) throw notRegular(file)
  const opening = system.open(file, READ_ONLY)
  const handle = await inTime(file, opening).catch((error: unknown) => {
    // If the file opens after the time limit, it is closed here, because nobody else has its handle.
    opening.then((late) => late.close()).catch(() => undefined)
    throw error
  })
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw notRegular(file)
}

/** Reads the bytes that a file has when it is opened. @throws WorkbenchError `bad-file` for more than `maxBytes` */
export async function readRegularFile(file: string, maxBytes: number): Promise<Buffer> {
  const handle = await openRegularFile(file)
  try {
    const { size } = await handle.stat()
    if (size > maxBytes) {
      throw tooLarge(file, size, maxBytes)
    }
    const bytes = Buffer.allocUnsafe(size)
    let done = 0
    while (done < size) {
      const length = Math.min(PIECE_BYTES, size - done)
      const { bytesRead } = await inTime(file, handle.read(bytes, done, length, done))
      if (bytesRead === 0) break
      done += bytesRead
    }
    return bytes.subarray(0, done)
  } finally {
    await handle.close()
  }
}

/** Reads a file piece by piece. @throws WorkbenchError as {@link readRegularFile} */
export async function* regularFilePieces(file: string, maxBytes: number): AsyncGenerator<Buffer> {
  const handle = await openRegularFile(file)
  try {
    const { size } = await handle.stat()
    if (size > maxBytes) throw tooLarge(file, size, maxBytes)
    for (let done = 0; done < size;) {
      const piece = Buffer.allocUnsafe(Math.min(2 ** 20, size - done))
      const { bytesRead } = await inTime(file, handle.read(piece, 0, piece.byteLength, done))
      if (bytesRead === 0) return
      done += bytesRead
      yield piece.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/** Reads a few kilobytes of a file synchronously; links are refused. */
export function readRegularFileNow(file: string, maxBytes: number): string {
  if (!lstatSync(file).isFile()) throw notRegular(file)
  const descriptor = openSync(file, READ_ONLY)
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw notRegular(file)
    if (stats.size > maxBytes) {
      throw tooLarge(file, stats.size, maxBytes)
    }
    const bytes = Buffer.alloc(stats.size)
    return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, bytes.byteLength, 0))
  } finally {
    closeSync(descriptor)
  }
}

const tooLarge = (file: string, size: number, maxBytes: number): WorkbenchError =>
  fileError(`${file} is too large: it has ${formatBytes(size)}, more than the ${formatBytes(maxBytes)} that are read.`)

function notRegular(file: string): WorkbenchError {
  return fileError(`${file} is not a file.`)
}

/** Limits the time of an operation, which itself goes on. */
async function inTime<T>(file: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `${file} gave nothing for ${SILENT_MS / 1000} s.`
      reject(fileError(message, 'Look whether its drive still answers.'))
    }, SILENT_MS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
