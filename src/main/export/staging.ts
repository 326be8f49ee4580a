import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errorCode, flushFolder, writeProblem } from '../base/files/atomic-file'
import { acquireLock, type Lock } from '../base/files/lock'

/**
 * The folder that an export is written into before it becomes the target: beside it, so that the last step is a rename.
 * Beside a target `NAME` there may be, hidden,
 *
 * - `.NAME.slr-export.lock`, which says who is exporting there now,
 * - `.NAME.slr-export-ID`, an export that is not complete,
 * - `.NAME.slr-replaced-ID`, the folder that an export is replacing.
 *
 * No system lets a program swap two folders in one portable step. A replacement is therefore two renames with
 * nothing between them: the old folder aside, the new one in its place. Killed just there, the old one is put back
 * by the next export. A replaced folder is kept as `NAME.replaced`, or with a number where there is one: it may hold
 * what is nowhere else.
 */
export class Staging {
  private constructor(
    private readonly target: string,
    /** Write here. */
    readonly path: string,
    private readonly lock: Lock
  ) {}

  /**
   * Removes the remains of a killed export to the same target, and creates a new folder.
   *
   * @throws WorkbenchError `locked` while another process exports there; `read-only`, `not-found`
   */
  static async open(target: string): Promise<Staging> {
    const path = besides(target, `export-${randomUUID()}`)
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
   * Makes the folder the target. Its files must be flushed to the disk already.
   *
   * @param replace true allows to replace an existing model; otherwise only an empty folder is replaced.
   * @returns path of the replaced folder; null for none.
   * @throws WorkbenchError `read-only`, `not-found`; what was there before is unchanged
   */
  async commit(replace: boolean): Promise<string | null> {
    const replaced = besides(this.target, `replaced-${randomUUID()}`)
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
      const replacedFolder = hadTarget ? await keep(replaced, this.target) : null
      await flushFolder(dirname(this.target))
      return replacedFolder
    } catch (error) {
      throw writeProblem(this.target, error)
    }
  }

  /** Ends the export, and removes everything except the target. */
  async close(): Promise<void> {
    await rm(this.path, { recursive: true, force: true }).catch(() => undefined)
    this.lock.release()
  }
}

function besides(target: string, what: string): string {
  return join(dirname(target), `.${basename(target)}.slr-${what}`)
}

async function lockTarget(target: string): Promise<Lock> {
  try {
    return await acquireLock(besides(target, 'export.lock'), {
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
    const [, owner, kind] = LEFTOVER.exec(name) ?? []
    const leftover = join(parent, name)
    if (owner !== `.${basename(target)}` || !(await lstat(leftover)).isDirectory()) continue
    if (kind === 'export') await rm(leftover, { recursive: true, force: true })
    else if (!(await renameIfFree(leftover, target))) await keep(leftover, target)
  }
}

/** Gives a replaced folder its final name. @returns the name */
async function keep(replaced: string, target: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = `${target}.replaced${number === 1 ? '' : `-${number}`}`
    if (await renameIfFree(replaced, name)) return name
  }
}

/** Removes an empty folder. It throws if files were added to the folder since the check. */
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
