import { existsSync, readFileSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import envPaths from 'env-paths'

/** Where new projects go unless the user says otherwise; it may not exist yet. SLR_PROJECTS_DIR overrides it. */
export function projectsFolder(): string {
  return override('SLR_PROJECTS_DIR') ?? join(documentsFolder(), 'SLR Workbench')
}

/** Where the program keeps what it remembers between runs; it may not exist yet. SLR_CONFIG_DIR overrides it. */
export function configFolder(): string {
  return override('SLR_CONFIG_DIR') ?? envPaths('slr-workbench', { suffix: '' }).config
}

/** Where Hugging Face tools keep downloaded models, by the rules of huggingface_hub; it may not exist. */
export function huggingFaceCacheFolder(): string {
  const home =
    override('HF_HOME') ?? join(override('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'huggingface')
  return override('HF_HUB_CACHE') ?? join(home, 'hub')
}

/** The user's documents folder, or the home folder where there is none. */
export function documentsFolder(): string {
  const documents = (process.platform === 'linux' ? xdgDocuments() : null) ?? join(homedir(), 'Documents')
  return existsSync(documents) ? documents : homedir()
}

/** What the user typed as an absolute path; `~` is the home folder. */
export function absolutePath(typed: string): string {
  return resolve(typed.replace(/^~(?=$|[/\\])/, () => homedir()))
}

/** A file of results that the user typed: people keep them behind links too, which are read in no project. */
export async function resultPath(typed: string): Promise<string> {
  const file = absolutePath(typed)
  // Of what is missing, reading complains.
  return realpath(file).catch(() => file)
}

/** org/name, as the Hugging Face Hub calls models. */
export const HUB_ID = /^\w[\w.-]*\/[\w.-]+$/

/** What the user typed for a model as an absolute path: its folder, or its name in the Hugging Face cache, such as Qwen/Qwen3-0.6B. */
export function modelPath(typed: string): string {
  const folder = absolutePath(typed)
  if (!HUB_ID.test(typed) || existsSync(folder)) return folder
  const cached = join(huggingFaceCacheFolder(), `models--${typed.replace('/', '--')}`)
  return existsSync(cached) ? cached : folder
}

/** Linux desktops translate "Documents" and write the name down, as XDG_DOCUMENTS_DIR="$HOME/Dokumente". */
function xdgDocuments(): string | null {
  const file = join(override('XDG_CONFIG_HOME') ?? join(homedir(), '.config'), 'user-dirs.dirs')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return null
  }
  const value = /^\s*XDG_DOCUMENTS_DIR="(.+)"/m.exec(text)?.[1]
  return value === undefined ? null : resolve(value.replace(/^\$HOME(?=$|\/)/, () => homedir()))
}

function override(variable: string): string | null {
  const value = process.env[variable]
  return value === undefined || value === '' ? null : absolutePath(value)
}
