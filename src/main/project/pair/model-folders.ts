import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readJsonFile } from '../../base/files/bounded-file'
import { formatJson } from '../../base/files/json-format'
import { allowedOf } from '../../base/files/only-folder'
import { SerialQueue } from '../../base/files/serial-queue'
import { writeFileAtomic } from '../../base/files/atomic-file'
import { absolutePath, configFolder, huggingFaceCacheFolder } from '../../base/files/places'

const MAX_FILE_BYTES = 100_000
const Folders = z.array(z.string().min(1).max(4096)).max(50)

/** A change reads the list and writes it back; two at a time would lose one. */
const changes = new SerialQueue()

/** Where models are looked for: the Hugging Face cache, and the folders that the user has added, of these what may be read. */
export async function modelFolders(): Promise<string[]> {
  return allowedOf([huggingFaceCacheFolder(), ...(await addedModelFolders())], (folder) => folder)
}

/** A list that cannot be read counts as empty: folders can be added again. */
export async function addedModelFolders(): Promise<string[]> {
  const stored = await readJsonFile(listFile(), MAX_FILE_BYTES).catch(() => [])
  return Folders.safeParse(stored).data ?? []
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
    const folders = Folders.parse(edit(await addedModelFolders()))
    await mkdir(configFolder(), { recursive: true })
    await writeFileAtomic(listFile(), formatJson(folders))
  })
}

const listFile = (): string => join(configFolder(), 'model-folders.json')
