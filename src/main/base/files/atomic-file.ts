import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { WorkbenchError } from '../../../contract/model/problem'
import { errorMessage } from './bounded-file'

/**
 * Writes a whole file or nothing: into a new file beside it, flushed to the disk, then renamed over the old one.
 * A link at `file` is replaced, never written through.
 *
 * Why not a library: `atomically` and `write-file-atomic` issue one write and ignore how many bytes it took, so on a disk
 * that fills up they rename a cut-off file over the good one; both also follow links, out of a project that someone
 * sent, and `atomically` deletes its unfinished file on Ctrl-C even while the program is still saving.
 *
 * @param text whole, or in pieces
 * @param mode who may use it; by default what the system gives new files
 * @throws WorkbenchError `read-only` when it cannot be written, `not-found` when its folder is gone; the old file stays
 */
export async function writeFileAtomic(
  file: string,
  text: string | AsyncIterable<string>,
  mode?: number
): Promise<void> {
  const unfinished = join(dirname(file), `.${basename(file)}.${randomUUID()}.tmp`)
  try {
    // 'wx' never opens what is already there, such as a planted link.
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

/**
 * Finds out whether {@link writeFileAtomic} could write a file, by a file beside it that is gone again: what the system allows does
 * not say of every folder whether it takes files, such as /proc.
 *
 * @throws WorkbenchError as `writeFileAtomic`
 */
export async function requireWritable(file: string): Promise<void> {
  const tried = join(dirname(file), `.${basename(file)}.${randomUUID()}.tmp`)
  try {
    await (await open(tried, 'wx')).close()
    await rm(tried)
  } catch (error) {
    throw writeProblem(file, error)
  }
}

/** As `writeFileAtomic` names what it has not finished. */
const UNFINISHED = /^\..+\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/

/**
 * Removes what was left unfinished in a folder when the program was killed. Nobody else may be writing there.
 *
 * @param depth of folders in it that are looked into as well; links are not followed
 */
export async function removeUnfinished(folder: string, depth: number): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isFile() && UNFINISHED.test(entry.name)) await rm(path, { force: true }).catch(() => undefined)
    else if (entry.isDirectory() && depth > 0) await removeUnfinished(path, depth - 1)
  }
}

/**
 * What to tell about a file or folder that could not be written.
 *
 * @param more what else is to be known, such as a file of the program's own that takes room
 */
export function writeProblem(path: string, error: unknown, more?: string): WorkbenchError {
  const code = errorCode(error)
  // Where a folder takes no files, such as /proc, the system says the same as where there is none.
  if (code === 'ENOENT' && !existsSync(dirname(path)))
    return new WorkbenchError('not-found', `${path} cannot be written: its folder is gone.`)
  const hint = [
    isDiskFull(error) ? 'Free some space and try again.' : 'Choose a folder that you can write to.',
    ...(existsSync(path) ? ['What was there before is unchanged.'] : []),
    ...(more === undefined ? [] : [more])
  ]
  return new WorkbenchError('read-only', `${path} cannot be written: ${systemWords(error)}.`, hint.join(' '))
}

/** Whether there is no room left, on the disk or for this user. */
export function isDiskFull(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'ENOSPC' || code === 'EDQUOT'
}

/** What the system says, without the path that it says it of: that is of an unfinished file beside the one that is meant. */
const systemWords = (error: unknown): string =>
  errorCode(error) === 'ENOENT'
    ? 'its folder takes no files'
    : errorMessage(error).replace(/, \w+( '.*)?$/s, '')

/** The system's name of an error, such as ENOENT. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

/**
 * The rename itself survives a power cut only once its folder is on the disk. Windows and some network drives cannot flush
 * folders; there the old file may come back, which is whole as well.
 */
export async function flushFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    await handle.sync().finally(() => handle.close())
  } catch {
    // See above.
  }
}
