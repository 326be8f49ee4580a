import { EventEmitter, once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { MAX_DONE, type QueuedJob, type QueueState } from '../../contract/documents/queue'
import { UNKNOWN_PROGRESS } from '../../contract/work/progress'
import { elementAt } from '../../contract/model/look-up'
import { type Endpoint, endpointWarning } from '../../contract/model/external-model'
import { type Problem, WorkbenchError } from '../../contract/model/problem'
import { stoppedProblem } from '../../contract/words/queue-words'
import { problemOf, reportDefect } from '../base/rpc-problems'
import type { ProjectOfPair, ProjectPair } from '../project/pair/project-pair'
import type { BegunJob, QueuedKind, QueuedKinds } from './queued-kinds'
import type { JobTurns } from './turns'

/** How soon a turn is asked for again that another job is only getting ready to take. */
const BUSY_MS = 500

/** The job of the line that runs, from its preparation until its end has been stored. */
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

/** The line of one open project. */
export class QueueLine {
  /** Settles when nothing runs or can begin; null when that is so. */
  done: Promise<void> | null = null
  private paused: boolean
  /** Whether a job that was started by hand is waited for. */
  private waits = false
  /** Ids of jobs that the user of this run has asked for. Others were stored, perhaps by somebody else. */
  private readonly agreed = new Set<string>()
  /** Where evaluations that are gone on with send prompts, by their ids. */
  private readonly sends = new Map<string, string[]>()
  private running: RunningTurn | null = null
  private finished: QueueState['done'] = []
  private readonly news = new EventEmitter().setMaxListeners(0)
  private version = 0

  /** @param isClosing whether the program ends */
  constructor(
    private readonly project: ProjectOfPair,
    private readonly kinds: QueuedKinds,
    private readonly turns: JobTurns,
    private readonly isClosing: () => boolean
  ) {
    // Who opens a project has not asked for its work.
    this.paused = this.jobs.length > 0
  }

  /** Begins the jobs that the user has asked for. @param ids of those that are asked for now */
  begin(ids: readonly string[]): void {
    for (const id of ids) this.agreed.add(id)
    this.paused = false
    this.tell()
    this.done ??= this.work()
      .catch((error: unknown) => {
        // The line itself could not be written: no job may begin that would then begin for ever.
        this.paused = true
        if (problemOf(error) === null) reportDefect(error, 'the queue')
      })
      .finally(() => {
        this.done = null
        this.tell()
      })
  }

  /** Jobs of a pair that is back are in line again. */
  pairIsBack(): void {
    if (this.paused) this.tell()
    else this.begin([])
  }

  /** Jobs that wait for their turn or for the user. */
  get waiting(): QueuedJob[] {
    return this.jobs.filter(({ problem }) => problem === null)
  }

  /** The endpoints that a job has yet to ask; none where they cannot be told, for it fails before it asks any. */
  async endpoints(job: QueuedJob): Promise<Endpoint[]> {
    try {
      return await this.kinds[job.work.kind].endpoints(this.project.pair(job.pair), job)
    } catch (error) {
      if (error instanceof WorkbenchError) return []
      throw error
    }
  }

  pause(): void {
    this.paused = true
    this.tell()
  }

  /** Stops the job of this id, where it is prepared or runs, and waits until it has ended. @returns whether it was */
  async stop(id: string): Promise<boolean> {
    const { running } = this
    if (running?.id !== id) return false
    running.stop.abort()
    this.tell()
    await running.ended
    return true
  }

  async *watch(signal: AbortSignal | undefined): AsyncGenerator<QueueState> {
    for (let told = -1; !signal?.aborted;) {
      if (told !== this.version) {
        told = this.version
        await this.learnSends()
        yield this.state()
      } else {
        await once(this.news, 'change', { signal }).catch((error: unknown) => {
          if (!signal?.aborted) throw error
        })
      }
    }
  }

  tell(): void {
    this.version += 1
    this.news.emit('change')
  }

  /** Those of pairs that were removed wait unseen: their removal can be undone. */
  private get jobs(): QueuedJob[] {
    const { pairs, queue } = this.project
    return queue.jobs.filter((job) => pairs.some(({ id }) => id === job.pair))
  }

  private async learnSends(): Promise<void> {
    for (const job of this.jobs) {
      const { evaluationId } = job
      if (evaluationId === null || this.sends.has(evaluationId)) continue
      this.sends.set(evaluationId, [...new Set((await this.endpoints(job)).map(endpointWarning))])
    }
  }

  private state(): QueueState {
    const { running, waits } = this
    const isHeld = running === null && this.waiting.length > 0 && this.next() === undefined
    return {
      paused: this.paused || isHeld,
      waits,
      waitsFor: running === null ? null : (this.turns.busyFor(this.project)?.name ?? null),
      done: this.finished,
      jobs: this.jobs.map(({ evaluationId, ...stored }) => {
        const sends = evaluationId === null ? [] : (this.sends.get(evaluationId) ?? [])
        const job = { ...stored, sends }
        if (job.id === running?.id) {
          const state = running.stop.signal.aborted ? 'stopping' : 'running'
          return { ...job, state, progress: running.progress }
        }
        if (job.problem !== null) {
          const state = job.problem.code === 'cancelled' ? 'stopped' : 'failed'
          return { ...job, state, progress: UNKNOWN_PROGRESS }
        }
        const last = this.kinds[job.work.kind].last(this.project.pair(job.pair), job.work)
        return {
          ...job,
          state: 'waiting',
          progress: last === null ? UNKNOWN_PROGRESS : { share: null, ...last }
        }
      })
    }
  }

  /** The job whose turn comes next. */
  private next(): QueuedJob | undefined {
    return this.waiting.find(({ id }) => this.agreed.has(id))
  }

  /** One job after the other, until none can begin. */
  private async work(): Promise<void> {
    for (;;) {
      const next = this.next()
      if (next === undefined || this.paused || this.isClosing()) return
      const byHand = this.turns.done(this.project)
      if (byHand === null) await this.turn(next)
      else {
        this.waits = true
        this.tell()
        await byHand
        this.waits = false
        this.tell()
      }
    }
  }

  private async turn(job: QueuedJob): Promise<void> {
    const pair = this.project.pair(job.pair)
    const kind = this.kinds[job.work.kind]
    const running = new RunningTurn(job.id)
    this.running = running
    const stopHearing = this.turns.onChange(this.project, () => this.tell())
    this.tell()
    try {
      const end = await this.follow(job, pair, kind, running)
      if (end === 'stopped' && this.isClosing()) return
      if (end === 'busy') await delay(BUSY_MS)
      else if (end === 'finished') {
        this.finish(job)
        await this.put(job.id, null)
      } else {
        const problem = end === 'stopped' ? await this.stopped(job.id, pair, kind) : end
        await this.put(job.id, { problem })
      }
    } finally {
      stopHearing()
      // Where the line could not be written, its job would go on unseen.
      running.stop.abort()
      this.running = null
      this.tell()
      running.end()
    }
  }

  /** What is left of a job that was stopped. */
  private async stopped(id: string, pair: ProjectPair, kind: QueuedKind): Promise<Problem> {
    const job = elementAt(
      this.project.queue.jobs.filter((one) => one.id === id),
      0,
      'job'
    )
    try {
      return stoppedProblem(await kind.kept(pair, job))
    } catch (error) {
      const problem = problemOf(error)
      if (problem === null) throw error
      return { ...problem, code: 'cancelled', message: `Stopped. ${problem.message}` }
    }
  }

  private finish({ id, pair, work }: QueuedJob): void {
    this.finished = [...this.finished, { id, pair, work }].slice(-MAX_DONE)
  }

  /** @returns how it ended */
  private async follow(
    job: QueuedJob,
    pair: ProjectPair,
    kind: QueuedKind,
    running: RunningTurn
  ): Promise<Problem | 'finished' | 'stopped' | 'busy'> {
    let begun: BegunJob
    try {
      begun = await kind.begin(pair, job, running.stop.signal)
    } catch (error) {
      const problem = problemOf(error) ?? reportDefect(error, 'the queue')
      if (problem.code === 'cancelled') return 'stopped'
      return problem.code === 'busy' ? 'busy' : problem
    }
    const { evaluationId, events } = begun
    if (evaluationId !== job.evaluationId) await this.put(job.id, { evaluationId })
    for await (const event of events) {
      if (event.type === 'progress') {
        running.progress = event.progress
        this.tell()
      } else if (event.type === 'failed') return event.problem
      else return event.type === 'cancelled' ? 'stopped' : 'finished'
    }
    throw new Error('a job of the queue ended without a word')
  }

  /** Changes a job in its own place, or takes it out of the line. */
  private async put(
    id: string,
    change: Partial<Pick<QueuedJob, 'evaluationId' | 'problem'>> | null
  ): Promise<void> {
    const changed = (job: QueuedJob): QueuedJob[] => (change === null ? [] : [{ ...job, ...change }])
    await this.project.queue.edit((jobs) => jobs.flatMap((job) => (job.id === id ? changed(job) : [job])))
  }
}
