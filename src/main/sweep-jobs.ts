import { WorkbenchError } from '../contract/problem'
import type { SweepEvent } from '../contract/sweep-events'
import type { EngineHost } from './engine/host'
import { pairPaths } from './project/demo'
import type { Project } from './project/project'
import { SweepJob } from './sweep-job'

/** The sweeps of all open projects, at most one of each. */
export class SweepJobs {
  /** By project folder. A sweep stays here after its end until a watcher has seen how it ended. */
  private readonly jobs = new Map<string, SweepJob>()

  constructor(
    private readonly engine: EngineHost,
    private readonly onEvent: (event: SweepEvent) => void = () => undefined
  ) {}

  /**
   * Starts the sweep of all ranges and kept recipes.
   *
   * @returns its id
   * @throws WorkbenchError `busy` while the project's last one runs; `read-only` when the result could not be saved
   */
  start(project: Project): string {
    if (this.isRunning(project)) {
      throw new WorkbenchError(
        'busy',
        `A sweep of ${project.document.name} is running.`,
        'Cancel it, or wait for it.'
      )
    }
    if (project.readOnly !== null) {
      throw new WorkbenchError(
        'read-only',
        `A sweep of ${project.path} could not be saved: ${project.readOnly}`
      )
    }
    const { pair, rendering, settings, recipes } = project.document
    const job = new SweepJob({
      engine: this.engine.client(),
      request: {
        ...pairPaths(pair),
        prompts: project.prompts,
        rendering,
        rho: settings.rho,
        ranges: true,
        recipes: recipes.map((kept) => kept.recipe)
      },
      save: (document) => project.saveSweep(document),
      onEvent: this.onEvent
    })
    this.jobs.set(project.path, job)
    return job.id
  }

  /** Follows the project's sweep to its end; ends at once when there is none to tell of. */
  async *watch(project: Project, signal?: AbortSignal): AsyncGenerator<SweepEvent> {
    const job = this.jobs.get(project.path)
    if (job === undefined) return
    yield* job.watch(signal)
    if (job.over && !signal?.aborted && this.jobs.get(project.path) === job) this.jobs.delete(project.path)
  }

  isRunning(project: Project): boolean {
    return this.done(project) !== null
  }

  /** Settles when the project's running sweep is over; null when none runs. */
  done(project: Project): Promise<void> | null {
    const job = this.jobs.get(project.path)
    return job === undefined || job.over ? null : job.done
  }

  cancel(project: Project): void {
    this.jobs.get(project.path)?.cancel()
  }

  async cancelAll(): Promise<void> {
    for (const job of this.jobs.values()) job.cancel()
    await Promise.all(Array.from(this.jobs.values(), (job) => job.done))
  }
}
