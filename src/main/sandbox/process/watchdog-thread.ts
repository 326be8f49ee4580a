import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import type { Overdue } from '../messages'
import { WATCHED } from './watched'

/* The thread that ends the sandbox process if a request takes too long. */

const CHECK_MS = 50
const STANDARD_ERROR = 2

// The data is not parsed with zod, because loading zod takes longer than all other work of this process.
const shared: unknown = workerData
if (!(shared instanceof Int32Array)) throw new Error('the watchdog needs the shared state of the process')
const state = shared

/** Processor time of the whole process in milliseconds. */
function usedMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Writes the exceeded limit to standard error, where main reads it, and ends the process. */
function end(overdue: Overdue): void {
  try {
    writeSync(STANDARD_ERROR, `${JSON.stringify(overdue)}\n`)
  } finally {
    process.kill(process.pid, 'SIGKILL')
  }
}

/** Watches the work of one turn, and returns when it is done. */
function watch(turn: number): void {
  const [cpuMs, wallMs] = [Atomics.load(state, WATCHED.cpuMs), Atomics.load(state, WATCHED.wallMs)]
  const [usedBeforeMs, startMs] = [usedMs(), performance.now()]
  while (Atomics.wait(state, WATCHED.turn, turn, CHECK_MS) === 'timed-out') {
    const tookMs = performance.now() - startMs
    // Garbage collection on other threads counts too, so processor time may exceed wall-clock time.
    if (usedMs() - usedBeforeMs >= cpuMs && tookMs >= cpuMs) end({ by: 'processor', ms: cpuMs })
    if (tookMs >= wallMs) end({ by: 'clock', ms: wallMs })
  }
}

for (;;) {
  const turn = Atomics.load(state, WATCHED.turn)
  if (turn % 2 === 0) Atomics.wait(state, WATCHED.turn, turn)
  else watch(turn)
}
