import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../base/files/atomic-file'
import { writerOf } from '../base/files/lock'
import { SerialQueue } from '../base/files/serial-queue'
import { problemOf, reportDefect } from '../base/rpc-problems'
import { accessOf, projectContent, readWorkList, requestAccess, withPairs } from './open-project'
import type { Project } from './project'
import { WORK_LIST_FILE } from './documents/stored-documents'

/** Milliseconds between two checks of a followed project. */
const CHECK_MS = 1_000

/** Depth of the deepest folder that is watched: pairs/<id>/sweeps. */
const FOLDER_DEPTH = 3

/** Shows the changes that another program makes to a project, until this program can write it or closes it. */
export class ProjectFollower {
  readonly #turns = new SerialQueue()
  /** Stamps of the project's folder and of its work list when they were read last. */
  #seen = ''
  #seenWork = ''

  constructor(
    private readonly project: Project,
    private readonly checkMs = CHECK_MS
  ) {
    this.#wait()
  }

  /** Makes the project writable by this program, if no other program writes it any more. */
  takeOver(): Promise<void> {
    return this.#turns.run(async () => {
      const { project } = this
      if (!this.#follows || writerOf(project.path) !== null) return
      const access = await requestAccess(project.path)
      try {
        project.replaceContent(await projectContent(project.path, access.lock), access)
      } catch (error) {
        access.lock?.release()
        throw error
      }
    })
  }

  get #follows(): boolean {
    return !this.project.closed && this.project.writer !== null
  }

  #wait(): void {
    setTimeout(() => {
      void this.#turns.run(() => this.#check()).finally(() => this.#follows && this.#wait())
    }, this.checkMs).unref()
  }

  async #check(): Promise<void> {
    if (!this.#follows) return
    const { project } = this
    try {
      // The writer is checked before the files, so that its last changes are read.
      const access = accessOf(writerOf(project.path)?.problem ?? null)
      const [stamp, workStamp] = [await folderStamp(project.path), await stampOf(project.path, WORK_LIST_FILE)]
      if (stamp !== this.#seen) {
        const content = await projectContent(project.path, null)
        if (project.closed) return
        project.replaceContent(content, access)
        this.#seen = stamp
        this.#seenWork = workStamp
        return
      }
      if (workStamp !== this.#seenWork) {
        project.work.replaceWork(withPairs((await readWorkList(project.path)).list, project.pairs))
        this.#seenWork = workStamp
      }
      if (access.readOnly !== project.readOnly) project.allow(access)
    } catch (error) {
      // Reading failed because the files were being changed. The next check reads them again.
      if (problemOf(error) === null && errorCode(error) === undefined) reportDefect(error, 'following a project')
    }
  }
}

/**
 * Returns a text that changes when a file in the project is replaced: a replaced file changes the time of its folder.
 * The work list is left out, because it changes often and has its own stamp.
 */
async function folderStamp(folder: string, depth = 0): Promise<string> {
  const folderTime = depth === 0 ? '' : String((await lstat(folder)).mtimeMs)
  if (depth === FOLDER_DEPTH) return folderTime
  const parts = (await readdir(folder, { withFileTypes: true })).map(async (entry) => {
    if (entry.name.startsWith('.') || entry.name === WORK_LIST_FILE) return ''
    if (entry.isDirectory()) return `${entry.name} ${await folderStamp(join(folder, entry.name), depth + 1)}`
    return depth > 0 ? '' : stampOf(folder, entry.name)
  })
  return [folderTime, ...(await Promise.all(parts))].join('\n')
}

/** Returns a text that changes whenever a file is written; empty without a file. */
async function stampOf(folder: string, name: string): Promise<string> {
  try {
    const { mtimeMs, size } = await lstat(join(folder, name))
    return `${name} ${mtimeMs} ${size}`
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ''
    throw error
  }
}
