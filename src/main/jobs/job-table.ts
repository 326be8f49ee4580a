import type { Job, JobFailure } from './job'
import type { Project } from '../project/project'

/** Jobs of one kind, at most one of each project. */
export class JobTable<Event extends { type: string }> {
  /** By project folder. A job stays here after its end until a watcher has seen how it ended. */
  private readonly jobs = new Map<string, RunningJob<Event>>()

  /** @param tell hears the folder of a project whenever a job of it begins or ends */
  constructor(private readonly tell: (path: string) => void) {}

  /** @returns the job's id */
  add(project: Project, job: RunningJob<Event>): string {
    this.jobs.set(project.path, job)
    this.tell(project.path)
    void job.done.then(() => this.tell(project.path))
    return job.id
  }

  /** Follows the project's job to its end; ends at once when there is none to tell of. */
  async *watch(project: Project, signal?: AbortSignal): AsyncGenerator<Event | JobFailure> {
    const job = this.jobs.get(project.path)
    if (job === undefined) return
    yield* job.watch(signal)
    if (job.over && !signal?.aborted && this.jobs.get(project.path) === job) this.jobs.delete(project.path)
  }

  isRunning(project: Project): boolean {
    return this.done(project) !== null
  }

  /** Settles when the project's running job is over; null when none runs. */
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

/** Whatever facts it keeps. */
type RunningJob<Event> = Pick<Job<Event, unknown>, 'id' | 'over' | 'done' | 'cancel' | 'watch'>
