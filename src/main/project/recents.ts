import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { RecentProject } from '../../contract/documents/project'
import { WorkbenchError } from '../../contract/model/problem'
import { readJsonFile } from '../base/files/bounded-file'
import { writeFileAtomic } from '../base/files/atomic-file'
import { formatJson } from '../base/files/json-format'
import { filterAllowed } from '../base/files/only-folder'
import { configFolder } from '../base/files/paths'
import { isProject } from './documents/project-file'
import { SerialQueue } from '../base/files/serial-queue'

const MAX_RECENT = 20
const MAX_FILE_BYTES = 1_000_000

const StoredRecent = RecentProject.omit({ exists: true }).extend({
  result: RecentProject.shape.result.default(null)
})
type StoredRecent = z.infer<typeof StoredRecent>
const StoredRecents = z.array(StoredRecent)

/** A change reads and writes the list, so changes run one at a time. */
const changes = new SerialQueue()

/** Lists the projects that were opened last and may be opened, newest first. An unreadable list counts as empty. */
export async function recentProjects(): Promise<RecentProject[]> {
  const { recents } = await load()
  const allowed = await filterAllowed(recents, ({ path }) => path)
  return Promise.all(allowed.map(async (recent) => ({ ...recent, exists: await isProject(recent.path) })))
}

/** Puts a project at the top of the list. An error of writing is ignored, because opening must not fail. */
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

/** Stores results of listed projects, by path, because the start screen does not read projects. */
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

async function change(edit: (recents: StoredRecent[]) => StoredRecent[]): Promise<void> {
  await changes.run(async () => {
    try {
      const { recents, broken } = await load()
      await mkdir(configFolder(), { recursive: true })
      if (broken) await rename(recentsFile(), join(configFolder(), 'recent-projects.broken.json'))
      await writeFileAtomic(recentsFile(), formatJson(edit(recents).slice(0, MAX_RECENT)))
    } catch {
      // Without the list, projects are opened by their folder.
    }
  })
}

async function load(): Promise<{ recents: StoredRecent[]; broken: boolean }> {
  try {
    const parsed = StoredRecents.safeParse(await readJsonFile(recentsFile(), MAX_FILE_BYTES))
    return parsed.success ? { recents: parsed.data, broken: false } : { recents: [], broken: true }
  } catch (error) {
    return { recents: [], broken: !(error instanceof WorkbenchError && error.problem.code === 'not-found') }
  }
}

function recentsFile(): string {
  return join(configFolder(), 'recent-projects.json')
}
