import { whichHelp } from './printing/which-help'
import { Command, CommanderError } from 'commander'
import { COMMANDS, REPLACED_COMMANDS } from './commands'
import { examplesOf } from './printing/examples'
import { wrapped } from './printing/fitted-table'
import { helpLayout, sharedOptionsNote } from './printing/help-layout'
import { printError, printable, UsageError } from './printing/output'
import { versionLine } from './printing/program-version'
import { drawnWidth } from './printing/shown-width'
import { tellStopped } from './running/stopped'

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
    requireWholeText(args)
    refuseReplacedCommand(args)
    const words = withHelpOption(args)
    const program = await commandLine(signal, words.slice(0, 1), asksWholeHelp(words))
    await program.parseAsync(words, { from: 'user' })
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

/** Node puts U+FFFD for bytes that are no UTF-8: another file would be written than was named, and another prompt asked. */
function requireWholeText(args: readonly string[]): void {
  const broken = args.find((text) => text.includes('\uFFFD'))
  if (broken === undefined) return
  throw new UsageError(
    `the argument '${broken}' is not UTF-8, and would be read as another: say it in UTF-8`,
    'slr --help'
  )
}

/** `slr help sweep` as `slr sweep --help`. */
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

/** Prints an error that nothing caught. @returns the exit status */
export function failUnexpectedly(error: unknown): number {
  printError(error)
  return EXIT_FAILED
}

/** The parser's complaint without its own terms. */
const plainUsage = (message: string): string =>
  message
    .replace(/^error: /, '')
    .replace(/^command-argument value '([^]*)' is invalid for argument '(.*?)'\./, "'$1' is no <$2>.")

/** The parser's complaint, and behind it the option or command that was meant. Only the parser's own line break parts the two. */
function usageLines(text: string): string[] {
  const start = text.search(/\n\(Did you mean [^\n]*\)$/)
  return start === -1 ? [plainUsage(text)] : [plainUsage(text.slice(0, start)), text.slice(start + 1)]
}

const BEGIN = 'Begin with "slr sweep --demo", which takes seconds and needs no files.'

/**
 * `slr` with all its commands.
 *
 * @param needed the commands whose code is loaded; of the others the program's own help knows enough
 * @param isWholeHelp whether help lists the options that many commands share too
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
