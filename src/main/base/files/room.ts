import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { WorkbenchError } from '../../../contract/model/problem'
import { formatBytes } from '../../../contract/words/format'
import { isFolder } from './path-kinds'

/** What any result takes at least, with what the file system keeps of its files. */
export const LEAST_RESULT_BYTES = 64_000

/** Bytes that the disk of a folder still takes of this user; null where its file system does not say, as some on networks. */
export async function freeBytes(folder: string): Promise<number | null> {
  const { bavail, bsize, blocks } = await statfs(folder)
  return blocks === 0 ? null : bavail * bsize
}

/**
 * Asks before work begins whether its disk has room for what comes of it.
 *
 * @param path what is written: a file that may not exist yet, or a folder
 * @param bytes about what it takes
 * @throws WorkbenchError `read-only` when it does not fit
 */
export async function requireRoom(path: string, bytes: number): Promise<void> {
  requireFits(path, bytes, await freeAt(path))
}

/** As {@link requireRoom}, of a disk that was asked already. */
export function requireFits(path: string, bytes: number, free: number | null): void {
  if (free === null || bytes <= free) return
  throw new WorkbenchError(
    'read-only',
    `${path} cannot be written: it takes about ${formatBytes(bytes)}, and its disk has ${formatBytes(free)} free.`,
    'Free some space, or choose a folder on another disk.'
  )
}

/** What to say where a result may not fit, as much as it can take at most; null where it fits. */
export async function roomNotice(path: string, mostBytes: number): Promise<string | null> {
  const free = await freeAt(path)
  if (free === null || mostBytes <= free) return null
  return `${path} can take up to ${formatBytes(mostBytes)}, and its disk has ${formatBytes(free)} free: free some space while this runs.`
}

/** Of the nearest folder that is there: others are made in it. */
async function freeAt(path: string): Promise<number | null> {
  if (await isFolder(path)) return freeBytes(path)
  const around = dirname(path)
  return around === path ? null : freeAt(around)
}
