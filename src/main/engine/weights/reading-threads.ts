import { Worker } from 'node:worker_threads'
import { builtScript } from '../../base/built'

/** Up, or on their way, for whoever will read; nobody has told them of any checkpoint. */
const idle: Worker[] = []

/** Has so many threads come up: each takes a moment, in which whoever needs it opens what it will read. */
export function startReadingThreads(count: number): void {
  while (idle.length < count) {
    const thread = newThread()
    const drop = (): void => {
      const place = idle.indexOf(thread)
      if (place !== -1) idle.splice(place, 1)
    }
    // Whoever reads starts another then, and hears what is wrong with that.
    thread.once('error', drop).once('exit', drop)
    idle.push(thread)
  }
}

/** A thread that reads weights: one that is up, or a new one. */
export const takeReadingThread = (): Worker => idle.shift() ?? newThread()

const newThread = (): Worker => new Worker(builtScript('read-ahead-worker.js'))
