import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { type Problem, WorkbenchError } from '../../contract/model/problem'
import { problemOf, reportDefect } from '../base/rpc-problems'

/** How every kind of job may end, besides the ways of its own. */
export type JobFailure = { type: 'failed'; problem: Problem } | { type: 'cancelled' }

/** The latest of everything a job has to tell, each under a key, and in which order it changed. */
export class Facts<Fact> {
  private readonly facts = new Map<string, { fact: Fact; version: number }>()
  private readonly changes = new EventEmitter().setMaxListeners(0)

  /** Counts changes; a watcher remembers up to which one it has told. */
  version = 0

  /** Replaces what was told under this key. */
  set(key: string, fact: Fact): void {
    this.facts.set(key, { fact, version: this.version + 1 })
    this.changed()
  }

  changed(): void {
    this.version++
    this.changes.emit('change')
  }

  /** What changed after a version; everything after version 0. */
  since(version: number): Fact[] {
    return [...this.facts.values()].filter((entry) => entry.version > version).map(({ fact }) => fact)
  }

  /** Waits for the next change; false when `signal` fired instead. */
  async next(signal?: AbortSignal): Promise<boolean> {
    try {
      await once(this.changes, 'change', { signal })
      return true
    } catch (error) {
      if (signal?.aborted) return false
      throw error
    }
  }
}

/** What a kind of job does and how it is told. */
export interface JobWork<Event, Fact> {
  /** For messages about defects, such as "the sweep". */
  name: string
  /** Does it, and resolves with the event that tells how it ended. */
  run(id: string, facts: Facts<Fact>, signal: AbortSignal): Promise<Event>
  /** What a watcher that comes now sees first. */
  snapshot(id: string, facts: readonly Fact[]): Event
  /** What a watcher that has seen the rest is told of these. */
  events(facts: readonly Fact[]): Event[]
  /** Removes what was stored for the work, which was cancelled before it began. */
  abandon?(): Promise<void>
  /** Hears how it ended, whoever watches. */
  onEnd?(ending: Event | JobFailure): void
}

/**
 * Waits until the job may compute.
 *
 * @param onWait is called when the job has to wait for others
 * @returns ends the turn
 * @throws WorkbenchError `cancelled` when `signal` fires first
 */
export type TakeTurn = (signal: AbortSignal, onWait: () => void) => Promise<() => void>

/** For work that needs no turn. */
export const NO_TURN: TakeTurn = () => Promise.resolve(() => undefined)

/**
 * Work that runs in main whoever watches: nobody, or several windows, from the start or later. It keeps facts and not
 * events, so a watcher that reads slowly gets fewer and larger ones.
 */
export class Job<Event, Fact> {
  /** Settles when the work is over, however it ended; never rejects. */
  readonly done: Promise<void>

  private readonly cancelling = new AbortController()
  private readonly facts = new Facts<Fact>()
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

  /** Why it failed; null while it runs, and where it ended otherwise. */
  get problem(): Problem | null {
    return this.failure
  }

  /** Starts the work, once. @param takeTurn waits until the work may compute */
  begin(takeTurn: TakeTurn = NO_TURN): this {
    void this.run(takeTurn).then((ending) => {
      this.ending = ending
      this.facts.changed()
      this.work.onEnd?.(ending)
      this.settle()
    })
    return this
  }

  cancel(): void {
    this.cancelling.abort()
  }

  /** A snapshot, then what changes, then how it ended. Ends early, and leaves the work running, when `signal` fires. */
  async *watch(signal?: AbortSignal): AsyncGenerator<Event | JobFailure> {
    // There is nothing to show before the first fact.
    while (this.facts.version === 0 && !this.over) if (!(await this.facts.next(signal))) return
    let told = this.facts.version
    yield this.work.snapshot(this.id, this.facts.since(0))
    for (;;) {
      const since = told
      told = this.facts.version
      const { ending } = this
      yield* this.work.events(this.facts.since(since))
      if (ending !== null) return yield ending
      if (told === this.facts.version && !(await this.facts.next(signal))) return
    }
  }

  private async turn(takeTurn: TakeTurn): Promise<() => void> {
    try {
      // A job that waits is shown, with nothing done yet.
      return await takeTurn(this.cancelling.signal, () => this.facts.changed())
    } catch (error) {
      await this.work.abandon?.()
      throw error
    }
  }

  private async run(takeTurn: TakeTurn): Promise<Event | JobFailure> {
    try {
      const endTurn = await this.turn(takeTurn)
      try {
        return await this.work.run(this.id, this.facts, this.cancelling.signal)
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
