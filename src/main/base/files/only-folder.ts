import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { elementAt } from '../../../contract/model/look-up'
import { WorkbenchError } from '../../../contract/model/problem'
import { absolutePath } from './places'
import { isWithin } from './within'
import { parseJson } from './bounded-json'

/** An environment variable, so that the processes which this one starts keep to the folder as well: the folders as JSON. */
const ONLY_VARIABLE = 'SLR_ONLY_DIRS'
const Folders = z.array(z.string()).min(1)

/**
 * Keeps this process, and those that it starts from now on, to a folder: see {@link requireAllowed}.
 *
 * @param folder absolute
 * @param own folders of the program's own that are read too
 */
export function keepTo(folder: string, own: readonly string[]): void {
  process.env[ONLY_VARIABLE] = JSON.stringify([folder, ...own])
}

/** The folders that it keeps to, as the processes hear of them; empty where anything may be read. */
export const keepsTo = (): string => process.env[ONLY_VARIABLE] ?? ''

/** Null where anything may be read. */
function keptTo(): string[] | null {
  const stored = keepsTo()
  return stored === '' ? null : Folders.parse(parseJson(stored, ONLY_VARIABLE))
}

/**
 * Whether what is in a place may be read: anywhere, unless this program keeps to a folder; then there, links followed, and among
 * the program's own files.
 */
async function isAllowed(path: string): Promise<boolean> {
  const folders = keptTo()
  if (folders === null) return true
  const asked = await realPlace(absolutePath(path))
  for (const folder of folders) if (isWithin(await realPlace(folder), asked)) return true
  return false
}

/** Those of a list that lie where may be read, see {@link isAllowed}. */
export async function allowedOf<T>(list: readonly T[], placeOf: (entry: T) => string): Promise<T[]> {
  const allowed = await Promise.all(list.map((entry) => isAllowed(placeOf(entry))))
  return list.filter((_, i) => allowed[i] === true)
}

/** @throws WorkbenchError `bad-input` for a place that this program does not read, see {@link isAllowed} */
export async function requireAllowed(path: string): Promise<void> {
  const folders = keptTo()
  if (folders !== null && !(await isAllowed(path))) throw outside(path, elementAt(folders, 0, 'folder'))
}

/** @throws WorkbenchError `bad-input` when a path leads out of a folder, by `..` or by links too */
export async function requireWithin(folder: string, path: string): Promise<void> {
  if (!(await liesWithin(folder, path))) throw outside(path, folder)
}

/** Reports whether a path leads into a folder. Links are followed. */
export async function liesWithin(folder: string, path: string): Promise<boolean> {
  return isWithin(await realPlace(folder), await realPlace(absolutePath(path)))
}

function outside(path: string, folder: string): WorkbenchError {
  return new WorkbenchError(
    'bad-input',
    `${path} lies outside ${folder}.`,
    'This workbench was started with --only: it reads and writes in that folder alone.'
  )
}

/** Where a path leads when links are followed; of what is not there, its folder. */
async function realPlace(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(await realPlace(parent), basename(path))
  }
}
