import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { lstat, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CrcPrompts } from '../../contract/documents/crc'
import { inputError, notFoundError, WorkbenchError } from '../../contract/model/problem'
import { type PairLocation, PROJECT_VERSION } from '../../contract/documents/project'
import { errorCode, writeFileAtomic, writeProblem } from '../base/files/atomic-file'
import { absolutePath, projectsFolder } from '../base/files/paths'
import { isFolder } from '../base/files/path-kinds'
import { MIN_RESULT_BYTES, requireRoom } from '../base/files/room'
import { openProject } from './open-project'
import { firstPair } from './documents/pair-list'
import type { Project } from './project'
import { writeProjectDocument, writePrompts } from './documents/project-file'
import { PROJECT_SUFFIX, projectName } from './project-name'

/** File in a project's folder. A double click on it opens the project, but on a folder it would not. */
const DOUBLE_CLICKED = 'Open.slrproject'

export interface NewProjectOptions {
  folder: string
  /** Name of the project. Its folder is `folder/name.slr`. */
  name: string
  pair: PairLocation
  prompts: CrcPrompts
}

/** Creates and opens a project. The folder gets its final name last, so that a crash leaves no incomplete project. */
export async function createProject(project: NewProjectOptions): Promise<Project> {
  const name = projectName(project.name)
  const parent = absolutePath(project.folder)
  await requireParent(parent)
  const target = join(parent, `${name}${PROJECT_SUFFIX}`)
  if (await exists(target)) {
    throw inputError(`${target} is there already.`, 'Open it, or choose another name.')
  }
  await requireRoom(target, MIN_RESULT_BYTES)
  const unfinished = join(parent, `.new-project-${randomUUID()}`)
  try {
    await mkdir(unfinished)
    await writeProjectDocument(unfinished, {
      schemaVersion: PROJECT_VERSION,
      revision: 0,
      name,
      createdAt: new Date().toISOString(),
      notes: '',
      ...firstPair(project.pair)
    })
    await writePrompts(unfinished, project.prompts)
    await writeFileAtomic(join(unfinished, DOUBLE_CLICKED), 'SLR Workbench opens the folder of this file.\n')
    // Fails if the name has been taken meanwhile, unless by an empty folder.
    await rename(unfinished, target)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true }).catch(() => undefined)
    throw error instanceof WorkbenchError ? error : writeProblem(target, error)
  }
  return openProject(target)
}

/** Returns the path of a new project. @throws WorkbenchError `bad-input` if the typed path is a file */
export function newProjectPath(typed: string, folder?: string): string {
  const path = absolutePath(typed, folder)
  if (path.endsWith(PROJECT_SUFFIX)) return path
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === false)
    throw inputError(`${path} is a file, not the folder of a project.`, `Name a folder NAME${PROJECT_SUFFIX}.`)
  return `${path}${PROJECT_SUFFIX}`
}

/** Requires the folder for new projects, and creates the default one. @throws WorkbenchError `not-found` */
async function requireParent(folder: string): Promise<void> {
  if (folder === projectsFolder()) {
    try {
      await mkdir(folder, { recursive: true })
    } catch (error) {
      throw writeProblem(folder, error)
    }
  }
  if (!(await isFolder(folder))) {
    throw notFoundError(`There is no folder ${folder} to create a project in.`)
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw writeProblem(path, error)
  }
}
