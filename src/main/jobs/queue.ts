import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { PairId } from '../../contract/documents/project'
import type { QueuedJob, QueuedWork, QueueState } from '../../contract/documents/queue'
import { WorkbenchError } from '../../contract/model/problem'
import { requireConfirmed } from '../endpoint/confirmed-addresses'
import { SerialQueue } from '../base/files/serial-queue'
import type { ProjectOfPair, ProjectPair } from '../project/pair/project-pair'
import { QueueLine } from './queue-line'
import type { QueuedKinds } from './queued-kinds'
import type { JobTurns } from './turns'

/**
 * Jobs that wait in line over a project's pairs. One runs at a time, by what is set for its pair when its turn comes; it goes
 * on to the next whatever becomes of it. A job that is started by hand goes first, and the line waits for it. Lines are stored:
 * after a restart of the program nothing begins by itself, and what was running goes on from what it has.
 */
export class Queue {
  private readonly lines = new WeakMap<ProjectOfPair, QueueLine>()
  /** Whether a pair is swept already takes long to find out: what is asked for next does not overtake it. */
  private readonly arrivals = new SerialQueue()
  private closing = false

  constructor(
    private readonly kinds: QueuedKinds,
    private readonly turns: JobTurns
  ) {}

  /**
   * Puts the same work for each of these pairs at the end, in the order of the calls, but where it waits already. One that was stopped or failed waits again
   * instead, with what it has.
   *
   * @param again leaves none out
   * @returns pairs that are left out, for they have what it would compute
   * @throws WorkbenchError `not-found`, `bad-input`, `read-only`
   */
  add(project: ProjectOfPair, pairs: readonly PairId[], work: QueuedWork, again = false): Promise<PairId[]> {
    return this.arrivals.run(() => this.arrive(project, pairs, work, again))
  }

  private async arrive(
    project: ProjectOfPair,
    pairs: readonly PairId[],
    work: QueuedWork,
    again: boolean
  ): Promise<PairId[]> {
    const leftOut: PairId[] = []
    for (const id of pairs) if (!again && (await this.isDone(project.pair(id), work))) leftOut.push(id)
    await this.put(
      project,
      pairs.filter((id) => !leftOut.includes(id)),
      work
    )
    return leftOut
  }

  private async isDone(own: ProjectPair, work: QueuedWork): Promise<boolean> {
    try {
      return await this.kinds[work.kind].isDone(own)
    } catch (error) {
      // The job says what is wrong with it, when its turn comes.
      if (error instanceof WorkbenchError) return false
      throw error
    }
  }

  private async put(project: ProjectOfPair, pairs: readonly PairId[], work: QueuedWork): Promise<void> {
    await this.edit(project, (jobs) => {
      const isLike = (job: QueuedJob): boolean => pairs.includes(job.pair) && sameWork(job.work, work)
      const added = pairs
        .filter((pair) => !jobs.some((job) => job.pair === pair && isLike(job)))
        .map((pair): QueuedJob => ({ id: randomUUID(), pair, work, evaluationId: null, problem: null }))
      const again = (job: QueuedJob): QueuedJob =>
        job.problem !== null && isLike(job) ? { ...job, work, problem: null } : job
      return [...jobs.map(again), ...added]
    })
    // One that has begun may ask endpoints: it waits for the user's word on the stored queue.
    const asked = project.queue.jobs.filter(
      (job) =>
        job.problem === null &&
        job.evaluationId === null &&
        pairs.includes(job.pair) &&
        sameWork(job.work, work)
    )
    this.lineOf(project).begin(asked.map(({ id }) => id))
  }

  /** @param place in the line without it @throws WorkbenchError `not-found` when it is over; `read-only` */
  async move(project: ProjectOfPair, id: string, place: number): Promise<void> {
    await this.edit(project, (jobs) =>
      jobs.filter((job) => job.id !== id).toSpliced(place, 0, known(jobs, id))
    )
  }

  /**
   * Takes a job out of the line. One that is prepared or runs is stopped, and stays with what it has; the call returns when it has ended.
   *
   * @throws WorkbenchError `read-only`
   */
  async remove(project: ProjectOfPair, id: string): Promise<void> {
    if (await this.lineOf(project).stop(id)) return
    await this.edit(project, (jobs) => jobs.filter((job) => job.id !== id))
  }

  /**
   * Has a job that failed or was stopped wait again, where it stands.
   *
   * @throws WorkbenchError `not-found` when it is over; `read-only`; as `requireConfirmed`
   */
  async retry(project: ProjectOfPair, id: string): Promise<void> {
    await requireConfirmed(await this.lineOf(project).endpoints(known(project.queue.jobs, id)))
    await this.edit(project, (jobs) => {
      const again = { ...known(jobs, id), problem: null }
      return jobs.map((job) => (job.id === id ? again : job))
    })
    this.lineOf(project).begin([id])
  }

  /** Hears that a pair is back whose removal was undone, and with it the jobs that wait for it. */
  pairIsBack(project: ProjectOfPair): void {
    this.lineOf(project).pairIsBack()
  }

  /** Lets no other job begin, or lets all of them. @throws WorkbenchError as `requireConfirmed` */
  async pause(project: ProjectOfPair, paused: boolean): Promise<void> {
    const line = this.lineOf(project)
    if (paused) return line.pause()
    const { waiting } = line
    for (const job of waiting) await requireConfirmed(await line.endpoints(job))
    line.begin(waiting.map(({ id }) => id))
  }

  /** The line now, and after every change. Ends when `signal` fires. */
  watch(project: ProjectOfPair, signal: AbortSignal | undefined): AsyncGenerator<QueueState> {
    return this.lineOf(project).watch(signal)
  }

  /** Settles when nothing of a project's line runs or can begin; null when that is so. */
  done(project: ProjectOfPair): Promise<void> | null {
    return this.lines.get(project)?.done ?? null
  }

  /** From here on no job begins, and those that are stopped stay in line. */
  close(): void {
    this.closing = true
  }

  private async edit(
    project: ProjectOfPair,
    change: (jobs: readonly QueuedJob[]) => readonly QueuedJob[]
  ): Promise<void> {
    // Before the change: a line that waits from the last time stays paused.
    const line = this.lineOf(project)
    await project.queue.edit(change)
    line.tell()
  }

  private lineOf(project: ProjectOfPair): QueueLine {
    const there = this.lines.get(project)
    if (there !== undefined) return there
    const line = new QueueLine(project, this.kinds, this.turns, () => this.closing)
    this.lines.set(project, line)
    return line
  }
}

function known(jobs: readonly QueuedJob[], id: string): QueuedJob {
  const job = jobs.find((one) => one.id === id)
  if (job !== undefined) return job
  throw new WorkbenchError('not-found', 'That job is no longer in the queue: it has ended, or was taken out.')
}

const sameWork = (a: QueuedWork, b: QueuedWork): boolean =>
  a.kind === 'sweep' || b.kind === 'sweep'
    ? a.kind === b.kind
    : a.task.id === b.task.id && isDeepStrictEqual(a.computing, b.computing)
