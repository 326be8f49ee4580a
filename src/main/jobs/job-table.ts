import type { Problem } from '../../contract/model/problem'
import type { Job, JobFailure, TakeTurn } from './job'
import type { ProjectOfPair, ProjectPair } from '../project/pair/project-pair'

interface TableOptions {
  /** Called when a job of a project is prepared, begins or ends. @param path folder of the project */
  readonly notify: (path: string) => void
  /** Waits until a job of the project may compute. */
  readonly takeTurn: (project: ProjectOfPair) => TakeTurn
}

interface PreparedJob {
  readonly stop: AbortController
  /** Settles when the preparation is over, with the job or null after a failure. */
  readonly job: Promise<AnyJob | null>
}

/** The jobs of one kind, at most one for each pair: being prepared, running, or ended and not yet seen. */
export class JobTable<Event extends { type: string }> {
  private readonly preparations = new Map<string, PreparedJob>()
  /** Jobs by the pair's key. A job stays here after its end until a watcher has seen its end. */
  private readonly jobs = new Map<string, RunningJob<Event>>()
  /** Failure of the last job, by the pair's key, until the next begins. */
  private readonly failures = new Map<string, JobProblem>()

  constructor(private readonly options: TableOptions) {}

  /** Prepares a job and begins it. A stop during the preparation cancels the job before it computes anything. */
  async start<Started extends RunningJob<Event>>(
    pair: ProjectPair,
    prepare: (signal: AbortSignal) => Promise<Started>,
    stopped?: AbortSignal
  ): Promise<Started> {
    const stop = new AbortController()
    const signal = stopped === undefined ? stop.signal : AbortSignal.any([stop.signal, stopped])
    const starting = prepare(signal).then((job) => {
      this.preparations.delete(pair.key)
      if (signal.aborted) job.cancel()
      else signal.addEventListener('abort', () => job.cancel(), { once: true })
      this.add(pair, job)
      return job
    })
    this.preparations.set(pair.key, { stop, job: starting.catch(() => null) })
    this.options.notify(pair.project.path)
    try {
      return await starting
    } catch (error) {
      this.preparations.delete(pair.key)
      this.options.notify(pair.project.path)
      throw error
    }
  }

  /** Begins a prepared job in place of the pair's last one. */
  add(pair: ProjectPair, job: RunningJob<Event>): void {
    this.jobs.set(pair.key, job)
    this.failures.delete(pair.key)
    job.begin(this.options.takeTurn(pair.project))
    this.options.notify(pair.project.path)
    void job.done.then(() => {
      if (job.problem !== null) this.failures.set(pair.key, { id: job.id, problem: job.problem })
      this.options.notify(pair.project.path)
    })
  }

  /** Follows the pair's job to its end, once it is prepared; ends at once if there is no job. */
  async *watch(pair: ProjectPair, signal?: AbortSignal): AsyncGenerator<Event | JobFailure> {
    await this.preparations.get(pair.key)?.job
    const job = this.jobs.get(pair.key)
    if (job === undefined) return
    yield* job.watch(signal)
    if (job.over && !signal?.aborted && this.jobs.get(pair.key) === job) this.jobs.delete(pair.key)
  }

  /** Returns the failure of the pair's last job; null while a job runs, and if the last job did not fail. */
  failed(pair: ProjectPair): JobProblem | null {
    return this.failures.get(pair.key) ?? null
  }

  /** Reports whether a job of the pair runs or is prepared. */
  isRunning(pair: ProjectPair): boolean {
    return this.preparations.has(pair.key) || this.runningJob(pair) !== null
  }

  /** Settles at the end of the pair's job; null if no job runs or is prepared. */
  done(pair: ProjectPair): Promise<void> | null {
    const preparation = this.preparations.get(pair.key)
    return preparation?.job.then((job) => job?.done) ?? this.runningJob(pair)?.done ?? null
  }

  async cancel(pair: ProjectPair): Promise<void> {
    const done = this.done(pair)
    this.preparations.get(pair.key)?.stop.abort()
    this.runningJob(pair)?.cancel()
    await done
  }

  async cancelAll(): Promise<void> {
    const preparations = [...this.preparations.values()]
    const jobs = [...this.jobs.values()]
    for (const { stop } of preparations) stop.abort()
    for (const job of jobs) job.cancel()
    await Promise.all([
      ...preparations.map(({ job }) => job.then((begun) => begun?.done)),
      ...jobs.map(({ done }) => done)
    ])
  }

  private runningJob(pair: ProjectPair): RunningJob<Event> | null {
    const job = this.jobs.get(pair.key)
    return job === undefined || job.over ? null : job
  }
}

interface JobProblem {
  readonly id: string
  readonly problem: Problem
}

type AnyJob = Pick<Job<{ type: string }, unknown>, 'done'>

export type RunningJob<Event extends { type: string }> = Pick<
  Job<Event, unknown>,
  'id' | 'over' | 'problem' | 'progress' | 'done' | 'begin' | 'cancel' | 'watch'
>
