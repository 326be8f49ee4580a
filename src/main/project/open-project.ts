import { existsSync } from 'node:fs'
import { access, constants, lstat, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { PairId } from '../../contract/documents/project'
import { WORK_LIST_VERSION, type WorkListDocument } from '../../contract/work/work-list'
import { fileError, notFoundError, type Problem, WorkbenchError } from '../../contract/model/problem'
import { errorCode, isDiskFull, removeUnfinished } from '../base/files/atomic-file'
import { errorMessage, systemWords } from '../base/files/bounded-file'
import { type Lock, lockProject } from '../base/files/lock'
import { isFolder } from '../base/files/path-kinds'
import { absolutePath } from '../base/files/paths'
import { BACKUP, migrateProject, splitStoredSweeps } from './documents/migrate-project'
import { readPairResults } from './pair/pair-results'
import { ensurePairFolder, pairFolder, deleteRemovedPairs, requirePlainPairs } from './pair/pair-folders'
import { Project, type ProjectAccess, type ProjectContent } from './project'
import { PROJECT_FILE, readOwnPrompts, readProjectFiles } from './documents/project-file'
import { WORK_LIST } from './documents/stored-documents'

/**
 * Opens a project.
 *
 * @param path its folder or its project.json
 * @param purpose `view` opens it read-only without its lock, and changes no file
 */
export async function openProject(path: string, purpose: 'change' | 'view' = 'change'): Promise<Project> {
  const folder = await projectFolder(absolutePath(path))
  // The files are read before the lock is taken, because a folder that cannot be opened must stay unchanged.
  await readProjectFiles(folder)
  const access = purpose === 'view' ? VIEW_ONLY : await requestAccess(folder)
  try {
    return new Project(folder, await projectContent(folder, access.lock), access)
  } catch (error) {
    access.lock?.release()
    throw error
  }
}

/**
 * Opens a project. If another program has it open and writes it, this program opens it read-only. A `ProjectFollower`
 * can then show the other program's changes.
 */
export async function openOrFollow(path: string): Promise<Project> {
  try {
    return await openProject(path)
  } catch (error) {
    if (!(error instanceof WorkbenchError) || error.problem.code !== 'locked') throw error
    const folder = await projectFolder(absolutePath(path))
    return new Project(folder, await projectContent(folder, null), accessOf(error.problem))
  }
}

/**
 * Returns the access to a project that another program writes.
 *
 * @param locked error of the lock, which names that program; null if the program has ended
 */
export const accessOf = (locked: Problem | null): ProjectAccess => ({
  lock: null,
  readOnly: locked?.message ?? 'The program that wrote it has ended.',
  writer: locked === null ? 'gone' : 'writes'
})

/** Reads the contents of a project's folder. @param lock null for a read-only project */
export async function projectContent(folder: string, lock: Lock | null): Promise<ProjectContent> {
  // The files are read again, because another program may have written them before the lock was taken.
  const backup = lock === null ? null : await migrateProject(folder)
  const { foundVersion, ...documents } = await readProjectFiles(folder)
  await requirePlainPairs(folder, documents.document.pairs)
  if (lock !== null) {
    await deleteRemovedPairs(folder, documents.document.pairs)
    // Pair folders must exist, because unfinished sweeps and searches are stored in them.
    for (const { id } of documents.document.pairs) await ensurePairFolder(folder, id)
    await removeUnfinished(folder, FOLDER_DEPTH)
  }
  const pairs = documents.document.pairs.map(({ id }) => id)
  const isSplit = lock !== null && (await splitStoredSweeps(folder, pairs))
  const warnings = [
    ...(backup === null ? [] : [`The project was of an older version. ${backup} is a copy of its old file.`]),
    ...(isSplit ? [`Sweeps take less space now. Their old files are in the folder ${BACKUP}.`] : [])
  ]
  const results = new Map(
    await Promise.all(
      documents.document.pairs.map(async ({ id }) => {
        // Before version 3 the results of the only pair lie in the project's folder. Viewing does not migrate them.
        const hasPairFolders = foundVersion >= 3
        const results = hasPairFolders ? pairFolder(folder, id) : folder
        const stored = await readPairResults(results, lock !== null)
        return [id, { ...stored, prompts: hasPairFolders ? await readOwnPrompts(results) : null }] as const
      })
    )
  )
  for (const pairResults of results.values()) warnings.push(...pairResults.warnings)
  const work = await readWorkList(folder)
  warnings.push(...work.warnings)
  return { ...documents, results, workList: withPairs(work.list, documents.document.pairs), warnings }
}

const NO_WORK: WorkListDocument = { schemaVersion: WORK_LIST_VERSION, study: null, entries: [] }

/**
 * Reads the work of a project: its queue and its newest study. An unreadable file is left out with a warning, because
 * it holds no results.
 */
export async function readWorkList(folder: string): Promise<{ list: WorkListDocument; warnings: string[] }> {
  try {
    return { list: (await WORK_LIST.read(folder)) ?? NO_WORK, warnings: [] }
  } catch (error) {
    return { list: NO_WORK, warnings: [`The list of work was left out. ${errorMessage(error)}`] }
  }
}

/** Leaves out jobs of pairs that the project no longer has. */
export const withPairs = (list: WorkListDocument, pairs: readonly { id: PairId }[]): WorkListDocument => ({
  ...list,
  entries: list.entries.filter((entry) => entry.origin === 'study' || pairs.some(({ id }) => id === entry.pair))
})

/** Depth of the deepest folder in which unfinished files are removed: pairs/<id>/sweeps/partial. */
const FOLDER_DEPTH = 4

const VIEW_ONLY: ProjectAccess = {
  lock: null,
  readOnly: 'It was opened to be looked at only.',
  writer: null
}

/** Takes the lock of a project; read-only access if the folder cannot be written. @throws WorkbenchError `locked` */
export async function requestAccess(folder: string): Promise<ProjectAccess> {
  try {
    // Write access is checked first, so that a program without it does not touch the lock.
    await access(folder, constants.W_OK)
    return { lock: await lockProject(folder), readOnly: null, writer: null }
  } catch (error) {
    if (error instanceof WorkbenchError) throw error
    return {
      lock: null,
      readOnly: isDiskFull(error)
        ? 'Its disk is full. Free some space, then open the project again.'
        : `The folder cannot be written: ${systemWords(error)}.`,
      writer: null
    }
  }
}

async function whyNoProject(path: string): Promise<string> {
  if (await isFolder(path)) return `${path} is not a project: it has no ${PROJECT_FILE}.`
  return existsSync(path) ? `${path} is a file, not the folder of a project.` : `There is no folder ${path}.`
}

/** Returns the real path of a project's folder. @param path the folder or its project.json */
async function projectFolder(path: string): Promise<string> {
  const folder = basename(path) === PROJECT_FILE ? dirname(path) : path
  try {
    const real = await realpath(folder)
    await lstat(join(real, PROJECT_FILE))
    return real
  } catch (error) {
    const code = errorCode(error)
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      throw fileError(`${folder} cannot be opened: ${systemWords(error)}.`)
    }
    throw notFoundError(await whyNoProject(folder), `A project is a folder NAME.slr that holds a ${PROJECT_FILE}.`)
  }
}
