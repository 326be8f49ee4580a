import { readdir, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProgressFiles } from './saved-sweep-progress'
import { ensurePlainFolder, hasPlainFolder } from '../../base/files/plain-paths'

/** A folder that holds only saved progress, a file `<name>.checkpoint` for each sweep. */
export interface ProgressFolder extends ProgressFiles {
  readonly path: string
  clear(): Promise<void>
}

/**
 * Opens a folder of progress.
 * @param folders its parents, then itself
 * @param mostFiles with more, the oldest is removed
 */
export function progressFolder(folders: readonly [string, ...string[]], mostFiles: number): ProgressFolder {
  const path = folders.at(-1) ?? folders[0]
  const list = async (): Promise<string[]> => {
    for (const folder of folders) if (!(await hasPlainFolder(folder))) return []
    const names = await readdir(path)
    return names.filter((name) => /^[^.].*\.checkpoint$/.test(name)).map((name) => join(path, name))
  }
  return {
    path,
    owned: true,
    list,
    async fileFor(name) {
      for (const folder of folders) await ensurePlainFolder(folder)
      const file = join(path, `${name}.checkpoint`)
      const others = (await list()).filter((other) => other !== file)
      const dated = await Promise.all(others.map(async (path) => ({ path, modifiedMs: (await stat(path)).mtimeMs })))
      const newestFirst = dated.sort((a, b) => b.modifiedMs - a.modifiedMs)
      for (const { path } of newestFirst.slice(mostFiles - 1)) await rm(path, { force: true })
      return file
    },
    async clear() {
      for (const file of await list()) await rm(file, { force: true })
      // Other files in the folder stay, and the folder with them.
      await rmdir(path).catch(() => undefined)
    }
  }
}
