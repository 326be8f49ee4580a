import { copyFile, link, lstat, mkdir, readdir, rm, rmdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { errorCode, flushFolder, writeProblem } from '../../base/files/atomic-file'
import { migrateFile, readDocument } from '../../base/files/migrate'
import { PROJECT_FILE, PROJECT_FORMAT } from './project-file'
import { SWEEPS } from './sweep-store'

/*
 * Migrates projects of earlier versions. An older project.json is replaced, and a copy of the old file is kept. Before
 * version 3 a project had one pair, with its results in the project's folder. The results move to pairs/pair-1 in three
 * steps: each file is linked to its new path, project.json is replaced, and the old paths are deleted. If the program
 * is killed between two steps, all results are still where the version of project.json says.
 *
 * Functions call `beforeStep` before each change on disk. Tests throw there to imitate a crash.
 */

const RESULTS = ['sweeps', 'searches', 'checks', 'samples', 'evaluations', 'sampled-crc.json']
const FIRST_PAIR = join('pairs', 'pair-1')

/** Migrates a project whose lock is held. @returns name of the copy of an older project.json; null for none */
export async function migrateProject(folder: string, beforeStep: () => void = () => undefined): Promise<string | null> {
  const file = join(folder, PROJECT_FILE)
  const { foundVersion } = await readDocument(file, PROJECT_FORMAT)
  const moves = new Moves(folder, beforeStep)
  if (foundVersion < 3) await moves.linkIntoFirstPair()
  beforeStep()
  const { backup } = await migrateFile(file, PROJECT_FORMAT)
  await moves.removeFirstPaths()
  return backup
}

/** Folder in a project for files that a migration replaced. */
export const BACKUP = 'backup'

/** Stores each sweep as a document and a scores file. Old files go to {@link BACKUP}. @returns true if any changed */
export async function splitStoredSweeps(
  folder: string,
  pairs: readonly string[],
  beforeStep: () => void = () => undefined
): Promise<boolean> {
  let isChanged = false
  for (const pair of pairs) {
    const keep = async (file: string): Promise<void> => {
      const backup = join(folder, BACKUP, 'pairs', pair, 'sweeps')
      const copy = join(backup, basename(file))
      try {
        await mkdir(backup, { recursive: true })
        if ((await statsOf(copy)) === null) await linkOrCopy(file, copy)
        await flushFolder(backup)
      } catch (error) {
        throw writeProblem(backup, error)
      }
    }
    if (await SWEEPS.splitWholeFiles(join(folder, 'pairs', pair), keep, beforeStep)) isChanged = true
  }
  return isChanged
}

/** Moves the results of a project's only pair from the project's folder to pairs/pair-1. */
class Moves {
  constructor(
    private readonly folder: string,
    private readonly beforeStep: () => void
  ) {}

  async linkIntoFirstPair(): Promise<void> {
    const pair = join(this.folder, FIRST_PAIR)
    try {
      this.beforeStep()
      // An interrupted migration may have left some of the files.
      await rm(pair, { recursive: true, force: true })
      await mkdir(pair, { recursive: true })
      for (const name of RESULTS) await this.copy(name)
      for (const path of [pair, join(this.folder, 'pairs')]) await flushFolder(path)
    } catch (error) {
      throw writeProblem(pair, error)
    }
  }

  private async copy(path: string): Promise<void> {
    const [from, to] = this.pathsOf(path)
    const stats = await statsOf(from)
    if (stats === null) return
    if (stats.isFile()) {
      this.beforeStep()
      await linkOrCopy(from, to)
    }
    // A symbolic link may lead out of the project, so it is neither followed nor moved.
    if (!stats.isDirectory()) return
    this.beforeStep()
    await mkdir(to)
    for (const name of await readdir(from)) await this.copy(join(path, name))
    await flushFolder(to)
  }

  /** Deletes the first path of files that also have their second path. */
  async removeFirstPaths(): Promise<void> {
    for (const name of RESULTS) await this.removeCopied(name)
  }

  private async removeCopied(path: string): Promise<void> {
    const [from, to] = this.pathsOf(path)
    const [stats, kept] = await Promise.all([statsOf(from), statsOf(to)])
    if (stats === null || kept === null) return
    if (stats.isFile() && kept.isFile() && stats.size === kept.size) {
      this.beforeStep()
      await rm(from, { force: true })
    }
    if (!stats.isDirectory()) return
    for (const name of await readdir(from)) await this.removeCopied(join(path, name))
    this.beforeStep()
    // A folder with other files stays.
    await rmdir(from).catch(() => undefined)
  }

  private pathsOf(path: string): [string, string] {
    return [join(this.folder, path), join(this.folder, FIRST_PAIR, path)]
  }
}

async function statsOf(path: string): Promise<Awaited<ReturnType<typeof lstat>> | null> {
  try {
    return await lstat(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

/** Links a file to a second path, because sweeps are large. Copies it if the file system has no hard links. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch {
    await copyFile(from, to)
  }
}
