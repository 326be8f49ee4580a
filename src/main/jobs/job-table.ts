import type { Problem } from '../../contract/model/problem'
import type { Job, JobFailure } from './job'
import type { ProjectPair } from '../project/pair/project-pair'

/** Jobs of one kind, at most one of each pair. */
export class JobTable<Event extends { type: string }> {
  /** By the pair's key. A job stays here after its end until a watcher has seen how it ended. */
  private readonly jobs = new Map<string, RunningJob<Event>>()
  /** Why the last job of a pair failed, by the pair's key, until the next begins: a window may ask after others have seen it end. */
  private readonly failures = new Map<string, JobProblem>()

  /** @param tell hears the folder of a project whenever a job of one of its pairs begins or ends */
  constructor(private readonly tell: (path: string) => void) {}

  /** @returns the job's id */
  add(own: ProjectPair, job: RunningJob<Event>): string {
    this.jobs.set(own.key, job)
    this.failures.delete(own.key)
    this.tell(own.project.path)
    void job.done.then(() => {
      if (job.problem !== null) this.failures.set(own.key, { id: job.id, problem: job.problem })
      this.tell(own.project.path)
    })
    return job.id
  }

  /** Follows the pair's job to its end; ends at once when there is none to tell of. */
  async *watch(own: ProjectPair, signal?: AbortSignal): AsyncGenerator<Event | JobFailure> {
    const job = this.jobs.get(own.key)
    if (job === undefined) return
    yield* job.watch(signal)
    if (job.over && !signal?.aborted && this.jobs.get(own.key) === job) this.jobs.delete(own.key)
  }

  /** Why the pair's last job failed; null while one runs, and where the last did not fail. */
  failed(own: ProjectPair): JobProblem | null {
    return this.failures.get(own.key) ?? null
  }

  isRunning(own: ProjectPair): boolean {
    return this.done(own) !== null
  }

  /** Settles when the pair's running job is over; null when none runs. */
  done(own: ProjectPair): Promise<void> | null {
    const job = this.jobs.get(own.key)
    return job === undefined || job.over ? null : job.done
  }

  cancel(own: ProjectPair): void {
    this.jobs.get(own.key)?.cancel()
  }

  async cancelAll(): Promise<void> {
    for (const job of this.jobs.values()) job.cancel()
    await Promise.all(Array.from(this.jobs.values(), (job) => job.done))
  }
}

interface JobProblem {
  /** Of the job. */
  readonly id: string
  readonly problem: Problem
}

/** Whatever facts it keeps. */
type RunningJob<Event> = Pick<Job<Event, unknown>, 'id' | 'over' | 'problem' | 'done' | 'cancel' | 'watch'>
