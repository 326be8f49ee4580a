import type { ProjectState } from '../../contract/documents/project'
import type { Jobs } from '../jobs/jobs'
import type { PairId } from '../../contract/documents/project'
import type { Project } from '../project/project'
import type { ProjectPair } from '../project/pair/project-pair'
import type { OpenProjects } from './open-projects'

/** What `tell` tells now, and after every change of a project or its jobs; several changes at once are one. Ends when `signal` fires. */
export async function* atChanges<News>(
  project: Project,
  jobs: Jobs,
  signal: AbortSignal | undefined,
  tell: () => AsyncIterable<News>
): AsyncGenerator<News> {
  let changed = true
  let wake = (): void => undefined
  const hear = (): void => {
    changed = true
    wake()
  }
  const deaf = [project.onChange(hear), jobs.onChange(project, hear)]
  signal?.addEventListener('abort', hear)
  try {
    while (!signal?.aborted) {
      if (changed) {
        changed = false
        yield* tell()
      } else {
        await new Promise<void>((resolve) => (wake = resolve))
      }
    }
  } finally {
    for (const stop of deaf) stop()
    signal?.removeEventListener('abort', hear)
  }
}

/** Tells every window that shows a project what becomes of it, and keeps it open for them. */
export class ProjectNews {
  /** How many watch a project, by its folder. */
  private readonly watchers = new Map<string, number>()
  /** Folders of projects that one window has closed while others watch. */
  private readonly closing = new Set<string>()

  constructor(
    private readonly projects: OpenProjects,
    private readonly jobs: Jobs,
    private readonly stateOf: (own: ProjectPair) => Promise<ProjectState>
  ) {}

  /**
   * The project with one of its pairs now, and after every change; several changes at once are one. Ends when `signal` fires.
   *
   * @throws WorkbenchError `not-found` once the pair is removed
   */
  async *watch(
    project: Project,
    pair: PairId,
    signal: AbortSignal | undefined
  ): AsyncGenerator<ProjectState> {
    const { path } = project
    this.watchers.set(path, (this.watchers.get(path) ?? 0) + 1)
    this.closing.delete(path)
    try {
      const { stateOf } = this
      yield* atChanges(project, this.jobs, signal, async function* () {
        yield await stateOf(project.pair(pair))
      })
    } finally {
      await this.left(path)
    }
  }

  /** Closes a project, as soon as nobody watches it any more. */
  async close({ path }: Project): Promise<void> {
    this.closing.add(path)
    if (!this.watchers.has(path)) await this.closeNow(path)
  }

  private async left(path: string): Promise<void> {
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
