#!/usr/bin/env node
import { constants } from 'node:os'
import { failUnexpectedly, runCommandLine } from './command-line'
import { streamProblem } from './output'
import { writeWhole } from './whole-writes'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Aborts when the user or the system asks the program to end; the reason is the signal's name. */
const ending = new AbortController()

for (const signal of SIGNALS) {
  // Only once: a second Ctrl-C ends the program at once, should its cleaning up hang on a dead network drive.
  process.once(signal, () => {
    ending.abort(signal)
  })
}

// Whoever reads our output may go away (`| head`): then there is nobody to tell, and work under way still ends well.
for (const [name, stream] of [
  ['stdout', process.stdout],
  ['stderr', process.stderr]
] as const) {
  writeWhole(stream)
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw streamProblem(name, error)
  })
}

process.on('uncaughtException', (error) => {
  process.exit(failUnexpectedly(error))
})

process.exitCode = (await runCommandLine(process.argv.slice(2), ending.signal)) ?? signalStatus()

/** What the shell expects of a program that a signal ended. */
function signalStatus(): number {
  const signal = SIGNALS.find((name) => name === ending.signal.reason)
  if (signal === undefined) throw new Error(`stopped by ${String(ending.signal.reason)}`)
  return 128 + constants.signals[signal]
}
