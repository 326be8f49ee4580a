import { Worker } from 'node:worker_threads'
import { builtScript } from '../../base/built'

/** Threads that run or are starting, and have not received any checkpoints yet. */
const idle: Worker[] = []

/** The maximum number of idle threads after a reader has ended. */
const MAX_IDLE = 2

/** Starts threads until `count` are idle, while the caller opens the files that they will read. */
export function startReadingThreads(count: number): void {
  while (idle.length < count) keepIdle(newThread())
}

export function takeReadingThread(): Worker {
  const thread = idle.shift()
  if (thread === undefined) return newThread()
  removeListeners(thread)
  thread.ref()
  return thread
}

/** Keeps a thread for the next reader, because a start takes 0.1 s of the processor. Ends it if enough are idle. */
export async function returnReadingThread(thread: Worker): Promise<void> {
  removeListeners(thread)
  if (idle.length < MAX_IDLE) keepIdle(thread)
  else await thread.terminate()
}

function keepIdle(thread: Worker): void {
  const drop = (): void => {
    const index = idle.indexOf(thread)
    if (index !== -1) idle.splice(index, 1)
  }
  // The next read then starts another thread and receives that thread's error.
  thread.once('error', drop).once('exit', drop)
  thread.unref()
  idle.push(thread)
}

/** Keeps Node's listeners, which start the port of a thread with the first listener to its messages. */
function removeListeners(thread: Worker): void {
  for (const event of ['message', 'error', 'exit']) thread.removeAllListeners(event)
}

const newThread = (): Worker => new Worker(builtScript('read-ahead-worker.js'))
