import { EventEmitter } from 'node:events'
import { WorkbenchError } from '../../contract/model/problem'
import type { JobKind } from '../../contract/documents/project'
import type { Project } from '../project/project'
import type { Job, JobFailure } from './job'
import { JobTable } from './job-table'
import { cancelled } from '../base/cancelling'

interface NamedTable {
  kind: JobKind
  table: Pick<JobTable<{ type: string }>, 'isRunning' | 'done' | 'cancelAll'>
  /** How a message names such a job, such as "A sweep". */
  what: string
}

/** Which job may begin: a project has at most one at a time of those that share the engine process. */
export class JobTurns {
  private readonly engineTables: NamedTable[] = []
  private readonly readingTables: NamedTable[] = []
  /** Questions that the engine is answering, see {@link ask}. */
  private readonly questions = new Set<AbortController>()
  /** Fires when the program ends. */
  private readonly closing = new AbortController()
  /** Projects whose job is being prepared. */
  private readonly starting = new Set<string>()
  /** Those who hear of the jobs of a project, by its folder, whenever one begins or ends. */
  private readonly news = new EventEmitter().setMaxListeners(0)

  /** Jobs that need the engine process. @param what how a message names one, such as "A sweep" */
  engineJobs<Event extends { type: string }>(kind: JobKind, what: string): JobTable<Event> {
    const table = new JobTable<Event>((path) => this.news.emit(path))
    this.engineTables.push({ kind, table, what })
    return table
  }

  /** Jobs that only read weights: they go on beside the others. */
  readingJobs<Event extends { type: string }>(kind: JobKind, what: string): JobTable<Event> {
    const table = new JobTable<Event>((path) => this.news.emit(path))
    this.readingTables.push({ kind, table, what })
    return table
  }

  /** What runs of a project now. */
  running(project: Project): JobKind[] {
    return this.tables.filter(({ table }) => table.isRunning(project)).map(({ kind }) => kind)
  }

  /** Calls `hear` whenever a job of the project begins or ends, until the returned function is called. */
  onChange({ path }: Project, hear: () => void): () => void {
    this.news.on(path, hear)
    return () => void this.news.off(path, hear)
  }

  /**
   * Prepares and starts a job that will save its result, with the project kept for it meanwhile.
   *
   * @param what how a message names it
   * @throws WorkbenchError `busy` while a job of the project runs; `read-only` when the result could not be saved
   */
  async start<Result>(project: Project, what: string, start: () => Promise<Result>): Promise<Result> {
    requireWritable(project, what)
    this.claim(project)
    this.starting.add(project.path)
    try {
      return await start()
    } finally {
      this.starting.delete(project.path)
    }
  }

  /**
   * Starts a job that ends with its stream, and fails as it fails.
   *
   * @throws WorkbenchError as {@link start}
   */
  async *stream<Event extends { type: string }, Fact>(
    project: Project,
    what: string,
    table: JobTable<Event | JobFailure>,
    create: () => Job<Event, Fact>,
    signal: AbortSignal | undefined
  ): AsyncGenerator<Event> {
    requireWritable(project, what)
    this.claim(project)
    const job = create()
    table.add(project, job)
    yield* told(job, signal)
  }

  /**
   * Asks a question whose answer comes piece by piece, as a job that ends with its stream; see {@link ask}.
   *
   * @throws WorkbenchError as {@link ask}; `cancelled` when a job started; as the question fails
   */
  async *answer<Event extends { type: string }, Fact>(
    project: Project,
    create: () => Job<Event, Fact>,
    signal: AbortSignal | undefined
  ): AsyncGenerator<Event> {
    const question = this.ask(project, signal)
    try {
      yield* told(create(), question.signal)
      if (question.signal.aborted && !signal?.aborted) throw cancelled('The answer')
    } finally {
      question.over()
    }
  }

  /**
   * Begins a short question to the engine; the first job that starts puts an end to it, so that nobody waits for it.
   *
   * @throws WorkbenchError `busy` while a job of the project runs
   */
  ask(project: Project, signal: AbortSignal | undefined): { signal: AbortSignal; over: () => void } {
    this.requireIdle(project)
    const stop = new AbortController()
    this.questions.add(stop)
    return {
      signal: AbortSignal.any([this.closing.signal, stop.signal, ...(signal === undefined ? [] : [signal])]),
      over: () => void this.questions.delete(stop)
    }
  }

  /** Settles when the project's running jobs are over; null when none runs. */
  done(project: Project): Promise<void> | null {
    const running = this.tables.flatMap(({ table }) => table.done(project) ?? [])
    return running.length === 0 ? null : Promise.all(running).then(() => undefined)
  }

  async cancelAll(): Promise<void> {
    this.closing.abort()
    await Promise.all(this.tables.map(({ table }) => table.cancelAll()))
  }

  /** @throws WorkbenchError `busy` while any job of the project runs */
  requireNone(project: Project): void {
    this.requireIdle(project)
    requireNot(project, this.readingTables)
  }

  /** @throws WorkbenchError `busy` while a job of this table of reading ones runs */
  requireNoneOf(project: Project, table: NamedTable['table']): void {
    requireNot(
      project,
      this.readingTables.filter((entry) => entry.table === table)
    )
  }

  private get tables(): NamedTable[] {
    return [...this.engineTables, ...this.readingTables]
  }

  /** Makes way for a job. @throws WorkbenchError `busy` */
  private claim(project: Project): void {
    this.requireIdle(project)
    for (const question of this.questions) question.abort()
  }

  private requireIdle(project: Project): void {
    if (this.starting.has(project.path)) throw busy('A job', project)
    requireNot(project, this.engineTables)
  }
}

/** @throws WorkbenchError `read-only` when nothing can be saved in the project */
export function requireWritable(project: Project, what: string): void {
  if (project.readOnly === null) return
  throw new WorkbenchError('read-only', `${what} of ${project.path} could not be saved: ${project.readOnly}`)
}

function requireNot(project: Project, tables: readonly NamedTable[]): void {
  const running = tables.find(({ table }) => table.isRunning(project))
  if (running !== undefined) throw busy(running.what, project)
}

function busy(running: string, project: Project): WorkbenchError {
  return new WorkbenchError(
    'busy',
    `${running} of ${project.document.name} is running.`,
    'Cancel it, or wait for it.'
  )
}

/** What a job tells to the one who waits for it: its end is the job's, and its failure is thrown. */
async function* told<Event extends { type: string }, Fact>(
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
