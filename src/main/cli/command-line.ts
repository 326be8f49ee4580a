import { Command, CommanderError } from 'commander'
import { version } from '../../../package.json'
import { addCheckCommand } from './check'
import { addCompareCommand } from './compare'
import { addDevicesCommand } from './devices'
import { addDiffCommand } from './diff'
import { addEvaluateCommand } from './evaluate'
import { examplesOf } from './examples'
import { addExportCommand } from './export'
import { wrapped } from './fitted-table'
import { HELP_LAYOUT } from './help-layout'
import { addHistoryCommand } from './history'
import { addInspectCommand } from './inspect'
import { addMergeCommand } from './merge'
import { addOpenCommand } from './open'
import { addPairsCommand } from './pairs'
import { printError, printable, UsageError } from './output'
import { addPlanCommand } from './plan'
import { addProbeCommand } from './probe'
import { addReportCommand } from './report'
import { addSampleCommand } from './sample'
import { addSearchCommand } from './search'
import { addServeCommand } from './serve'
import { drawnWidth } from './shown-width'
import { tellStopped } from './stopped'
import { addStudyCommand } from './study'
import { addSweepCommand } from './sweep'
import { addTaskCommand } from './task'
import { addWhatIfCommand } from './whatif'

/** Exit statuses of `slr`; a signal adds the shell's 128 to its number (cli.ts). */
const EXIT_DONE = 0
const EXIT_FAILED = 1
const EXIT_WRONG_USAGE = 2

/**
 * Runs one command, and prints what came of it.
 *
 * @param args what stands behind `slr`
 * @param signal stops the command; what it throws then is not printed
 * @returns the exit status, or null when the command was stopped
 */
export async function runCommandLine(args: readonly string[], signal: AbortSignal): Promise<number | null> {
  try {
    await commandLine(signal).parseAsync(args, { from: 'user' })
    return signal.aborted ? null : EXIT_DONE
  } catch (error) {
    if (signal.aborted) {
      tellStopped(args, signal)
      return null
    }
    // The parser has printed its own message already, or the help text that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_DONE : EXIT_WRONG_USAGE
    printError(error)
    return error instanceof UsageError ? EXIT_WRONG_USAGE : EXIT_FAILED
  }
}

/** Prints an error that nothing caught. @returns the exit status */
export function failUnexpectedly(error: unknown): number {
  printError(error)
  return EXIT_FAILED
}

/** The parser's complaint without its own terms. */
const plainUsage = (message: string): string =>
  message
    .replace(/^error: /, '')
    .replace(/^command-argument value '(.*)' is invalid for argument '(.*?)'\./, "'$1' is no <$2>.")

const BEGIN = 'Begin with "slr sweep --demo", which takes seconds and needs no files.'

/** In the order of the help. */
const COMMANDS = [
  addPairsCommand,
  addInspectCommand,
  addDiffCommand,
  addProbeCommand,
  addPlanCommand,
  addSweepCommand,
  addWhatIfCommand,
  addCompareCommand,
  addCheckCommand,
  addSearchCommand,
  addMergeCommand,
  addSampleCommand,
  addDevicesCommand,
  addEvaluateCommand,
  addTaskCommand,
  addStudyCommand,
  addExportCommand,
  addHistoryCommand,
  addReportCommand,
  addServeCommand,
  addOpenCommand
]

/** `slr` with all its commands. */
export function commandLine(signal: AbortSignal): Command {
  const program = new Command('slr')
    .description(
      'Selective Layer Restoration: find which decoder layers of a post-trained language model to restore.'
    )
    .version(version)
    .exitOverride()
    .showHelpAfterError('See "slr --help".')
    .configureHelp(HELP_LAYOUT)
    .configureOutput({
      getOutHelpWidth: drawnWidth,
      outputError: (text, write) => {
        const [message = '', ...more] = text.trim().split('\n')
        write(`slr: ${[printable(plainUsage(message)), ...more].join('\n')}\n`)
      }
    })
  for (const add of COMMANDS) add(program, signal)
  for (const command of program.commands) {
    command.addHelpText('after', examplesOf(command.name()))
    for (const part of command.commands) {
      part.addHelpText('after', examplesOf(`${command.name()} ${part.name()}`))
    }
  }
  program.addHelpText('after', () => `\n${wrapped(BEGIN, drawnWidth()).join('\n')}`)
  return program
}
