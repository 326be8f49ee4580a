import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { builtScript } from '../../base/built'
import type { Limit } from '../messages'
import { WATCHED } from './watched'

/** Ends this process after a time limit. A thread does so, because endless work blocks everything else. */
export class Watchdog {
  /** Shared with the thread, at the indices of `WATCHED`. */
  private readonly state = new Int32Array(
    new SharedArrayBuffer(Object.keys(WATCHED).length * Int32Array.BYTES_PER_ELEMENT)
  )

  private readonly threadStarted: Promise<unknown>

  constructor() {
    const thread = new Worker(builtScript('watchdog.js'), { workerData: this.state })
    this.threadStarted = once(thread, 'online')
    thread.unref()
  }

  /** Runs work, and ends this process if it takes longer than the limit. */
  async within<T>({ cpuMs, wallMs }: Limit, work: () => T | Promise<T>): Promise<T> {
    await this.threadStarted
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
