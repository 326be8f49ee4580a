import { access, constants, lstat, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { PairDocument } from '../../contract/documents/project'
import type { QueuedJob } from '../../contract/documents/queue'
import { type Problem, WorkbenchError } from '../../contract/model/problem'
import { errorCode, removeUnfinished } from '../base/files/atomic-file'
import { errorMessage } from '../base/files/bounded-file'
import { type Lock, lockProject } from '../base/files/lock'
import { isFile, isFolder } from '../base/files/path-kinds'
import { absolutePath } from '../base/files/places'
import { BACKUP, migrateProject, splitStoredSweeps } from './documents/migrate-project'
import { readPairResults } from './pair/pair-results'
import { ensurePairFolder, pairFolder, removeLeftPairs, requirePlainPairs } from './pair/pair-folders'
import { Project, type ProjectAccess, type ProjectContent } from './project'
import { PROJECT_FILE, readOwnPrompts, readProjectFiles } from './documents/project-file'
import { QUEUE } from './documents/stored-documents'

/**
 * Opens a project, given its folder or the project.json in it. A folder that cannot be written opens for viewing.
 *
 * @param purpose to view needs no lock and changes nothing: somebody else may be writing it
 * @throws WorkbenchError `not-found` when it is no project; `bad-file` naming file and field; `newer-version`; `locked`.
 *   In all these cases nothing was changed.
 */
export async function openProject(path: string, purpose: 'change' | 'view' = 'change'): Promise<Project> {
  const folder = await projectFolder(absolutePath(path))
  // Read before locking: what cannot be opened must not be touched, not even by a lock.
  await readProjectFiles(folder)
  const access = purpose === 'view' ? VIEWED : await requestAccess(folder)
  try {
    return new Project(folder, await projectContent(folder, access.lock), access)
  } catch (error) {
    access.lock?.release()
    throw error
  }
}

/**
 * Opens a project that another program may be writing: then to be looked at, and followed by `ProjectFollower`.
 *
 * @throws WorkbenchError as {@link openProject}, but for `locked`
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

/** What may be done with a project that is followed. @param locked what locking it would fail with; null: nobody writes it any more */
export const accessOf = (locked: Problem | null): ProjectAccess => ({
  lock: null,
  readOnly: locked?.message ?? 'The program that wrote it has ended.',
  writer: locked === null ? 'gone' : 'writes'
})

/** What a project's folder holds. @param lock null: it is only looked at @throws WorkbenchError as {@link openProject} */
export async function projectContent(folder: string, lock: Lock | null): Promise<ProjectContent> {
  // Read again: somebody else may have held the lock and saved in between.
  const backup = lock === null ? null : await migrateProject(folder)
  const { foundVersion, ...documents } = await readProjectFiles(folder)
  await requirePlainPairs(folder, documents.document.pairs)
  if (lock !== null) {
    await removeLeftPairs(folder, documents.document.pairs)
    // Unfinished sweeps and searches are kept there too, by others than the project.
    for (const { id } of documents.document.pairs) await ensurePairFolder(folder, id)
    await removeUnfinished(folder, FOLDER_DEPTH)
  }
  const pairs = documents.document.pairs.map(({ id }) => id)
  const isSplit = lock !== null && (await splitStoredSweeps(folder, pairs))
  const warnings = [
    ...(backup === null ? [] : [`The project was of an older version; ${backup} is its file as it was.`]),
    ...(isSplit ? [`Sweeps take less room now. Their files as they were are in the folder ${BACKUP}.`] : [])
  ]
  const results = new Map(
    await Promise.all(
      documents.document.pairs.map(async ({ id }) => {
        // Looked at as it is: before version 3 a project was one pair, whose results lay in the project's folder.
        const isOwn = foundVersion >= 3
        const place = isOwn ? pairFolder(folder, id) : folder
        const found = await readPairResults(place, lock !== null)
        return [id, { ...found, prompts: isOwn ? await readOwnPrompts(place) : null }] as const
      })
    )
  )
  for (const found of results.values()) warnings.push(...found.warnings)
  const queued = await readQueue(folder, documents.document.pairs, warnings)
  return { ...documents, results, queued, warnings }
}

/** What waits for pairs that there still are. A line that cannot be read is begun anew: it holds no results. */
async function readQueue(
  folder: string,
  pairs: readonly PairDocument[],
  warnings: string[]
): Promise<QueuedJob[]> {
  try {
    const stored = await QUEUE.read(folder)
    return stored === null ? [] : stored.jobs.filter((job) => pairs.some(({ id }) => id === job.pair))
  } catch (error) {
    warnings.push(`The queue of jobs was left out. ${errorMessage(error)}`)
    return []
  }
}

/** pairs/<id>/sweeps/partial */
const FOLDER_DEPTH = 4

const VIEWED: ProjectAccess = {
  lock: null,
  readOnly: 'It was opened to be looked at only.',
  writer: null
}

/** @throws WorkbenchError `locked` */
export async function requestAccess(folder: string): Promise<ProjectAccess> {
  try {
    // Asked first: whoever may only look is not in the way of the one who holds the lock.
    await access(folder, constants.W_OK)
    return { lock: await lockProject(folder), readOnly: null, writer: null }
  } catch (error) {
    if (error instanceof WorkbenchError) throw error
    return {
      lock: null,
      readOnly: `The folder cannot be written: ${errorMessage(error)}.`,
      writer: null
    }
  }
}

async function projectFolder(path: string): Promise<string> {
  const folder = basename(path) === PROJECT_FILE ? dirname(path) : path
  try {
    const real = await realpath(folder)
    await lstat(join(real, PROJECT_FILE))
    return real
  } catch (error) {
    const code = errorCode(error)
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      throw new WorkbenchError('bad-file', `${folder} cannot be opened: ${errorMessage(error)}.`)
    }
    const complaint = (await isFolder(folder))
      ? `${folder} is not a project: it has no ${PROJECT_FILE}.`
      : (await isFile(folder))
        ? `${folder} is a file, not the folder of a project.`
        : `There is no folder ${folder}.`
    throw new WorkbenchError(
      'not-found',
      complaint,
      `A project is a folder NAME.slr that holds a ${PROJECT_FILE}.`
    )
  }
}
