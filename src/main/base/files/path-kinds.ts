import { stat } from 'node:fs/promises'

/** Whether there is a folder, or a link to one, that may be looked up. */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}

/** Whether there is a file, or a link to one, that may be looked up. */
export async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
