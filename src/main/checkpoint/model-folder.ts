import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { isRoleName } from '../../contract/model/called-after'
import { WorkbenchError } from '../../contract/model/problem'
import { errorMessage, readTextFile } from '../base/files/bounded-file'
import { HUB_ID, huggingFaceCacheFolder } from '../base/files/places'
import { requireNamedHost } from '../base/files/network-path'
import { requireAllowed } from '../base/files/only-folder'
import { adapterProblem } from './adapter-folder'
import { isMissing } from './weight-file'

/** How the Hugging Face cache names a model's folder: models--org--name. */
const CACHE_PREFIX = 'models--'

/**
 * The folder that holds a model's config.json: the given one, or, for a Hugging Face cache folder
 * (`models--org--name`), the snapshot that its `refs/main` names, or else the newest.
 *
 * @returns an absolute path
 * @throws WorkbenchError `not-found` or `bad-input` saying what was looked for
 */
export async function resolveModelFolder(path: string): Promise<string> {
  const folder = resolve(path)
  await requireNamedHost(folder)
  await requireAllowed(folder)
  const kind = await kindOf(folder)
  if (kind === 'missing') {
    throw new WorkbenchError('not-found', `There is no folder ${folder}.`, notCached(folder))
  }
  if (kind === 'other') {
    throw new WorkbenchError(
      'bad-input',
      `${folder} is not a folder.`,
      'Choose the folder of the model, the one that holds config.json.'
    )
  }
  if ((await kindOf(join(folder, 'config.json'))) !== 'missing') return folder
  const snapshots = join(folder, 'snapshots')
  if (basename(folder).startsWith(CACHE_PREFIX) && (await kindOf(snapshots)) === 'folder') {
    return newestSnapshot(folder, snapshots)
  }
  throw (
    adapterProblem(folder, await readdir(folder)) ??
    new WorkbenchError(
      'not-found',
      `${folder} is not a model folder: it has no config.json.`,
      'Choose the folder that holds config.json and the .safetensors files, or a models--… folder of the Hugging Face cache.'
    )
  )
}

/** What to do about a folder that is not there, where a name of the Hub was meant; undefined where none can have been. */
function notCached(folder: string): string | undefined {
  const id = relative(process.cwd(), folder).split(sep).join('/')
  if (!HUB_ID.test(id)) return undefined
  return `Nor is ${id} in the Hugging Face cache, ${huggingFaceCacheFolder()}. Nothing is downloaded: fetch it there with the Hub's own tools, or choose a folder.`
}

/** What people call the model: org/name in the Hugging Face cache, elsewhere the folder's name. */
export function modelName(folder: string): string {
  const cacheFolder = basename(dirname(dirname(folder)))
  const isSnapshot = basename(dirname(folder)) === 'snapshots' && cacheFolder.startsWith(CACHE_PREFIX)
  return isSnapshot ? cacheFolder.slice(CACHE_PREFIX.length).split('--').join('/') : basename(folder)
}

/** The same, told apart from other models: behind the folder above where it says only what the model is in its pair. */
export function fullModelName(folder: string): string {
  const name = modelName(folder)
  const above = basename(dirname(folder))
  return isRoleName(name) && above !== '' ? `${above}/${name}` : name
}

/**
 * The model's name for files that leave this machine: its name on the Hub where it lies in the Hugging Face cache, elsewhere the folder's,
 * behind the folder above where that says only what the model is in its pair. The name has no slash, which would make it one of the Hub.
 */
export function publicModelName(folder: string): string {
  const name = modelName(folder)
  const full = fullModelName(folder)
  return full === name ? name : full.replace('/', '-')
}

async function newestSnapshot(cacheFolder: string, snapshots: string): Promise<string> {
  const candidates: { path: string; name: string; modifiedMs: number }[] = []
  let adapter: WorkbenchError | null = null
  for (const name of await readdir(snapshots)) {
    const path = join(snapshots, name)
    if ((await kindOf(join(path, 'config.json'))) === 'missing') {
      if ((await kindOf(path)) === 'folder') adapter ??= adapterProblem(cacheFolder, await readdir(path))
      continue
    }
    candidates.push({ path, name, modifiedMs: (await stat(path)).mtimeMs })
  }
  const main = await mainRevision(cacheFolder)
  const [newest] = candidates.sort(
    (a, b) =>
      Number(b.name === main) - Number(a.name === main) ||
      b.modifiedMs - a.modifiedMs ||
      (a.name < b.name ? -1 : 1)
  )
  if (newest !== undefined) return newest.path
  throw (
    adapter ??
    new WorkbenchError(
      'not-found',
      `${cacheFolder} holds no complete model: no snapshot has a config.json.`,
      'The download may be incomplete: fetch the model again.'
    )
  )
}

const MAX_REVISION_BYTES = 1000

/** The commit that `main` stood at when the model was last fetched; null where the cache does not say. */
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
    throw new WorkbenchError('bad-file', `${path} cannot be read: ${errorMessage(error)}`)
  }
}
