import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errorCode, flushFolder, writeProblem } from '../base/files/atomic-file'
import { acquireLock, type Lock } from '../base/files/lock'

/**
 * An export is written into a staging folder beside its target, which a rename turns into the target. These hidden
 * entries exist beside a target `NAME` during an export:
 *
 * - `.NAME.slr-export.lock` names the process that exports.
 * - `.NAME.slr-export-ID` is the incomplete export.
 * - `.NAME.slr-replaced-ID` is the earlier folder while it is replaced.
 *
 * A replacement takes two renames, because no portable call swaps two folders. If the process is killed between
 * them, the next export renames the earlier folder back. A replaced folder is kept as `NAME.replaced`, or with a
 * number, because it may hold the only copy of its files.
 */
export class Staging {
  private constructor(
    private readonly target: string,
    /** The staging folder, which receives the files. */
    readonly path: string,
    private readonly lock: Lock
  ) {}

  /** Removes the remains of a killed export to the same target, and creates a new folder. */
  static async open(target: string): Promise<Staging> {
    const path = hiddenPath(target, `export-${randomUUID()}`)
    const lock = await lockTarget(target)
    try {
      await cleanUp(target)
      await mkdir(path)
      return new Staging(target, path, lock)
    } catch (error) {
      lock.release()
      throw writeProblem(target, error)
    }
  }

  /**
   * Renames the staging folder to the target.
   *
   * @param replace true to replace a model; false if the target is missing or empty.
   * @returns the path where the replaced folder is kept; null if none was replaced
   */
  async commit(replace: boolean): Promise<string | null> {
    const replaced = hiddenPath(this.target, `replaced-${randomUUID()}`)
    try {
      await flushFolder(this.path)
      if (!replace) await removeEmpty(this.target)
      const hadTarget = replace && (await renameIfThere(this.target, replaced))
      try {
        await rename(this.path, this.target)
      } catch (error) {
        if (hadTarget) await rename(replaced, this.target)
        throw error
      }
      const replacedFolder = hadTarget ? await keepReplaced(replaced, this.target) : null
      await flushFolder(dirname(this.target))
      return replacedFolder
    } catch (error) {
      throw writeProblem(this.target, error)
    }
  }

  /** Ends the export, and removes the staging folder and the lock. */
  async close(): Promise<void> {
    await rm(this.path, { recursive: true, force: true }).catch(() => undefined)
    this.lock.release()
  }
}

function hiddenPath(target: string, suffix: string): string {
  return join(dirname(target), `.${basename(target)}.slr-${suffix}`)
}

async function lockTarget(target: string): Promise<Lock> {
  try {
    return await acquireLock(hiddenPath(target, 'export.lock'), {
      path: target,
      advice: 'Wait until that export has ended, or choose another folder.'
    })
  } catch (error) {
    throw errorCode(error) === null ? error : writeProblem(target, error)
  }
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const LEFTOVER = new RegExp(`^(.+)\\.slr-(export|replaced)-${UUID}$`)

/** Removes the remains of a killed process. The lock excludes other exports to this target. */
async function cleanUp(target: string): Promise<void> {
  const parent = dirname(target)
  for (const name of await readdir(parent)) {
    const [, hiddenTarget, kind] = LEFTOVER.exec(name) ?? []
    const leftover = join(parent, name)
    if (hiddenTarget !== `.${basename(target)}` || !(await lstat(leftover)).isDirectory()) continue
    if (kind === 'export') await rm(leftover, { recursive: true, force: true })
    else if (!(await renameIfFree(leftover, target))) await keepReplaced(leftover, target)
  }
}

/** Renames a replaced folder to the first free name beside the target. @returns its path */
async function keepReplaced(replaced: string, target: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const path = `${target}.replaced${number === 1 ? '' : `-${number}`}`
    if (await renameIfFree(replaced, path)) return path
  }
}

/** Removes an empty folder. @throws if files were added since the check */
async function removeEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}

async function renameIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}

async function renameIfFree(from: string, to: string): Promise<boolean> {
  if ((await lstat(to).catch(() => null)) !== null) return false
  await rename(from, to)
  return true
}
