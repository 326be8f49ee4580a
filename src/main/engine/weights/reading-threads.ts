import { Worker } from 'node:worker_threads'
import { builtScript } from '../../base/built'

/** Threads that run or are starting, and have not received any checkpoints yet. */
const idle: Worker[] = []

/** Starts threads until `count` are idle, while the caller opens the files that they will read. */
export function startReadingThreads(count: number): void {
  while (idle.length < count) {
    const thread = newThread()
    const drop = (): void => {
      const index = idle.indexOf(thread)
      if (index !== -1) idle.splice(index, 1)
    }
    // The next read then starts another thread and receives that thread's error.
    thread.once('error', drop).once('exit', drop)
    idle.push(thread)
  }
}

export const takeReadingThread = (): Worker => idle.shift() ?? newThread()

const newThread = (): Worker => new Worker(builtScript('read-ahead-worker.js'))
