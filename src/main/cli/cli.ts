#!/usr/bin/env node
import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Aborts when the user or the system asks the program to end; the reason is the signal's name. */
const ending = new AbortController()

for (const signal of SIGNALS) {
  // Only once: a second Ctrl-C ends the program at once, should its cleaning up hang on a dead network drive.
  process.once(signal, () => {
    ending.abort(signal)
  })
}

// Only then the rest of the program, which takes a moment to load: a Ctrl-C in it is heard.
const { runProgram } = await import('./program')
process.exitCode = (await runProgram(process.argv.slice(2), ending.signal)) ?? signalStatus()

/** What the shell expects of a program that a signal ended. */
function signalStatus(): number {
  const signal = SIGNALS.find((name) => name === ending.signal.reason)
  if (signal === undefined) throw new Error(`stopped by ${String(ending.signal.reason)}`)
  return 128 + constants.signals[signal]
}
