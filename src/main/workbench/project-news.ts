import type { PairId, ProjectState } from '../../contract/documents/project'
import { Changes } from '../base/changes'
import type { ProjectJobs } from '../jobs/jobs'
import type { Project } from '../project/project'
import type { ProjectPair } from '../project/pair/project-pair'
import type { OpenProjects } from './open-projects'

/** Yields the values of `read` now, and again after every change of a project or its jobs, until `signal` fires. */
export async function* atChanges<News>(
  project: Project,
  jobs: ProjectJobs,
  signal: AbortSignal | undefined,
  read: () => AsyncIterable<News>
): AsyncGenerator<News> {
  const changes = new Changes()
  const unsubscribe = [project.onChange(changes.notify), jobs.turns.onChange(project, changes.notify)]
  try {
    yield* changes.watch(signal, read)
  } finally {
    for (const stop of unsubscribe) stop()
  }
}

/** Sends the changes of a project to every window that shows it. A project is closed after its last window has left. */
export class ProjectNews {
  /** Number of windows that show a project, by its folder. */
  private readonly watchers = new Map<string, number>()
  /** Folders of projects that one window has closed while other windows still show them. */
  private readonly closing = new Set<string>()

  constructor(
    private readonly projects: OpenProjects,
    private readonly jobs: ProjectJobs,
    private readonly stateOf: (pair: ProjectPair) => Promise<ProjectState>
  ) {}

  /** Yields the project with a pair now and after every change. @throws WorkbenchError if the pair is removed */
  async *watch(project: Project, pair: PairId, signal: AbortSignal | undefined): AsyncGenerator<ProjectState> {
    const { path } = project
    this.watchers.set(path, (this.watchers.get(path) ?? 0) + 1)
    this.closing.delete(path)
    try {
      const { stateOf } = this
      yield* atChanges(project, this.jobs, signal, async function* () {
        yield await stateOf(project.pair(pair))
      })
    } finally {
      await this.removeWatcher(path)
    }
  }

  /** Closes a project for one window. It stays open while other windows show it. */
  async close({ path }: Project): Promise<void> {
    this.closing.add(path)
    if (!this.watchers.has(path)) await this.closeNow(path)
  }

  private async removeWatcher(path: string): Promise<void> {
    const others = (this.watchers.get(path) ?? 1) - 1
    if (others > 0) {
      this.watchers.set(path, others)
      return
    }
    this.watchers.delete(path)
    if (this.closing.has(path)) await this.closeNow(path)
  }

  private async closeNow(path: string): Promise<void> {
    this.closing.delete(path)
    await this.projects.close(path)
  }
}
