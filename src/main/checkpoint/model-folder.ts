import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { isRoleName } from '../../contract/model/called-after'
import { inputError, notFoundError, type WorkbenchError } from '../../contract/model/problem'
import { readProblem, readTextFile } from '../base/files/bounded-file'
import { HUB_ID, huggingFaceCacheFolder } from '../base/files/paths'
import { requireNamedHost } from '../base/files/network-path'
import { requireAllowed } from '../base/files/only-folder'
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS } from './adapter-config'
import { adapterProblem, isAdapter } from './adapter-folder'
import { isMissing } from './weight-file'

/** Prefix of a model's folder in the Hugging Face cache: models--org--name. */
const CACHE_PREFIX = 'models--'

/**
 * Finds the folder that holds a model's config.json or an adapter. For a model's folder in the Hugging Face cache, it
 * is the snapshot that `refs/main` names, or else the newest snapshot.
 *
 * @throws WorkbenchError `not-found`, `bad-input` or `bad-file`, with advice
 */
export async function resolveModelFolder(path: string): Promise<string> {
  const folder = resolve(path)
  await requireNamedHost(folder)
  await requireAllowed(folder)
  const kind = await kindOf(folder)
  if (kind === 'missing') {
    throw notFoundError(`There is no folder ${folder}.`, downloadAdvice(folder))
  }
  if (kind === 'other') {
    throw inputError(`${folder} is not a folder.`, 'Choose the folder of the model, the one that holds config.json.')
  }
  if (await isModel(folder)) return folder
  const snapshots = join(folder, 'snapshots')
  if (basename(folder).startsWith(CACHE_PREFIX) && (await kindOf(snapshots)) === 'folder') {
    return chooseSnapshot(folder, snapshots)
  }
  throw (
    adapterProblem(folder, await readdir(folder)) ??
    notFoundError(
      `${folder} is not a model folder: it has no config.json.`,
      'Choose the folder that holds config.json and the .safetensors files, or a models--… folder of the ' +
        'Hugging Face cache.'
    )
  )
}

/** Reports whether a folder holds a model's config, or an adapter that can be read. */
async function isModel(folder: string): Promise<boolean> {
  if ((await kindOf(join(folder, 'config.json'))) !== 'missing') return true
  const files = [ADAPTER_CONFIG, ADAPTER_WEIGHTS].map((name) => kindOf(join(folder, name)))
  return (await Promise.all(files)).every((kind) => kind !== 'missing')
}

/** Returns advice for a missing folder whose path looks like a model name of the Hub; undefined otherwise. */
function downloadAdvice(folder: string): string | undefined {
  const id = relative(process.cwd(), folder).split(sep).join('/')
  if (!HUB_ID.test(id)) return undefined
  return (
    `Nor is ${id} in the Hugging Face cache, ${huggingFaceCacheFolder()}. Nothing is downloaded: fetch it there ` +
    "with the Hub's own tools, or choose a folder."
  )
}

/** Finds the folder of the tokenizer of a pair's prompts: post's, or base's for an adapter without one. */
export async function postTextFolder(folders: { readonly base: string; readonly post: string }): Promise<string> {
  const post = await resolveModelFolder(folders.post)
  const names = await readdir(post)
  return isAdapter(names) && !names.includes('tokenizer.json') ? resolveModelFolder(folders.base) : post
}

/** Returns the usual name of a model: org/name in the Hugging Face cache, otherwise the folder's name. */
export function folderModelName(folder: string): string {
  const cacheFolder = basename(dirname(dirname(folder)))
  const isSnapshot = basename(dirname(folder)) === 'snapshots' && cacheFolder.startsWith(CACHE_PREFIX)
  return isSnapshot ? cacheFolder.slice(CACHE_PREFIX.length).split('--').join('/') : basename(folder)
}

/** Returns the name of a model, with its parent folder if the name only says its role in a pair, such as "base". */
export function fullModelName(folder: string): string {
  const name = folderModelName(folder)
  const parentFolder = basename(dirname(folder))
  return isRoleName(name) && parentFolder !== '' ? `${parentFolder}/${name}` : name
}

/** Returns the model's name for files that leave this machine, without a path. */
export function publicModelName(folder: string): string {
  const name = folderModelName(folder)
  const full = fullModelName(folder)
  return full === name ? name : full.replace('/', '-')
}

/** Chooses the snapshot of `refs/main`, or else the one that was changed last. */
async function chooseSnapshot(cacheFolder: string, snapshots: string): Promise<string> {
  const candidates: { path: string; name: string; modifiedMs: number }[] = []
  let adapter: WorkbenchError | null = null
  for (const name of await readdir(snapshots)) {
    const path = join(snapshots, name)
    if (!(await isModel(path))) {
      if ((await kindOf(path)) === 'folder') adapter ??= adapterProblem(cacheFolder, await readdir(path))
      continue
    }
    candidates.push({ path, name, modifiedMs: (await stat(path)).mtimeMs })
  }
  const main = await mainRevision(cacheFolder)
  const [newest] = candidates.sort(
    (a, b) =>
      Number(b.name === main) - Number(a.name === main) || b.modifiedMs - a.modifiedMs || (a.name < b.name ? -1 : 1)
  )
  if (newest !== undefined) return newest.path
  throw (
    adapter ??
    notFoundError(
      `${cacheFolder} holds no complete model: no snapshot has a config.json.`,
      'The download may be incomplete: fetch the model again.'
    )
  )
}

const MAX_REVISION_BYTES = 1000

/** Reads the commit of `main` when the model was last fetched; null if the cache does not contain it. */
async function mainRevision(cacheFolder: string): Promise<string | null> {
  try {
    return (await readTextFile(join(cacheFolder, 'refs', 'main'), MAX_REVISION_BYTES)).trim()
  } catch {
    return null
  }
}

async function kindOf(path: string): Promise<'folder' | 'other' | 'missing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'other'
  } catch (error) {
    if (isMissing(error)) return 'missing'
    throw readProblem(path, error)
  }
}
