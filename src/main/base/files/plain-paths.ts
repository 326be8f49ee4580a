import { lstat, mkdir } from 'node:fs/promises'
import { fileError, notFoundError } from '../../../contract/model/problem'
import { readProblem } from './bounded-file'
import { errorCode, writeProblem } from './atomic-file'

/* Checks of paths in project folders. Projects come from other people, and a link in one could lead to any file. */

/** Requires an ordinary file. @throws WorkbenchError `not-found`; `bad-file` when it is a link or no file */
export async function requirePlainFile(file: string): Promise<void> {
  if (!(await hasPlainFile(file))) throw notFoundError(`There is no file ${file}.`)
}

/** Reports whether the file exists. @throws WorkbenchError `bad-file` when it is a link or no file */
export async function hasPlainFile(file: string): Promise<boolean> {
  return (await plainFileStats(file)) !== null
}

interface PlainFileState {
  readonly bytes: number
  readonly modifiedMs: number
  readonly state: string
}

/** Reads the state of a file; null if it does not exist. @throws WorkbenchError `bad-file` for a link or a folder */
export async function plainFileState(file: string): Promise<PlainFileState | null> {
  const stats = await plainFileStats(file)
  if (stats === null) return null
  const { size, mtimeMs, ctimeMs, ino } = stats
  return { bytes: Number(size), modifiedMs: Number(mtimeMs), state: `${size} ${mtimeMs} ${ctimeMs} ${ino}` }
}

async function plainFileStats(file: string): ReturnType<typeof lstatOrNull> {
  const stats = await lstatOrNull(file)
  if (stats !== null && !stats.isFile()) {
    throw fileError(
      stats.isDirectory()
        ? `${file} is not an ordinary file but a folder.`
        : `${file} is not an ordinary file; links and devices are not read.`
    )
  }
  return stats
}

/** Reports whether the folder exists. @throws WorkbenchError `bad-file` when it is a link or no folder */
export async function hasPlainFolder(folder: string): Promise<boolean> {
  const stats = await lstatOrNull(folder)
  if (stats !== null && !stats.isDirectory()) {
    throw fileError(`${folder} is not an ordinary folder; a project holds no links.`)
  }
  return stats !== null
}

/** Creates the folder unless it exists. @throws WorkbenchError `bad-file`, `read-only` */
export async function ensurePlainFolder(folder: string): Promise<void> {
  if (await hasPlainFolder(folder)) return
  try {
    await mkdir(folder)
  } catch (error) {
    throw writeProblem(folder, error)
  }
}

async function lstatOrNull(path: string): Promise<Awaited<ReturnType<typeof lstat>> | null> {
  try {
    return await lstat(path)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw readProblem(path, error)
  }
}
