import { homedir } from 'node:os'
import { z } from 'zod'
import { inputError } from '../../../contract/model/problem'
import { configFolder, huggingFaceCacheFolder, projectsFolder } from './paths'
import { UserFile } from './user-file'

export const addedModelFolders = new UserFile<string[]>(
  'model-folders',
  z.array(z.string().min(1).max(4096)).max(50),
  []
)

/** Gives the machine of a Windows path such as `\\nas\models`; null for this machine. */
export function networkHost(path: string): string | null {
  const host = /^[\\/]{2}(?:[?.][\\/]UNC[\\/])?([^\\/?.][^\\/]*)/i.exec(path)?.[1]
  return host === undefined ? null : host.toLowerCase()
}

/** Refuses a path to a machine that the user has not named, because Windows sends it the user's credentials. */
export async function requireNamedHost(path: string, platform: NodeJS.Platform = process.platform): Promise<void> {
  const host = platform === 'win32' ? networkHost(path) : null
  if (host === null) return
  const userFolders = [
    homedir(),
    configFolder(),
    projectsFolder(),
    huggingFaceCacheFolder(),
    ...(await addedModelFolders.read())
  ]
  if (userFolders.some((folder) => networkHost(folder) === host)) return
  throw inputError(
    `${path} lies on another machine, ${host}, which is not contacted.`,
    'If you trust it, add a folder on it to the model folders of Start, or give it a drive letter.'
  )
}
