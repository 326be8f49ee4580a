import { mkdir } from 'node:fs/promises'
import { notFoundError } from '../../../contract/model/problem'
import { readUserConfig } from '../../base/config-file'
import { formatJson } from '../../base/files/json-format'
import { AddedFolders, addedFoldersFile, addedModelFolders } from '../../base/files/network-path'
import { filterAllowed } from '../../base/files/only-folder'
import { isFolder } from '../../base/files/path-kinds'
import { SerialQueue } from '../../base/files/serial-queue'
import { writeFileAtomic } from '../../base/files/atomic-file'
import { absolutePath, configFolder, huggingFaceCacheFolder } from '../../base/files/paths'

/** A change reads and writes the list, so changes run one at a time. */
const changes = new SerialQueue()

/** Lists the folders that are searched for models: the cache, those added in the window, and the configured ones. */
export async function modelFolders(): Promise<string[]> {
  const configured = (await readUserConfig()).modelFolders.map((folder) => absolutePath(folder))
  const folders = new Set([huggingFaceCacheFolder(), ...(await addedModelFolders()), ...configured])
  return filterAllowed([...folders], (folder) => folder)
}

export async function addModelFolder(typed: string): Promise<void> {
  const folder = absolutePath(typed)
  if (!(await isFolder(folder))) throw notFoundError(`There is no folder ${folder}.`)
  await change((folders) => [...folders.filter((other) => other !== folder), folder])
}

export async function removeModelFolder(folder: string): Promise<void> {
  await change((folders) => folders.filter((other) => other !== folder))
}

async function change(edit: (folders: string[]) => string[]): Promise<void> {
  await changes.run(async () => {
    const folders = AddedFolders.parse(edit(await addedModelFolders()))
    await mkdir(configFolder(), { recursive: true })
    await writeFileAtomic(addedFoldersFile(), formatJson(folders))
  })
}
