import { randomUUID } from 'node:crypto'
import { type Problem, WorkbenchError } from '../../contract/model/problem'
import { type ProgressShare, UNKNOWN_PROGRESS } from '../../contract/work/progress'
import { Changes } from '../base/changes'
import { problemOf, reportDefect } from '../base/rpc-problems'
import { endingNews, type JobNewsTarget } from './job-news'

/** Ends that every kind of job may have, besides its specific ends. */
export type JobFailure = { type: 'failed'; problem: Problem } | { type: 'cancelled' }

/**
 * The state of a job for its watchers: facts such as progress or an answer, each under a key. Every change raises the
 * version, so that a watcher can ask for the facts that changed since the version it has reported.
 */
export class Facts<Fact> extends Changes {
  private readonly facts = new Map<string, { fact: Fact; version: number }>()
  progress: ProgressShare = UNKNOWN_PROGRESS

  constructor(private readonly onProgress: (progress: ProgressShare) => void) {
    super()
  }

  /** Replaces the fact under this key. @param progress progress of the job, if the fact changes it */
  set(key: string, fact: Fact, progress?: ProgressShare): void {
    if (progress !== undefined) {
      this.progress = progress
      this.onProgress(progress)
    }
    this.facts.set(key, { fact, version: this.version + 1 })
    this.notify()
  }

  /** Returns the facts that changed after a version; all facts for version 0. */
  since(version: number): Fact[] {
    return [...this.facts.values()].filter((entry) => entry.version > version).map(({ fact }) => fact)
  }
}

/** The work of a kind of job, and the events that its facts become. */
export interface JobWork<Event, Fact> {
  /** Name for messages about defects, such as "the sweep". */
  name: string
  /** Does the work, and resolves with the event of its end. */
  run(id: string, facts: Facts<Fact>, signal: AbortSignal): Promise<Event>
  /** Returns the first event for a new watcher. */
  snapshot(id: string, facts: readonly Fact[]): Event
  /** Returns the events that report changed facts to a watcher. */
  events(facts: readonly Fact[]): Event[]
  /** Removes stored data of work that was cancelled before it began. */
  abandon?(): Promise<void>
  /** Receives progress and end, with or without watchers; left out for work that only its window shows. */
  news?: JobNewsTarget | undefined
}

/**
 * Waits until the job may compute. Calls `onWait` if the job has to wait for other jobs.
 *
 * @returns function that ends the turn
 */
export type TakeTurn = (signal: AbortSignal, onWait: () => void) => Promise<() => void>

/** Turn of work that needs no engine. */
export const NO_TURN: TakeTurn = () => Promise.resolve(() => undefined)

/**
 * Work that any number of windows can watch. A job stores its latest facts. A slow watcher receives all facts that
 * changed since its last event, so it receives fewer and larger events.
 */
export class Job<Event extends { type: string }, Fact> {
  /** Settles at every end of the work; never rejects. */
  readonly done: Promise<void>

  private readonly cancellation = new AbortController()
  private readonly facts = new Facts<Fact>((progress) => {
    const { news } = this.work
    news?.publish({ job: news.job, type: 'progress', ...progress })
  })
  private settle: () => void = () => undefined
  private ending: Event | JobFailure | null = null
  private failure: Problem | null = null

  constructor(
    private readonly work: JobWork<Event, Fact>,
    readonly id: string = randomUUID()
  ) {
    this.done = new Promise((resolve) => (this.settle = resolve))
  }

  get over(): boolean {
    return this.ending !== null
  }

  get progress(): ProgressShare {
    return this.facts.progress
  }

  /** The failure; null while the work runs, and after any other end. */
  get problem(): Problem | null {
    return this.failure
  }

  /** Starts the work, once. @param takeTurn waits until the work may compute */
  begin(takeTurn: TakeTurn = NO_TURN): this {
    void this.run(takeTurn).then((ending) => {
      this.ending = ending
      this.facts.notify()
      const { news } = this.work
      news?.publish(endingNews(news.job, ending))
      this.settle()
    })
    return this
  }

  cancel(): void {
    this.cancellation.abort()
  }

  /** Yields a snapshot, the changes and the end. Ends early, and leaves the work running, when `signal` fires. */
  async *watch(signal?: AbortSignal): AsyncGenerator<Event | JobFailure> {
    // A watcher receives nothing before the first fact.
    while (this.facts.version === 0 && !this.over) if (!(await this.facts.next(signal))) return
    let sentVersion = this.facts.version
    yield this.work.snapshot(this.id, this.facts.since(0))
    for (;;) {
      const since = sentVersion
      sentVersion = this.facts.version
      const { ending } = this
      yield* this.work.events(this.facts.since(since))
      if (ending !== null) return yield ending
      if (sentVersion === this.facts.version && !(await this.facts.next(signal))) return
    }
  }

  private async waitForTurn(takeTurn: TakeTurn): Promise<() => void> {
    try {
      // Watchers see a waiting job without progress.
      return await takeTurn(this.cancellation.signal, this.facts.notify)
    } catch (error) {
      await this.work.abandon?.()
      throw error
    }
  }

  private async run(takeTurn: TakeTurn): Promise<Event | JobFailure> {
    try {
      const endTurn = await this.waitForTurn(takeTurn)
      try {
        return await this.work.run(this.id, this.facts, this.cancellation.signal)
      } finally {
        endTurn()
      }
    } catch (error) {
      if (error instanceof WorkbenchError && error.problem.code === 'cancelled') return { type: 'cancelled' }
      this.failure = problemOf(error) ?? reportDefect(error, this.work.name)
      return { type: 'failed', problem: this.failure }
    }
  }
}
