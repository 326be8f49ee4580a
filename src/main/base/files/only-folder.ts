import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { elementAt } from '../../../contract/model/look-up'
import { inputError, type WorkbenchError } from '../../../contract/model/problem'
import { absolutePath } from './paths'
import { isWithin } from './within'
import { parseJson } from './bounded-json'

/* Implements `--only FOLDER`: the program reads and writes only in that folder, and reads its own files. */

/** Environment variable with the allowed folders as JSON, so that child processes are restricted too. */
const ONLY_VARIABLE = 'SLR_ONLY_DIRS'
const Folders = z.array(z.string()).min(1)

/** Restricts this process, and all processes that it starts later, to a folder and to the program's own folders. */
export function restrictTo(folder: string, programFolders: readonly string[]): void {
  process.env[ONLY_VARIABLE] = JSON.stringify([folder, ...programFolders])
}

/** Gives the allowed folders as passed to child processes; empty without a restriction. */
export const restrictionText = (): string => process.env[ONLY_VARIABLE] ?? ''

/** Lists the allowed folders; null without a restriction. */
function allowedFolders(): string[] | null {
  const stored = restrictionText()
  return stored === '' ? null : Folders.parse(parseJson(stored, ONLY_VARIABLE))
}

/** Reports whether a path may be read, with links followed. */
async function isAllowed(path: string): Promise<boolean> {
  const folders = allowedFolders()
  if (folders === null) return true
  const target = await resolveLinks(absolutePath(path))
  for (const folder of folders) if (isWithin(await resolveLinks(folder), target)) return true
  return false
}

/** Selects the entries that may be read; see {@link isAllowed}. */
export async function filterAllowed<T>(list: readonly T[], pathOf: (entry: T) => string): Promise<T[]> {
  const allowed = await Promise.all(list.map((entry) => isAllowed(pathOf(entry))))
  return list.filter((_, i) => allowed[i] === true)
}

/** Refuses a path that may not be read; see {@link isAllowed}. @throws WorkbenchError `bad-input` */
export async function requireAllowed(path: string): Promise<void> {
  const folders = allowedFolders()
  if (folders !== null && !(await isAllowed(path))) throw outsideError(path, elementAt(folders, 0, 'folder'))
}

/** Refuses a path that leads out of a folder, by `..` or by links. @throws WorkbenchError `bad-input` */
export async function requireWithin(folder: string, path: string): Promise<void> {
  if (!(await liesWithin(folder, path))) throw outsideError(path, folder)
}

/** Reports whether a path leads into a folder. Links are followed. */
export async function liesWithin(folder: string, path: string): Promise<boolean> {
  return isWithin(await resolveLinks(folder), await resolveLinks(absolutePath(path)))
}

function outsideError(path: string, folder: string): WorkbenchError {
  return inputError(
    `${path} lies outside ${folder}.`,
    'This workbench was started with --only: it reads and writes only in that folder.'
  )
}

/** Resolves a path with links followed; for a missing path, its folder is resolved. */
async function resolveLinks(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(await resolveLinks(parent), basename(path))
  }
}
