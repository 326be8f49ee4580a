import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { notFoundError, WorkbenchError } from '../../../contract/model/problem'
import { systemWords } from './bounded-file'

/**
 * Writes a whole file or nothing: a temporary file beside it, which is flushed and then renamed. A link is replaced.
 * Libraries such as `atomically` ignore how many bytes a write took and follow links.
 * @param mode permissions of the file @throws WorkbenchError `read-only` or `not-found`
 */
export async function writeFileAtomic(
  file: string,
  text: string | AsyncIterable<string | Uint8Array>,
  mode?: number
): Promise<void> {
  const unfinished = join(dirname(file), `.${basename(file)}.${randomUUID()}.tmp`)
  try {
    // 'wx' never opens an existing file, such as a planted link.
    const handle = await open(unfinished, 'wx', mode)
    try {
      await writeFile(handle, text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(unfinished, file)
    await flushFolder(dirname(file))
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined)
    throw error instanceof WorkbenchError ? error : writeProblem(file, error)
  }
}

/** Makes sure that a file can be written, by writing a temporary file beside it. Permissions alone do not say so. */
export async function requireWritable(file: string): Promise<void> {
  const testFile = join(dirname(file), `.${basename(file)}.${randomUUID()}.tmp`)
  try {
    await (await open(testFile, 'wx')).close()
    await rm(testFile)
  } catch (error) {
    throw writeProblem(file, error)
  }
}

/** Matches the names of `writeFileAtomic`'s unfinished files. */
const UNFINISHED = /^\..+\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/

/** Removes the unfinished files that a killed program left in a folder, down to `depth` levels. */
export async function removeUnfinished(folder: string, depth: number): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isFile() && UNFINISHED.test(entry.name)) await rm(path, { force: true }).catch(() => undefined)
    else if (entry.isDirectory() && depth > 0) await removeUnfinished(path, depth - 1)
  }
}

/** Removes a file that may be missing. @throws WorkbenchError `read-only` */
export async function removeFile(file: string): Promise<void> {
  await rm(file, { force: true }).catch((error: unknown) => {
    throw writeProblem(file, error)
  })
}

/** Builds the error of a file or folder that could not be written. @param more a sentence for the end of the hint */
export function writeProblem(path: string, error: unknown, more?: string): WorkbenchError {
  const code = errorCode(error)
  // A folder that takes no files, such as /proc, gives the same error as a missing folder.
  if (code === 'ENOENT' && !existsSync(dirname(path)))
    return notFoundError(`${path} cannot be written: its folder is gone.`, 'Move it back, or choose another folder.')
  const hint = [
    isDiskFull(error)
      ? 'Free some space and try again.'
      : `Choose a ${code === 'ENAMETOOLONG' ? 'shorter name' : 'folder that you can write to'}.`,
    ...(existsSync(path) ? ['What was there before is unchanged.'] : []),
    ...(more === undefined ? [] : [more])
  ]
  const why = code === 'ENOENT' ? 'its folder takes no files' : systemWords(error)
  return new WorkbenchError('read-only', `${path} cannot be written: ${why}.`, hint.join(' '))
}

export function isDiskFull(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'ENOSPC' || code === 'EDQUOT'
}

/** Gives the system's code of an error, such as ENOENT. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

/** Flushes a folder to the disk, so that a rename survives a power failure. Some systems cannot flush folders. */
export async function flushFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    await handle.sync().finally(() => handle.close())
  } catch {
    // Windows cannot flush folders.
  }
}
