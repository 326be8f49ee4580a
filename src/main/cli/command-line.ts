import { whichHelp } from './printing/which-help'
import { completionScript } from './printing/completion'
import { Command, CommanderError } from 'commander'
import { COMMANDS, REPLACED_COMMANDS } from './commands'
import { examplesOf } from './printing/examples'
import { wrapped } from './printing/fitted-table'
import { helpLayout, sharedOptionsNote } from './printing/help-layout'
import { printError, printText, printable, UsageError } from './printing/output'
import { versionLine } from './printing/program-version'
import { drawnWidth } from './printing/shown-width'
import { describeStop } from './running/stopped'

/** Exit statuses of `slr`. For a signal, cli.ts adds 128 to its number. */
const EXIT_DONE = 0
const EXIT_FAILED = 1
const EXIT_WRONG_USAGE = 2

/**
 * Runs one command and prints its result.
 *
 * @param args arguments after `slr`.
 * @param signal stops the command; its error is then not printed.
 * @returns the exit status, or null if the command was stopped
 */
export async function runCommandLine(args: readonly string[], signal: AbortSignal): Promise<number | null> {
  try {
    requireWholeText(args)
    refuseReplacedCommand(args)
    if (args[0] === 'completion') {
      await printText(completionScript(await commandLine(signal), args[1]))
      return EXIT_DONE
    }
    const words = withHelpOption(args)
    const program = await commandLine(signal, words.slice(0, 1), asksWholeHelp(words))
    await program.parseAsync(words, { from: 'user' })
    return signal.aborted ? null : EXIT_DONE
  } catch (error) {
    if (signal.aborted) {
      describeStop(args, signal)
      return null
    }
    // The parser has already printed its message or the requested help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_DONE : EXIT_WRONG_USAGE
    printError(error)
    return error instanceof UsageError ? EXIT_WRONG_USAGE : EXIT_FAILED
  }
}

/** Refuses arguments that are not UTF-8. Node replaces their bytes with U+FFFD, so a wrong file would be written. */
function requireWholeText(args: readonly string[]): void {
  const broken = args.find((text) => text.includes('\uFFFD'))
  if (broken === undefined) return
  throw new UsageError(`the argument '${broken}' is not UTF-8: give it in UTF-8`, 'slr --help')
}

/** Turns `slr help sweep` into `slr sweep --help`. */
function withHelpOption(args: readonly string[]): readonly string[] {
  const [first, ...words] = args
  if (first !== 'help') return args
  const isThere = words.length === 0 || COMMANDS.some(({ name }) => name === words[0])
  return isThere ? [...words, '--help'] : words
}

const asksWholeHelp = (args: readonly string[]): boolean =>
  args.some((arg, index) => (arg === '--help' || arg === '-h') && args[index + 1] === 'all')

/** @throws UsageError for a command of an earlier version, naming its replacement */
function refuseReplacedCommand([name = '']: readonly string[]): void {
  const replacement = REPLACED_COMMANDS.get(name)
  if (replacement === undefined) return
  const [, command = ''] = replacement.split(' ')
  throw new UsageError(`"slr ${name}" is now "${replacement}"`, `slr ${command} --help`)
}

/** Prints an uncaught error. @returns the exit status */
export function failUnexpectedly(error: unknown): number {
  printError(error)
  return EXIT_FAILED
}

/** Rewrites a parser message without its internal terms. */
const plainUsage = (message: string): string =>
  message
    .replace(/^error: /, '')
    .replace(/^command-argument value '([^]*)' is invalid for argument '(.*?)'\./, "'$1' is not a <$2>.")

/** Splits a parser message from its suggestion of another option or command. */
function usageLines(text: string): string[] {
  const start = text.search(/\n\(Did you mean [^\n]*\)$/)
  return start === -1 ? [plainUsage(text)] : [plainUsage(text.slice(0, start)), text.slice(start + 1)]
}

const BEGIN = 'Start with "slr sweep --demo", which takes seconds and needs no files.'

/**
 * Builds `slr` with all commands.
 *
 * @param needed commands whose code is loaded; the program's help needs none
 * @param isWholeHelp true lists shared options in the help too
 */
export async function commandLine(
  signal: AbortSignal,
  needed: readonly string[] = COMMANDS.map(({ name }) => name),
  isWholeHelp = false
): Promise<Command> {
  const program = new Command('slr')
    .description(
      'Selective Layer Restoration: find which decoder layers of a post-trained language model to restore.'
    )
    .version(versionLine())
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError('See "slr --help".')
    .configureHelp(helpLayout(isWholeHelp))
    .configureOutput({
      getOutHelpWidth: drawnWidth,
      outputError: (text, write) => {
        write(`slr: ${usageLines(text.trim()).map(printable).join('\n')}\n`)
      }
    })
  for (const { name, group, description, load } of COMMANDS) {
    const command = program.command(name).description(description).helpGroup(group)
    if (needed.includes(name)) {
      const declare = await load()
      declare(command, signal)
      for (const part of [command, ...command.commands]) {
        const words = part === command ? name : `${name} ${part.name()}`
        part.addHelpText(
          'after',
          `${isWholeHelp ? whichHelp(part) : sharedOptionsNote(part)}${examplesOf(words)}`
        )
      }
    }
  }
  program.addHelpText('after', () => `\n${wrapped(BEGIN, drawnWidth()).join('\n')}`)
  return program
}
