import { randomUUID } from 'node:crypto'
import type { PairId } from '../../contract/documents/project'
import { notFoundError } from '../../contract/model/problem'
import { UNKNOWN_PROGRESS } from '../../contract/work/progress'
import { workKey } from '../../contract/work/work'
import type { QueuedJob, WorkListState } from '../../contract/work/work-list'
import { requireConfirmed } from '../endpoint/confirmed-addresses'
import { SerialQueue } from '../base/files/serial-queue'
import { withFallback } from '../base/files/with-fallback'
import type { ProjectOfPair, ProjectPair } from '../project/pair/project-pair'
import { QueueLine } from './queue-line'
import type { QueuedKinds } from './queued-kinds'
import type { JobTurns } from './turns'

export type NewWork = Pick<QueuedJob, 'work' | 'taskName'>

/**
 * The queues of all open projects; {@link QueueLine} runs one of them. Queues are stored. After a restart no job begins
 * by itself. If the user starts an interrupted job again, it resumes.
 */
export class JobQueue {
  private readonly lines = new WeakMap<ProjectOfPair, QueueLine>()
  /** Adds jobs in the order of the calls, although it may take long to find out that a job has a result already. */
  private readonly arrivals = new SerialQueue()
  private readonly closing = new AbortController()

  constructor(
    private readonly kinds: QueuedKinds,
    private readonly turns: JobTurns
  ) {}

  /**
   * Queues work for pairs, unless the same work already waits.
   *
   * @param again true to queue it also for pairs that have results
   * @returns the pairs that were left out because they have results
   */
  add(project: ProjectOfPair, pairs: readonly PairId[], added: NewWork, again = false): Promise<PairId[]> {
    return this.arrivals.run(async () => {
      const leftOut: PairId[] = []
      for (const id of pairs) if (!again && (await this.isDone(project.pair(id), added))) leftOut.push(id)
      await this.enqueue(
        project,
        pairs.filter((id) => !leftOut.includes(id)),
        added
      )
      return leftOut
    })
  }

  /** Reports whether the pair has the result. If that cannot be read, the job will report the problem. */
  private isDone(pair: ProjectPair, { work }: NewWork): Promise<boolean> {
    return withFallback(() => this.kinds[work.kind].isDone(pair), false)
  }

  private async enqueue(project: ProjectOfPair, pairs: readonly PairId[], added: NewWork): Promise<void> {
    const key = workKey(added.work)
    const isSameWork = (job: QueuedJob): boolean => pairs.includes(job.pair) && workKey(job.work) === key
    const waiting = { state: 'waiting', progress: UNKNOWN_PROGRESS, seconds: null, problem: null } as const
    await this.edit(project, (jobs) => {
      // A failed or stopped job with the same work waits again. Other pairs get a new job.
      const existing = jobs.map((job) =>
        job.problem !== null && isSameWork(job) ? { ...job, ...added, ...waiting } : job
      )
      const newJobs = pairs
        .filter((pair) => !jobs.some((job) => job.pair === pair && isSameWork(job)))
        .map((pair): QueuedJob => {
          const id = randomUUID()
          return { origin: 'window', id, pair, ...added, ...waiting, evaluationId: null }
        })
      return [...existing, ...newJobs]
    })
    // A job that has begun may call endpoints, so it waits until the user resumes the stored queue.
    const startable = project.work.jobs.filter(
      (job) => job.problem === null && job.evaluationId === null && isSameWork(job)
    )
    this.lineOf(project).begin(startable.map(({ id }) => id))
  }

  /** Moves a job. @param position index among the other jobs @throws WorkbenchError `not-found` if the job is over */
  async move(project: ProjectOfPair, id: string, position: number): Promise<void> {
    await this.edit(project, (jobs) => jobs.filter((job) => job.id !== id).toSpliced(position, 0, findJob(jobs, id)))
  }

  /** Removes a job from the queue. A running job is stopped instead, and the call returns after its end. */
  async remove(project: ProjectOfPair, id: string): Promise<void> {
    if (await this.lineOf(project).stop(id)) return
    await this.edit(project, (jobs) => jobs.filter((job) => job.id !== id))
  }

  /** Queues a failed or stopped job again, at its old position. @throws WorkbenchError `not-found` */
  async retry(project: ProjectOfPair, id: string): Promise<void> {
    await requireConfirmed(await this.lineOf(project).endpoints(findJob(project.work.jobs, id)))
    await this.edit(project, (jobs) => {
      const again = { ...findJob(jobs, id), state: 'waiting' as const, problem: null }
      return jobs.map((job) => (job.id === id ? again : job))
    })
    this.lineOf(project).begin([id])
  }

  resumeAfterRestore(project: ProjectOfPair): void {
    this.lineOf(project).resumeAfterRestore()
  }

  /** Pauses the queue after the running job, or starts all waiting jobs. */
  async pause(project: ProjectOfPair, paused: boolean): Promise<void> {
    const queueLine = this.lineOf(project)
    if (paused) return queueLine.pause()
    const { waiting } = queueLine
    for (const job of waiting) await requireConfirmed(await queueLine.endpoints(job))
    queueLine.begin(waiting.map(({ id }) => id))
  }

  /** Yields the queue and the newest study, now and after every change. Ends when `signal` fires. */
  watch(project: ProjectOfPair, signal: AbortSignal | undefined): AsyncGenerator<WorkListState> {
    return this.lineOf(project).watch(signal)
  }

  /** Settles when no job of a project's queue runs or can begin; null if none does. */
  done(project: ProjectOfPair): Promise<void> | null {
    return this.lines.get(project)?.done ?? null
  }

  close(): void {
    this.closing.abort()
  }

  private async edit(
    project: ProjectOfPair,
    change: (jobs: readonly QueuedJob[]) => readonly QueuedJob[]
  ): Promise<void> {
    // The queue is opened before the change, so that a stored queue stays paused.
    this.lineOf(project)
    await project.work.edit(change)
  }

  private lineOf(project: ProjectOfPair): QueueLine {
    const existing = this.lines.get(project)
    if (existing !== undefined) return existing
    const queueLine = new QueueLine(project, this.kinds, this.turns, this.closing.signal)
    this.lines.set(project, queueLine)
    return queueLine
  }
}

function findJob(jobs: readonly QueuedJob[], id: string): QueuedJob {
  const job = jobs.find((queued) => queued.id === id)
  if (job !== undefined) return job
  throw notFoundError('That job is no longer in the queue: it has ended, or was taken out.')
}
