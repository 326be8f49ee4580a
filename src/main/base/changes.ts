import { EventEmitter, once } from 'node:events'

/** Counts the changes of a state, so that a watcher also notices changes while it is busy. */
export class Changes {
  version = 0
  private readonly emitter = new EventEmitter().setMaxListeners(0)

  /** Wakes the watchers. */
  readonly notify = (): void => {
    this.version++
    this.emitter.emit('change')
  }

  /** Waits for the next change. @returns false if `signal` fired instead */
  async next(signal?: AbortSignal): Promise<boolean> {
    try {
      await once(this.emitter, 'change', { signal })
      return true
    } catch (error) {
      if (signal?.aborted) return false
      throw error
    }
  }

  /** Yields the values of `read` now, and again after every change, until `signal` fires. */
  async *watch<News>(signal: AbortSignal | undefined, read: () => AsyncIterable<News>): AsyncGenerator<News> {
    for (let seen = -1; !signal?.aborted;) {
      if (seen === this.version) await this.next(signal)
      else {
        seen = this.version
        yield* read()
      }
    }
  }
}
