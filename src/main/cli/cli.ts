#!/usr/bin/env node
import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Aborts when the user or the system ends the program. The reason is the signal's name. */
const ending = new AbortController()

for (const signal of SIGNALS) {
  // Handled once: a second Ctrl-C ends the program immediately if its cleaning up hangs.
  process.once(signal, () => {
    ending.abort(signal)
  })
}

// Signals are handled before the rest of the program is loaded, which takes a moment.
const { runProgram } = await import('./program')
process.exitCode = (await runProgram(process.argv.slice(2), ending.signal)) ?? signalStatus()

/** Returns the exit status of a program that a signal ended: 128 and the signal's number. */
function signalStatus(): number {
  const signal = SIGNALS.find((name) => name === ending.signal.reason)
  if (signal === undefined) throw new Error(`stopped by ${String(ending.signal.reason)}`)
  return 128 + constants.signals[signal]
}
