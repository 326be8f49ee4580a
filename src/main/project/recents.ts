import { z } from 'zod'
import { RecentProject } from '../../contract/documents/project'
import { filterAllowed } from '../base/files/only-folder'
import { UserFile } from '../base/files/user-file'
import { isProject } from './documents/project-file'

/* The list of recently opened projects, in a file of the user. */

const MAX_RECENT = 20

const StoredRecent = RecentProject.omit({ exists: true }).extend({
  result: RecentProject.shape.result.default(null)
})
type StoredRecent = z.infer<typeof StoredRecent>

const recentsFile = new UserFile<StoredRecent[]>('recent-projects', z.array(StoredRecent), [])

/** Lists recently opened projects that this program may open, the latest first. An unreadable list counts as empty. */
export async function recentProjects(): Promise<RecentProject[]> {
  const allowed = await filterAllowed(await recentsFile.read(), ({ path }) => path)
  return Promise.all(allowed.map(async (recent) => ({ ...recent, exists: await isProject(recent.path) })))
}

/** Puts a project at the top of the list. If the list cannot be written, the project is still opened. */
export async function rememberProject(project: Pick<StoredRecent, 'path' | 'name'>): Promise<void> {
  const openedAt = new Date().toISOString()
  await change((recents) => {
    const earlier = recents.find(({ path }) => path === project.path)
    return [
      { ...project, openedAt, result: earlier?.result ?? null },
      ...recents.filter((recent) => recent !== earlier)
    ]
  })
}

/** Stores a sentence on each project's result, by its path. The start screen shows it without reading the project. */
export async function noteResults(results: ReadonlyMap<string, string | null>): Promise<void> {
  if (results.size === 0) return
  await change((recents) =>
    recents.map((recent) => {
      const result = results.get(recent.path)
      return result === undefined ? recent : { ...recent, result }
    })
  )
}

export async function forgetProject(path: string): Promise<void> {
  await change((recents) => recents.filter((recent) => recent.path !== path))
}

/** Changes the list. Errors are ignored, because projects can also be opened by their folder. */
const change = (edit: (recents: StoredRecent[]) => StoredRecent[]): Promise<void> =>
  recentsFile.change((recents) => edit(recents).slice(0, MAX_RECENT)).catch(() => undefined)
