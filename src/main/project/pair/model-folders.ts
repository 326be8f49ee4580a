import { mkdir } from 'node:fs/promises'
import { formatJson } from '../../base/files/json-format'
import { AddedFolders, addedFoldersFile, addedModelFolders } from '../../base/files/network-path'
import { filterAllowed } from '../../base/files/only-folder'
import { SerialQueue } from '../../base/files/serial-queue'
import { writeFileAtomic } from '../../base/files/atomic-file'
import { absolutePath, configFolder, huggingFaceCacheFolder } from '../../base/files/places'

/** A change reads the list and writes it back; two at a time would lose one. */
const changes = new SerialQueue()

/** Where models are looked for: the Hugging Face cache, and the folders that the user has added, of these what may be read. */
export async function modelFolders(): Promise<string[]> {
  return filterAllowed([huggingFaceCacheFolder(), ...(await addedModelFolders())], (folder) => folder)
}

/** @throws the system's error when the list cannot be written */
export async function addModelFolder(typed: string): Promise<void> {
  const folder = absolutePath(typed)
  await change((folders) => [...folders.filter((other) => other !== folder), folder])
}

/** @throws as {@link addModelFolder} */
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
