import { notFoundError } from '../../../contract/model/problem'
import { readUserConfig } from '../../base/config-file'
import { addedModelFolders } from '../../base/files/network-path'
import { filterAllowed } from '../../base/files/only-folder'
import { isFolder } from '../../base/files/path-kinds'
import { absolutePath, huggingFaceCacheFolder } from '../../base/files/paths'

/** Lists the folders that are searched for models: the cache, those added in the window, and the configured ones. */
export async function modelFolders(): Promise<string[]> {
  const configured = (await readUserConfig()).modelFolders.map((folder) => absolutePath(folder))
  const folders = new Set([huggingFaceCacheFolder(), ...(await addedModelFolders.read()), ...configured])
  return filterAllowed([...folders], (folder) => folder)
}

export async function addModelFolder(typed: string): Promise<void> {
  const folder = absolutePath(typed)
  if (!(await isFolder(folder))) throw notFoundError(`There is no folder ${folder}.`)
  await addedModelFolders.change((folders) => [...folders.filter((other) => other !== folder), folder])
}

export async function removeModelFolder(folder: string): Promise<void> {
  await addedModelFolders.change((folders) => folders.filter((other) => other !== folder))
}
