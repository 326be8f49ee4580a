import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../base/files/atomic-file'
import { writerOf } from '../base/files/lock'
import { SerialQueue } from '../base/files/serial-queue'
import { problemOf, reportDefect } from '../base/rpc-problems'
import { accessOf, projectContent, requestAccess } from './open-project'
import type { Project } from './project'
import { STUDY_FILE } from './documents/stored-documents'

/** How often a followed project is looked at. */
const LOOK_MS = 1_000

/** pairs/<id>/sweeps */
const FOLDER_DEPTH = 3

/** Shows what another program makes of a project, until that has ended and the project is changed here, or closed. */
export class ProjectFollower {
  /** One look, or taking over, at a time. */
  readonly #turns = new SerialQueue()
  #seen = ''

  constructor(
    private readonly project: Project,
    private readonly lookMs = LOOK_MS
  ) {
    this.#wait()
  }

  /**
   * Has the project changed here from now on, where nobody writes it any more.
   *
   * @throws WorkbenchError as `openProject`, but for `locked`
   */
  takeOver(): Promise<void> {
    return this.#turns.run(async () => {
      const { project } = this
      if (!this.#follows || writerOf(project.path) !== null) return
      const access = await requestAccess(project.path)
      try {
        project.take(await projectContent(project.path, access.lock), access)
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
      void this.#turns.run(() => this.#look()).finally(() => this.#follows && this.#wait())
    }, this.lookMs).unref()
  }

  async #look(): Promise<void> {
    if (!this.#follows) return
    const { project } = this
    try {
      // First: what it wrote before it ended is then seen.
      const access = accessOf(writerOf(project.path)?.problem ?? null)
      const stamp = await folderStamp(project.path)
      if (stamp !== this.#seen) {
        const content = await projectContent(project.path, null)
        if (project.closed) return
        project.take(content, access)
        this.#seen = stamp
      } else if (access.readOnly !== project.readOnly) project.allow(access)
    } catch (error) {
      // Seen in the middle of a change, or gone for a moment: the next look tells.
      if (problemOf(error) === null && errorCode(error) === undefined)
        reportDefect(error, 'following a project')
    }
  }
}

/**
 * Changes whenever a document of a project was written. Documents are written under another name and renamed, so the folders' times
 * tell; in the project's own folder, where a study tells each second how far it is, those of the files.
 */
async function folderStamp(folder: string, depth = 0): Promise<string> {
  const folderTime = depth === 0 ? '' : String((await lstat(folder)).mtimeMs)
  if (depth === FOLDER_DEPTH) return folderTime
  const parts = (await readdir(folder, { withFileTypes: true })).map(async (entry) => {
    if (entry.name.startsWith('.') || entry.name === STUDY_FILE) return ''
    if (entry.isDirectory()) return `${entry.name} ${await folderStamp(join(folder, entry.name), depth + 1)}`
    return depth > 0 ? '' : fileStamp(folder, entry)
  })
  return [folderTime, ...(await Promise.all(parts))].join('\n')
}

async function fileStamp(folder: string, { name }: Dirent): Promise<string> {
  const { mtimeMs, size } = await lstat(join(folder, name))
  return `${name} ${mtimeMs} ${size}`
}
