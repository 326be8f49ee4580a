#!/usr/bin/env node
import { constants } from 'node:os'
import { Command, CommanderError } from 'commander'
import { version } from '../../../package.json'
import { addDevicesCommand } from './devices'
import { addDiffCommand } from './diff'
import { addEvaluateCommand } from './evaluate'
import { addExportCommand } from './export'
import { addInspectCommand } from './inspect'
import { addMergeCommand } from './merge'
import { addOpenCommand } from './open'
import { printError, printable, UsageError } from './output'
import { addPlanCommand } from './plan'
import { addProbeCommand } from './probe'
import { addReportCommand } from './report'
import { addSampleCommand } from './sample'
import { addSearchCommand } from './search'
import { addServeCommand } from './serve'
import { addSweepCommand } from './sweep'

const EXIT_FAILED = 1
const EXIT_WRONG_USAGE = 2

/** Aborts when the user or the system asks the program to end; the reason is the signal's name. */
const ending = new AbortController()

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Only once: a second Ctrl-C ends the program at once, should its cleaning up hang on a dead network drive.
  process.once(signal, () => {
    ending.abort(signal)
  })
}

// Whoever reads our output may go away (`| head`): then there is nobody to tell, and work under way still ends well.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

process.on('uncaughtException', (error) => {
  printError(error)
  process.exit(EXIT_FAILED)
})

process.exitCode = await run()

async function run(): Promise<number> {
  try {
    await commandLine(ending.signal).parseAsync()
    return endStatus() ?? 0
  } catch (error) {
    const stopped = endStatus()
    if (stopped !== null) return stopped
    // The parser has printed its own message already, or the help text that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_WRONG_USAGE
    printError(error)
    return error instanceof UsageError ? EXIT_WRONG_USAGE : EXIT_FAILED
  }
}

function commandLine(signal: AbortSignal): Command {
  const program = new Command('slr')
    .description(
      'Selective Layer Restoration: find which decoder layers of a post-trained language model to restore.'
    )
    .version(version)
    .exitOverride()
    .showHelpAfterError('See "slr --help".')
    .configureOutput({
      outputError: (text, write) => {
        const [message = '', ...more] = text.trim().split('\n')
        write(`slr: ${[printable(message.replace(/^error: /, '')), ...more].join('\n')}\n`)
      }
    })
  addInspectCommand(program, signal)
  addDiffCommand(program, signal)
  addProbeCommand(program, signal)
  addPlanCommand(program, signal)
  addSweepCommand(program, signal)
  addSearchCommand(program, signal)
  addMergeCommand(program)
  addSampleCommand(program, signal)
  addDevicesCommand(program)
  addEvaluateCommand(program, signal)
  addExportCommand(program, signal)
  addReportCommand(program)
  addServeCommand(program, signal)
  addOpenCommand(program, signal)
  return program
}

/** What the shell expects of a program that a signal ended; null when none did. */
function endStatus(): number | null {
  const reason: unknown = ending.signal.reason
  return reason === 'SIGINT' || reason === 'SIGTERM' || reason === 'SIGHUP' ? signalStatus(reason) : null
}

function signalStatus(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): number {
  return 128 + constants.signals[signal]
}
