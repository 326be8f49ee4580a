import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import type { Overdue } from '../messages'
import { WATCHED } from './watched'

const CHECK_MS = 50
const STANDARD_ERROR = 2

// Without zod, whose loading would cost the process more than all this does.
const shared: unknown = workerData
if (!(shared instanceof Int32Array)) throw new Error('the thread needs what it is to watch')
const state = shared

/** Of the whole process, all its threads. */
function usedMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Ends the process, after it has said why; when main is gone, nobody hears of it. */
function end(overdue: Overdue): void {
  try {
    writeSync(STANDARD_ERROR, `${JSON.stringify(overdue)}\n`)
  } finally {
    process.kill(process.pid, 'SIGKILL')
  }
}

/** Returns when the work of a turn is done. */
function watch(turn: number): void {
  const [cpuMs, wallMs] = [Atomics.load(state, WATCHED.cpuMs), Atomics.load(state, WATCHED.wallMs)]
  const [usedBeforeMs, startMs] = [usedMs(), performance.now()]
  while (Atomics.wait(state, WATCHED.turn, turn, CHECK_MS) === 'timed-out') {
    const tookMs = performance.now() - startMs
    // Collecting garbage beside the work counts as well, so that little time may be much of the processor's.
    if (usedMs() - usedBeforeMs >= cpuMs && tookMs >= cpuMs) end({ by: 'processor', ms: cpuMs })
    if (tookMs >= wallMs) end({ by: 'clock', ms: wallMs })
  }
}

for (;;) {
  const turn = Atomics.load(state, WATCHED.turn)
  if (turn % 2 === 0) Atomics.wait(state, WATCHED.turn, turn)
  else watch(turn)
}
