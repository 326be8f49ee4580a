import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { WorkbenchError } from '../../contract/model/problem'
import type { FailedJob } from '../../contract/documents/project'
import { factsOfJob, type JobKind } from '../../contract/model/job-kinds'
import { PROJECT_FILE } from '../project/documents/project-file'
import type { ProjectOfPair, ProjectPair } from '../project/pair/project-pair'
import type { Job, JobFailure } from './job'
import { JobTable } from './job-table'
import { requireWritable as requireFileTaken } from '../base/files/atomic-file'
import { cancelled } from '../base/files/cancelling'

interface NamedTable {
  kind: JobKind
  table: Pick<JobTable<{ type: string }>, 'isRunning' | 'failed' | 'done' | 'cancelAll'>
}

/** Which job may begin: a project has at most one at a time of those that share the engine process. */
export class JobTurns {
  private readonly tables: NamedTable[] = []
  /** Questions that the engine is answering, see {@link ask}. */
  private readonly questions = new Set<AbortController>()
  /** Fires when the program ends. */
  private readonly closing = new AbortController()
  /** Pairs whose job is being prepared, by their keys. */
  private readonly starting = new Set<string>()
  /** Those who hear of the jobs of a project's pairs, by its folder, whenever one begins or ends. */
  private readonly news = new EventEmitter().setMaxListeners(0)

  /** The jobs of a kind. */
  jobs<Event extends { type: string }>(kind: JobKind): JobTable<Event> {
    const table = new JobTable<Event>((path) => this.news.emit(path))
    this.tables.push({ kind, table })
    return table
  }

  /** What runs of a pair now. */
  running(own: ProjectPair): JobKind[] {
    return this.tables.filter(({ table }) => table.isRunning(own)).map(({ kind }) => kind)
  }

  /** Why the last job of a kind failed, where it did, and none of the kind has begun since. */
  failed(own: ProjectPair): FailedJob[] {
    return this.tables.flatMap(({ kind, table }) => {
      const failed = table.failed(own)
      return failed === null ? [] : [{ kind, ...failed }]
    })
  }

  /** Calls `hear` whenever a job of one of the project's pairs begins or ends, until the returned function is called. */
  onChange({ path }: ProjectOfPair, hear: () => void): () => void {
    this.news.on(path, hear)
    return () => void this.news.off(path, hear)
  }

  /**
   * Prepares and starts a job that will save its result, with the project kept for it meanwhile.
   *
   * @param what how a message names it
   * @throws WorkbenchError `busy` while a job of the project runs; `read-only` or `not-found` when the result could not be saved
   */
  async start<Result>(own: ProjectPair, what: string, start: () => Promise<Result>): Promise<Result> {
    requireWritable(own, what)
    this.claim(own)
    this.starting.add(own.key)
    try {
      await requireSavable(own)
      return await start()
    } finally {
      this.starting.delete(own.key)
    }
  }

  /**
   * Starts a job that ends with its stream, and fails as it fails.
   *
   * @throws WorkbenchError as {@link start}
   */
  async *stream<Event extends { type: string }, Fact>(
    own: ProjectPair,
    what: string,
    table: JobTable<Event | JobFailure>,
    create: () => Job<Event, Fact>,
    signal: AbortSignal | undefined
  ): AsyncGenerator<Event> {
    requireWritable(own, what)
    await requireSavable(own)
    this.claim(own)
    const job = create()
    table.add(own, job)
    yield* told(job, signal)
  }

  /**
   * Asks a question whose answer comes piece by piece, as a job that ends with its stream; see {@link ask}.
   *
   * @throws WorkbenchError as {@link ask}; `cancelled` when a job started; as the question fails
   */
  async *answer<Event extends { type: string }, Fact>(
    own: ProjectPair,
    create: () => Job<Event, Fact>,
    signal: AbortSignal | undefined
  ): AsyncGenerator<Event> {
    const question = this.ask(own, signal)
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
  ask(own: ProjectPair, signal: AbortSignal | undefined): { signal: AbortSignal; over: () => void } {
    this.requireIdle(own.project)
    const stop = new AbortController()
    this.questions.add(stop)
    return {
      signal: AbortSignal.any([this.closing.signal, stop.signal, ...(signal === undefined ? [] : [signal])]),
      over: () => void this.questions.delete(stop)
    }
  }

  /** Settles when the project's running jobs are over; null when none runs. */
  done({ pairs }: ProjectOfPair): Promise<void> | null {
    const running = this.tables.flatMap(({ table }) => pairs.flatMap((own) => table.done(own) ?? []))
    return running.length === 0 ? null : Promise.all(running).then(() => undefined)
  }

  async cancelAll(): Promise<void> {
    this.closing.abort()
    await Promise.all(this.tables.map(({ table }) => table.cancelAll()))
  }

  /** @throws WorkbenchError `busy` while any job of the pair runs */
  requireNone(own: ProjectPair): void {
    this.requireNotStarting(own)
    requireNot(own, this.tables)
  }

  /** @throws WorkbenchError `busy` while a job of this table runs */
  requireNoneOf(own: ProjectPair, table: NamedTable['table']): void {
    requireNot(
      own,
      this.tables.filter((entry) => entry.table === table)
    )
  }

  /** Makes way for a job. @throws WorkbenchError `busy` */
  private claim(own: ProjectPair): void {
    this.requireIdle(own.project)
    for (const question of this.questions) question.abort()
  }

  /** One engine works for all pairs of a project. */
  private requireIdle({ pairs }: ProjectOfPair): void {
    const tables = this.tables.filter(({ kind }) => factsOfJob(kind).needs === 'engine')
    for (const own of pairs) {
      this.requireNotStarting(own)
      requireNot(own, tables)
    }
  }

  private requireNotStarting(own: ProjectPair): void {
    if (this.starting.has(own.key)) throw busy('A job', own)
  }
}

/** @throws WorkbenchError `read-only` when nothing can be saved in the project */
export function requireWritable(own: ProjectPair, what: string): void {
  if (own.readOnly === null) return
  throw new WorkbenchError('read-only', `${what} of ${own.project.path} could not be saved: ${own.readOnly}`)
}

/** Before hours of work are lost: the folder may have gone, or become one that takes no files, since the project was opened. */
const requireSavable = ({ project }: ProjectPair): Promise<void> =>
  requireFileTaken(join(project.path, PROJECT_FILE))

function requireNot(own: ProjectPair, tables: readonly NamedTable[]): void {
  const running = tables.find(({ table }) => table.isRunning(own))
  if (running !== undefined) throw busy(factsOfJob(running.kind).name, own)
}

function busy(running: string, own: ProjectPair): WorkbenchError {
  return new WorkbenchError('busy', `${running} of ${own.title} is running.`, 'Cancel it, or wait for it.')
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
