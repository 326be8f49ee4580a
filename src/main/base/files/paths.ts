import { existsSync, readFileSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import envPaths from 'env-paths'
import { inputError } from '../../../contract/model/problem'

/** Default folder of new projects; it may not exist yet. SLR_PROJECTS_DIR overrides it. */
export function projectsFolder(): string {
  return override('SLR_PROJECTS_DIR') ?? join(documentsFolder(), 'SLR Workbench')
}

/** Folder of the program's own settings; it may not exist yet. SLR_CONFIG_DIR overrides it. */
export function configFolder(): string {
  return override('SLR_CONFIG_DIR') ?? envPaths('slr-workbench', { suffix: '' }).config
}

/** Folder of models downloaded by Hugging Face tools, by the rules of huggingface_hub; it may not exist. */
export function huggingFaceCacheFolder(): string {
  const home = override('HF_HOME') ?? join(override('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'huggingface')
  return override('HF_HUB_CACHE') ?? join(home, 'hub')
}

/** The user's documents folder, or the home folder if there is none. */
export function documentsFolder(): string {
  const documents = (process.platform === 'linux' ? xdgDocuments() : null) ?? join(homedir(), 'Documents')
  return existsSync(documents) ? documents : homedir()
}

/** Converts the user's input to an absolute path, from `folder` on; `~` is the home folder. @throws WorkbenchError */
export function absolutePath(typed: string, folder = '.'): string {
  if (typed.includes('\0')) {
    throw inputError(`${typed.replaceAll('\0', '\uFFFD')} holds a NUL character: no file has one in its name.`)
  }
  return resolve(
    folder,
    typed.replace(/^~(?=$|[/\\])/, () => homedir())
  )
}

/** Resolves a result file that the user named. Unlike files in projects, it may be behind links. */
export async function resultPath(typed: string): Promise<string> {
  const file = absolutePath(typed)
  // Reading reports a missing file.
  return realpath(file).catch(() => file)
}

/** Matches org/name, the form of model names on the Hugging Face Hub. */
export const HUB_ID = /^\w[\w.-]*\/[\w.-]+$/

/** Characters that are read of a file of the cache that holds a commit. */
const MAX_REFERENCE = 1_000

/** Converts the user's input for a model, a folder or a cached org/name[@revision], to an absolute path. */
export function modelPath(typed: string, folder?: string): string {
  const path = absolutePath(typed, folder)
  const named = /^([^@]+)(?:@(\w[\w./-]*))?$/.exec(typed)
  if (named === null || existsSync(path)) return path
  const [, id, revision] = named
  if (id === undefined) return path
  return cachedModelFolder(id, revision) ?? path
}

/**
 * Returns the folder of a model in the Hugging Face cache by its name org/name; null if the model is not cached.
 * @param revision branch, tag or commit; undefined for the folder above all revisions
 */
export function cachedModelFolder(id: string, revision: string | undefined): string | null {
  if (!HUB_ID.test(id)) return null
  const cached = join(huggingFaceCacheFolder(), `models--${id.replace('/', '--')}`)
  if (!existsSync(cached)) return null
  return revision === undefined ? cached : join(cached, 'snapshots', commitOf(cached, revision))
}

/** Returns the commit that a revision names in the cache; the revision itself if the cache does not know its commit. */
function commitOf(cached: string, revision: string): string {
  // An adapter's file may name any text, also one that leads out of the cache.
  const name = revision.replaceAll(/^\.+|[^\w.-]/g, '-')
  if (!/^\w[\w./-]*$/.test(revision) || revision.split('/').includes('..')) return name
  try {
    const commit = readFileSync(join(cached, 'refs', ...revision.split('/')), 'utf8')
      .slice(0, MAX_REFERENCE)
      .trim()
    return /^[\w-]+$/.test(commit) ? commit : name
  } catch {
    return name
  }
}

/** Reads the translated documents folder of Linux desktops, as in XDG_DOCUMENTS_DIR="$HOME/Dokumente". */
function xdgDocuments(): string | null {
  const file = join(override('XDG_CONFIG_HOME') ?? join(homedir(), '.config'), 'user-dirs.dirs')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return null
  }
  const value = /^[ \t]*XDG_DOCUMENTS_DIR="(.+)"/m.exec(text)?.[1]
  return value === undefined ? null : resolve(value.replace(/^\$HOME(?=$|\/)/, () => homedir()))
}

/** Reads a path from an environment variable; null if the variable is unset or empty. */
function override(variable: string): string | null {
  const value = process.env[variable]
  return value === undefined || value === '' ? null : absolutePath(value)
}
