import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { FolderEntry, FolderListing } from '../../contract/procedures/folders'
import { fileError, inputError, notFoundError } from '../../contract/model/problem'
import { systemWords } from '../base/files/bounded-file'
import { errorCode } from '../base/files/atomic-file'
import { isFile, isFolder } from '../base/files/path-kinds'
import { absolutePath, documentsFolder, huggingFaceCacheFolder, projectsFolder } from '../base/files/paths'
import { isProject } from './documents/project-file'
import { PROJECT_SUFFIX } from './project-name'
import { recentProjects } from './recents'

/* Lists folders for the window's own dialog, which replaces the system's when the window is a browser. */

/** Maximum number of listed folders. Others can be reached by typing their path. */
const MAX_ENTRIES = 1_000
const MAX_RECENT_FOLDERS = 5

/** Sorts names by their numbers, so that "layer 2" precedes "layer 10", and ignores upper and lower case. */
const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** Lists the visible sub-folders of a folder, and shortcuts. @param path null for the parent of the projects folder */
export async function listFolder(path: string | null): Promise<FolderListing> {
  const folder = path === null ? await startFolder() : absolutePath(path)
  const candidates = (await readEntries(folder))
    .filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || entry.isSymbolicLink()))
    .toSorted((a, b) => byName.compare(a.name, b.name))
  const entries: FolderEntry[] = []
  // One entry more than the maximum is listed, to know whether there are more. Links must lead to a folder.
  for (let first = 0; first < candidates.length && entries.length <= MAX_ENTRIES; first += MAX_ENTRIES) {
    const batch = candidates.slice(first, first + MAX_ENTRIES)
    const described = await Promise.all(batch.map((entry) => describeEntry(join(folder, entry.name), entry)))
    entries.push(...described.filter((entry) => entry !== null))
  }
  const parent = dirname(folder)
  return {
    path: folder,
    parent: parent === folder ? null : parent,
    kind: await folderKind(folder),
    entries: entries.slice(0, MAX_ENTRIES),
    truncated: entries.length > MAX_ENTRIES,
    shortcuts: await shortcuts()
  }
}

async function readEntries(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT') throw notFoundError(`There is no folder ${folder}.`)
    if (code === 'ENOTDIR') throw inputError(`${folder} is not a folder.`)
    throw fileError(`The folder ${folder} cannot be read: ${systemWords(error)}.`)
  }
}

/** Describes a folder, or a link to one; null for a link to a file. */
async function describeEntry(path: string, entry: Dirent): Promise<FolderEntry | null> {
  if (!entry.isDirectory() && !(await isFolder(path))) return null
  return { name: entry.name, path, kind: await folderKind(path) }
}

/** Recognises the folder of a project or a model. A cache folder `models--org--name` has model folders in snapshots. */
async function folderKind(folder: string): Promise<FolderEntry['kind']> {
  const name = basename(folder)
  if (name.endsWith(PROJECT_SUFFIX) && (await isProject(folder))) return 'project'
  if (name.startsWith('models--') && (await isFolder(join(folder, 'snapshots')))) return 'model'
  return (await isFile(join(folder, 'config.json'))) ? 'model' : 'folder'
}

async function shortcuts(): Promise<FolderListing['shortcuts']> {
  const recents = await recentProjects()
  const recentFolders = [...new Set(recents.map((recent) => dirname(recent.path)))].slice(0, MAX_RECENT_FOLDERS)
  const shortcuts = [
    { label: 'Home', path: homedir() },
    { label: 'Documents', path: documentsFolder() },
    { label: 'Projects', path: projectsFolder() },
    { label: 'Hugging Face cache', path: huggingFaceCacheFolder() },
    ...recentFolders.map((path) => ({ label: basename(path), path }))
  ].filter(({ path }, index, all) => all.findIndex((other) => other.path === path) === index)
  const present = await Promise.all(shortcuts.map(({ path }) => isFolder(path)))
  return shortcuts.filter((_, index) => present[index])
}

async function startFolder(): Promise<string> {
  const parent = dirname(projectsFolder())
  return (await isFolder(parent)) ? parent : homedir()
}
