import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { builtScript } from '../../base/built'
import type { Limit } from '../messages'
import { WATCHED } from './watched'

/**
 * Ends this process when a piece of work takes longer than it may, in processor time and otherwise. A thread of its own, for work that
 * does not come to an end lets nothing else happen; and here, so that it ends too when main is gone.
 */
export class Watchdog {
  private readonly state = new Int32Array(
    new SharedArrayBuffer(Object.keys(WATCHED).length * Int32Array.BYTES_PER_ELEMENT)
  )

  /** The thread runs; before that nothing would be ended. */
  private readonly watching: Promise<unknown>

  constructor() {
    const thread = new Worker(builtScript('watchdog.js'), { workerData: this.state })
    this.watching = once(thread, 'online')
    thread.unref()
  }

  /** Whatever the work returns or throws; where it takes too long, nothing, for the process has ended. */
  async within<T>({ cpuMs, wallMs }: Limit, work: () => T | Promise<T>): Promise<T> {
    await this.watching
    Atomics.store(this.state, WATCHED.cpuMs, cpuMs)
    Atomics.store(this.state, WATCHED.wallMs, wallMs)
    Atomics.add(this.state, WATCHED.turn, 1)
    Atomics.notify(this.state, WATCHED.turn)
    try {
      return await work()
    } finally {
      Atomics.add(this.state, WATCHED.turn, 1)
    }
  }
}
