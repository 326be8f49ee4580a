import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { WorkbenchError } from '../../../contract/model/problem'
import { formatBytes } from '../../../contract/words/format'
import { isFolder } from './path-kinds'

/* Checks that a disk has room for a result. */

/** Bytes that even the smallest result takes, including the file system's overhead. */
export const MIN_RESULT_BYTES = 64_000

/** Reads the free bytes of a folder's disk for this user; null if its file system does not report them. */
export async function freeBytes(folder: string): Promise<number | null> {
  const { bavail, bsize, blocks } = await statfs(folder)
  return blocks === 0 ? null : bavail * bsize
}

/** Checks before work that the disk has room for its result. @throws WorkbenchError `read-only` with both sizes */
export async function requireRoom(path: string, bytes: number): Promise<void> {
  requireFits(path, bytes, await freeAt(path))
}

/** Checks as {@link requireRoom} does, with a known number of free bytes, of which a reserve stays free. */
export function requireFits(path: string, bytes: number, free: number | null, reserveBytes = 0): void {
  if (free === null || bytes + reserveBytes <= free) return
  const reserve = reserveBytes === 0 ? '' : ` and ${formatBytes(reserveBytes)} in reserve`
  throw new WorkbenchError(
    'read-only',
    `${path} cannot be written: it takes about ${formatBytes(bytes)}${reserve}, ` +
      `and its disk has ${formatBytes(free)} free.`,
    'Free some space, or choose a folder on another disk.'
  )
}

/** Returns a warning if the largest possible result does not fit on the disk; null if it fits. */
export async function roomNotice(path: string, maxBytes: number): Promise<string | null> {
  const free = await freeAt(path)
  if (free === null || maxBytes <= free) return null
  return (
    `${path} can take up to ${formatBytes(maxBytes)}, and its disk has ${formatBytes(free)} free: ` +
    'free some space while this runs.'
  )
}

/** Reads the free bytes for a path that may not exist yet, at the nearest folder that does. */
async function freeAt(path: string): Promise<number | null> {
  if (await isFolder(path)) return freeBytes(path)
  const parent = dirname(path)
  return parent === path ? null : freeAt(parent)
}
