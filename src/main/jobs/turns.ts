import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { WorkbenchError } from '../../contract/model/problem'
import type { FailedJob } from '../../contract/documents/project'
import { jobKindFacts, type JobKind } from '../../contract/model/job-kinds'
import { PROJECT_FILE } from '../project/documents/project-file'
import type { ProjectOfPair, ProjectPair } from '../project/pair/project-pair'
import { EngineTurn } from './engine-turn'
import { type Job, type JobFailure, NO_TURN } from './job'
import { JobTable, type RunningJob } from './job-table'
import { requireWritable as requireFileTaken } from '../base/files/atomic-file'
import { cancelled, throwIfCancelled } from '../base/files/cancelling'

interface NamedTable {
  kind: JobKind
  table: Pick<JobTable<{ type: string }>, 'isRunning' | 'failed' | 'done' | 'cancel' | 'cancelAll'>
}

interface Question {
  readonly project: ProjectOfPair
  readonly stop: AbortController
}

/**
 * Decides which job may begin. A project has one job at a time that needs the engine, and short questions to the engine
 * only while no job runs. {@link EngineTurn} decides between projects.
 */
export class JobTurns {
  private readonly tables: NamedTable[] = []
  /** Questions that the engine is answering, see {@link ask}. */
  private readonly questions = new Set<Question>()
  private readonly closing = new AbortController()
  /** Listeners that are called when a job of a project is prepared, begins or ends, by the project's folder. */
  private readonly news = new EventEmitter().setMaxListeners(0)
  private readonly engineTurn = new EngineTurn(() => {
    for (const path of this.news.eventNames()) this.news.emit(path)
  })

  /** Creates the table of a kind of job. */
  jobs<Event extends { type: string }>(kind: JobKind): JobTable<Event> {
    const computes = jobKindFacts(kind).needs === 'engine'
    const table = new JobTable<Event>({
      notify: (path) => this.news.emit(path),
      takeTurn: (project) =>
        computes ? (signal, onWait) => this.engineTurn.takeTurn(project, signal, onWait) : NO_TURN
    })
    this.tables.push({ kind, table })
    return table
  }

  running(pair: ProjectPair): JobKind[] {
    return this.tables.filter(({ table }) => table.isRunning(pair)).map(({ kind }) => kind)
  }

  /** Returns the other project that a job of this project has to wait for; null if it could begin at once. */
  busyFor(project: ProjectOfPair): ProjectOfPair | null {
    return this.engineTurn.busyFor(project)
  }

  /** Returns the failures of the last job of each kind, unless another job of the kind has begun since. */
  failed(pair: ProjectPair): FailedJob[] {
    return this.tables.flatMap(({ kind, table }) => {
      const failed = table.failed(pair)
      return failed === null ? [] : [{ kind, ...failed }]
    })
  }

  /** Calls `listener` whenever a job of the project is prepared, begins or ends. @returns function that ends this */
  onChange({ path }: ProjectOfPair, listener: () => void): () => void {
    this.news.on(path, listener)
    return () => void this.news.off(path, listener)
  }

  /** Prepares and starts a job that saves its result. @throws WorkbenchError `busy` or `read-only` */
  async start<Event extends { type: string }, Started extends RunningJob<Event>>(
    pair: ProjectPair,
    table: JobTable<Event>,
    name: string,
    prepare: (signal: AbortSignal) => Promise<Started>,
    stopped?: AbortSignal
  ): Promise<Started> {
    requireWritablePair(pair, name)
    this.claim(pair)
    const begin = async (signal: AbortSignal): Promise<Started> => {
      await pair.project.change(() => requireFileTaken(join(pair.project.path, PROJECT_FILE)))
      throwIfCancelled(signal, name)
      return prepare(signal)
    }
    return table.start(pair, begin, stopped)
  }

  /** Prepares and starts a job that runs beside jobs of other kinds. @throws WorkbenchError `busy` */
  async startBeside<Event extends { type: string }, Started extends RunningJob<Event>>(
    pair: ProjectPair,
    table: JobTable<Event>,
    prepare: (signal: AbortSignal) => Promise<Started>
  ): Promise<Started> {
    this.requireOpen()
    requireNot(
      pair,
      this.tables.filter((entry) => entry.table === table)
    )
    return table.start(pair, prepare)
  }

  /** Starts a job that ends with its stream. @throws WorkbenchError as {@link start}, and as the job fails */
  async *stream<Event extends { type: string }, Fact>(
    pair: ProjectPair,
    name: string,
    table: JobTable<Event | JobFailure>,
    create: () => Job<Event, Fact>,
    signal: AbortSignal | undefined
  ): AsyncGenerator<Event> {
    const job = await this.start(pair, table, name, () => Promise.resolve(create()), signal)
    yield* eventsOf(job, signal)
  }

  /** Asks a question whose answer comes piece by piece, see {@link ask}. */
  async *answer<Event extends { type: string }, Fact>(
    pair: ProjectPair,
    create: () => Job<Event, Fact>,
    signal: AbortSignal | undefined
  ): AsyncGenerator<Event> {
    const question = this.ask(pair, signal)
    try {
      yield* eventsOf(create().begin(), question.signal)
      if (question.signal.aborted && !signal?.aborted) throw cancelled('The answer')
    } finally {
      question.over()
    }
  }

  /** Begins a short question to the engine. The next job of the project ends it; jobs of other projects wait for it. */
  ask({ project }: ProjectPair, signal: AbortSignal | undefined): { signal: AbortSignal; over: () => void } {
    this.requireIdle(project)
    const over = this.engineTurn.ask(project)
    const question = { project, stop: new AbortController() }
    this.questions.add(question)
    const signals = [this.closing.signal, question.stop.signal]
    return {
      signal: AbortSignal.any(signal === undefined ? signals : [...signals, signal]),
      over: () => {
        if (this.questions.delete(question)) over()
      }
    }
  }

  /** Settles when all running jobs of the project have ended; null if none runs. */
  done({ pairs }: ProjectOfPair): Promise<void> | null {
    const running = this.tables.flatMap(({ table }) => pairs.flatMap((pair) => table.done(pair) ?? []))
    return running.length === 0 ? null : Promise.all(running).then(() => undefined)
  }

  /** Stops all jobs and lets no other begin. @returns when they are over */
  async cancelAll(): Promise<void> {
    this.closing.abort()
    await Promise.all(this.tables.map(({ table }) => table.cancelAll()))
  }

  /** @throws WorkbenchError `busy` if any job of the pair runs */
  requireNone(pair: ProjectPair): void {
    requireNot(pair, this.tables)
  }

  /** Ends the project's questions for a job. @throws WorkbenchError `busy` */
  private claim({ project }: ProjectPair): void {
    this.requireOpen()
    this.requireIdle(project)
    for (const question of this.questions) if (question.project === project) question.stop.abort()
  }

  /** Refuses a job while the program ends, because its result could not be saved. @throws WorkbenchError `busy` */
  private requireOpen(): void {
    if (this.closing.signal.aborted) throw new WorkbenchError('busy', 'The program is closing.')
  }

  /** Refuses a job if another one of the project runs, because all its pairs share one engine. */
  private requireIdle({ pairs }: ProjectOfPair): void {
    const tables = this.tables.filter(({ kind }) => jobKindFacts(kind).needs !== 'files')
    for (const pair of pairs) requireNot(pair, tables)
  }
}

/** Refuses work whose result cannot be saved. @throws WorkbenchError `read-only` */
export function requireWritablePair(pair: ProjectPair, what: string): void {
  if (pair.readOnly === null) return
  throw new WorkbenchError('read-only', `${what} of ${pair.project.path} could not be saved: ${pair.readOnly}`)
}

function requireNot(pair: ProjectPair, tables: readonly NamedTable[]): void {
  const running = tables.find(({ table }) => table.isRunning(pair))
  if (running === undefined) return
  const { name } = jobKindFacts(running.kind)
  throw new WorkbenchError('busy', `${name} of ${pair.title} is running.`, 'Cancel it, or wait for it.')
}

/** Yields the events of a job. The job ends with the stream, and its failure is thrown. */
async function* eventsOf<Event extends { type: string }, Fact>(
  job: Job<Event, Fact>,
  signal: AbortSignal | undefined
): AsyncGenerator<Event> {
  try {
    for await (const event of job.watch(signal)) {
      if (isFailure(event)) {
        if (event.type === 'cancelled') throw cancelled('The work')
        const { code, message, hint } = event.problem
        throw new WorkbenchError(code, message, hint)
      }
      yield event
    }
  } finally {
    job.cancel()
  }
}

function isFailure(event: { type: string } | JobFailure): event is JobFailure {
  return event.type === 'failed' || event.type === 'cancelled'
}
