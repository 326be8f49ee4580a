import { setTimeout as delay } from 'node:timers/promises'
import { UNKNOWN_PROGRESS } from '../../contract/work/progress'
import { elementAt } from '../../contract/model/look-up'
import { type Endpoint, endpointWarning } from '../../contract/model/external-model'
import type { Problem } from '../../contract/model/problem'
import { MAX_DONE, type QueuedJob, type ShownJob, type WorkListState } from '../../contract/work/work-list'
import { stoppedProblem } from '../../contract/work/work-words'
import { Changes } from '../base/changes'
import { cancelled } from '../base/files/cancelling'
import { withFallback } from '../base/files/with-fallback'
import { problemOf, reportDefect } from '../base/rpc-problems'
import type { ProjectOfPair } from '../project/pair/project-pair'
import { type ListedWork, runWorkList, type WorkResult } from '../work/work-list'
import type { QueuedKinds } from './queued-kinds'
import type { JobTurns } from './turns'

/** Milliseconds until a turn is requested again while another job prepares to take it. */
const BUSY_MS = 500

/** End of a queued job. `isBegun` is false if another job was in the way, so that the job stays in the queue. */
type JobEnd = { isBegun: boolean } & Pick<WorkResult, 'outcome'> & Partial<Pick<WorkResult, 'problem'>>

interface QueueEntry extends ListedWork {
  readonly job: QueuedJob
}

/** The running job of the queue, from its preparation until its end is stored. */
class RunningTurn {
  progress = UNKNOWN_PROGRESS
  readonly stop = new AbortController()
  readonly ended: Promise<void>
  private settle: () => void = () => undefined

  constructor(readonly id: string) {
    this.ended = new Promise((resolve) => (this.settle = resolve))
  }

  end(): void {
    this.settle()
  }
}

/** The queue of one project. The queued jobs run one after the other, and after jobs that were started by hand. */
export class QueueLine {
  /** Resolves when the queue stops working; null while it does not work. */
  done: Promise<void> | null = null
  private paused: boolean
  /** True while the queue waits for a job that was started by hand. */
  private waits = false
  /** Ids of jobs that the user of this process has started. Stored jobs of earlier starts wait for the user. */
  private readonly startedByUser = new Set<string>()
  /** Warnings about endpoints that receive prompts of resumed evaluations, by the evaluation's id. */
  private readonly endpointWarnings = new Map<string, string[]>()
  private running: RunningTurn | null = null
  /** The last jobs that succeeded, for the windows. */
  private finished: WorkListState['done'] = []
  private readonly changes = new Changes()
  private readonly notifyWatchers = this.changes.notify

  constructor(
    private readonly project: ProjectOfPair,
    private readonly kinds: QueuedKinds,
    private readonly turns: JobTurns,
    private readonly closing: AbortSignal
  ) {
    project.work.onChange(this.notifyWatchers)
    // Opening a project starts no stored job.
    this.paused = this.jobs.length > 0
  }

  /** Ends a pause and begins to work. @param ids jobs that the user starts with this call */
  begin(ids: readonly string[]): void {
    for (const id of ids) this.startedByUser.add(id)
    this.paused = false
    this.notifyWatchers()
    this.done ??= this.runJobs().finally(() => {
      this.done = null
      this.notifyWatchers()
      // A job that was started while the last one ended has not begun.
      if (this.canBegin(this.next())) this.begin([])
    })
  }

  /** Continues after a removed pair was restored, because its jobs may begin again. */
  resumeAfterRestore(): void {
    if (this.paused) this.notifyWatchers()
    else this.begin([])
  }

  get waiting(): QueuedJob[] {
    return this.jobs.filter(({ problem }) => problem === null)
  }

  /** Returns the endpoints that a job has yet to call. An unreadable job has none, because it fails before any call. */
  async endpoints(job: QueuedJob): Promise<Endpoint[]> {
    return withFallback(async () => this.kinds[job.work.kind].endpoints(this.project.pair(job.pair), job), [])
  }

  pause(): void {
    this.paused = true
    this.notifyWatchers()
  }

  /** Stops a running job and waits for its end. @returns false if the job was not running */
  async stop(id: string): Promise<boolean> {
    const { running } = this
    if (running?.id !== id) return false
    running.stop.abort()
    this.notifyWatchers()
    await running.ended
    return true
  }

  watch(signal: AbortSignal | undefined): AsyncGenerator<WorkListState> {
    return this.changes.watch(signal, () => this.states())
  }

  private async *states(): AsyncGenerator<WorkListState> {
    await this.findEndpointWarnings()
    yield this.state()
  }

  /** Jobs of the project's pairs. Jobs of removed pairs stay stored, because a removal can be undone. */
  private get jobs(): QueuedJob[] {
    const { pairs, work } = this.project
    return work.jobs.filter((job) => pairs.some(({ id }) => id === job.pair))
  }

  private async findEndpointWarnings(): Promise<void> {
    for (const job of this.jobs) {
      const { evaluationId } = job
      if (evaluationId === null || this.endpointWarnings.has(evaluationId)) continue
      this.endpointWarnings.set(evaluationId, [...new Set((await this.endpoints(job)).map(endpointWarning))])
    }
  }

  private state(): WorkListState {
    const { running, waits } = this
    const isHeld = running === null && this.waiting.length > 0 && this.next() === undefined
    return {
      paused: this.paused || isHeld,
      waits,
      // The project whose job the running one waits for.
      waitsFor: running === null ? null : (this.turns.busyFor(this.project)?.name ?? null),
      done: this.finished,
      study: this.project.work.study,
      jobs: this.jobs.map((job) => this.jobForWindows(job))
    }
  }

  private jobForWindows({ evaluationId, ...job }: QueuedJob): ShownJob {
    const { running } = this
    const endpointWarnings = evaluationId === null ? [] : (this.endpointWarnings.get(evaluationId) ?? [])
    if (job.id === running?.id) {
      const state = running.stop.signal.aborted ? 'stopping' : 'running'
      return { ...job, endpointWarnings, state, progress: running.progress }
    }
    if (job.state !== 'waiting') return { ...job, endpointWarnings }
    const last = this.kinds[job.work.kind].estimateFromEarlier(this.project.pair(job.pair), job.work)
    return { ...job, endpointWarnings, progress: last === null ? UNKNOWN_PROGRESS : { share: null, ...last } }
  }

  /** Returns the first waiting job that the user has started. */
  private next(): QueuedJob | undefined {
    return this.waiting.find(({ id }) => this.startedByUser.has(id))
  }

  private canBegin(next: QueuedJob | undefined): next is QueuedJob {
    return next !== undefined && !this.paused && !this.closing.aborted
  }

  /** Runs jobs until none can begin. */
  private async runJobs(): Promise<void> {
    const unsubscribe = this.turns.onChange(this.project, this.notifyWatchers)
    try {
      await runWorkList<QueueEntry, Pick<JobEnd, 'isBegun'>>(this.entries(), {
        name: 'The queue',
        signal: this.closing,
        begins: ({ job }) => {
          this.running = new RunningTurn(job.id)
          this.notifyWatchers()
        },
        run: ({ job }) => this.run(job),
        resultIfNotDone: { isBegun: true },
        ended: async ({ job }, { isBegun, problem }) => {
          if (isBegun) await this.storeEnd(job, problem)
          this.endTurn()
        }
      })
    } catch (error) {
      // The queue could not be written. A job would begin again and again, so none may begin.
      this.paused = true
      if (problemOf(error) === null) reportDefect(error, 'the queue')
    } finally {
      unsubscribe()
      this.endTurn()
    }
  }

  /** Yields the next job as long as one can begin. Waits while a job that was started by hand runs. */
  private async *entries(): AsyncGenerator<QueueEntry> {
    for (let job = this.next(); this.canBegin(job); job = this.next()) {
      const byHand = this.turns.done(this.project)
      if (byHand === null) yield { key: `${job.work.kind} ${job.id}`, needs: [], job }
      else {
        this.waits = true
        this.notifyWatchers()
        await byHand
        this.waits = false
        this.notifyWatchers()
      }
    }
  }

  private endTurn(): void {
    const { running } = this
    // If the queue could not be written, its job would continue without being shown.
    running?.stop.abort()
    this.running = null
    this.notifyWatchers()
    running?.end()
  }

  /** Removes a successful job from the queue, and stores the problem of any other. */
  private async storeEnd(job: QueuedJob, problem: Problem | null): Promise<void> {
    if (problem === null) {
      this.finish(job)
      await this.changeJob(job.id, null)
    } else if (problem.code === 'cancelled') {
      await this.changeJob(job.id, { state: 'stopped', problem: await this.stoppedJobProblem(job.id) })
    } else await this.changeJob(job.id, { state: 'failed', problem })
  }

  /** Describes why a job has no result: it was stopped, and which partial results are saved. */
  private async stoppedJobProblem(id: string): Promise<Problem> {
    const job = elementAt(
      this.project.work.jobs.filter((queued) => queued.id === id),
      0,
      'job'
    )
    try {
      return stoppedProblem(await this.kinds[job.work.kind].describeSaved(this.project.pair(job.pair), job))
    } catch (error) {
      const problem = problemOf(error)
      if (problem === null) throw error
      return { ...problem, code: 'cancelled', message: `Stopped. ${problem.message}` }
    }
  }

  private finish({ id, pair, work, taskName }: QueuedJob): void {
    this.finished = [...this.finished, { id, pair, work, taskName }].slice(-MAX_DONE)
  }

  /** Runs a job to its end. If a job that was started by hand is in the way, waits a moment and starts nothing. */
  private async run(job: QueuedJob): Promise<JobEnd> {
    const running = this.running
    if (running === null) throw new Error('a job of the queue runs without its turn')
    const begun = await this.kinds[job.work.kind]
      .begin(this.project.pair(job.pair), job, running.stop.signal)
      .catch((error: unknown) => {
        if (problemOf(error)?.code !== 'busy') throw error
        return null
      })
    if (begun === null) {
      await delay(BUSY_MS)
      return { outcome: 'left out', isBegun: false }
    }
    const { evaluationId, events } = begun
    if (evaluationId !== job.evaluationId) await this.changeJob(job.id, { evaluationId })
    for await (const event of events) {
      if (event.type === 'progress') {
        running.progress = event.progress
        this.notifyWatchers()
      } else if (event.type === 'finished') return { outcome: 'computed', isBegun: true }
      else if (event.type === 'cancelled') throw cancelled('The job')
      else return { outcome: 'failed', isBegun: true, problem: event.problem }
    }
    throw new Error('a job of the queue ended without its last event')
  }

  /** Changes a job in place. @param change null removes the job from the queue */
  private async changeJob(
    id: string,
    change: Partial<Pick<QueuedJob, 'evaluationId' | 'state' | 'problem'>> | null
  ): Promise<void> {
    const changed = (job: QueuedJob): QueuedJob[] => (change === null ? [] : [{ ...job, ...change }])
    await this.project.work.edit((jobs) => jobs.flatMap((job) => (job.id === id ? changed(job) : [job])))
  }
}
