import { Command, CommanderError, Help, type HelpConfiguration } from 'commander'
import { completionScript } from './printing/completion'
import { COMMANDS, examplesOf, REPLACED_COMMANDS } from './commands'
import { wrapped } from './printing/fitted-table'
import { drawnWidth, printable, printError, printText, UsageError } from './printing/output'
import { versionLine } from './printing/program-version'
import { describeStop } from './running/stopped'
import { calledAs, isShared } from './printing/shared-options'

/** Exit statuses of `slr`. For a signal, cli.ts adds 128 to its number. */
const EXIT_DONE = 0
const EXIT_FAILED = 1
const EXIT_WRONG_USAGE = 2

/** Runs one command and prints its result. @returns the exit status, or null if the signal stopped the command */
export async function runCommandLine(args: readonly string[], signal: AbortSignal): Promise<number | null> {
  try {
    requireWholeText(args)
    refuseReplacedCommand(args)
    if (args[0] === 'completion') {
      await printText(completionScript(await commandLine(signal), args[1]))
      return EXIT_DONE
    }
    const words = withHelpOption(args)
    const program = await commandLine(signal, words.slice(0, 1), listsSharedOptions(words))
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
  const isCommand = words.length === 0 || COMMANDS.some(({ name }) => name === words[0])
  return isCommand ? [...words, '--help'] : words
}

/** Reports whether help lists the options that many commands share: for `--help all`, and to correct misspelt ones. */
function listsSharedOptions(args: readonly string[]): boolean {
  const help = args.findIndex((arg) => arg === '--help' || arg === '-h')
  return help === -1 ? args.some((arg) => arg.startsWith('--')) : args[help + 1] === 'all'
}

/** Refuses a command of an earlier version. @throws UsageError naming its replacement */
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

/** Rewrites a message of the parser (Commander) without its internal terms. */
const plainUsage = (message: string): string =>
  message
    .replace(/^error: /, '')
    .replace(
      /^unknown option '([^=]+)=[^]*'$/,
      "there is no option '$1' with a value: leave the value out or check the name"
    )
    .replace(/^command-argument value '([^]*)' is invalid for argument '(.*?)'\./, "'$1' is not a <$2>.")

/** Splits a parser message from its suggestion of another option or command. */
function usageLines(text: string): string[] {
  const start = text.search(/\n\(Did you mean [^\n]*\)$/)
  return start === -1 ? [plainUsage(text)] : [plainUsage(text.slice(0, start)), text.slice(start + 1)]
}

const BEGIN = 'Start with "slr sweep --demo", which takes seconds and needs no files.'

/** Builds `slr` with all commands, and loads the code of the `needed` ones. */
export async function commandLine(
  signal: AbortSignal,
  needed: readonly string[] = COMMANDS.map(({ name }) => name),
  isWholeHelp = false
): Promise<Command> {
  const program = new Command('slr')
    .description('Selective Layer Restoration: find which decoder layers of a post-trained language model to restore.')
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
  for (const { name, group, description, load, examples } of COMMANDS) {
    const command = program.command(name).description(description).helpGroup(group)
    if (needed.includes(name)) {
      const declare = await load()
      declare(command, signal)
      for (const part of [command, ...command.commands]) {
        const words = part === command ? name : `${name} ${part.name()}`
        part.addHelpText(
          'after',
          `${isWholeHelp ? whichHelp(part) : sharedOptionsNote(part)}${examplesOf(words, examples)}`
        )
      }
    }
  }
  program.addHelpText('after', () => `\n${wrapped(BEGIN, drawnWidth()).join('\n')}`)
  return program
}

type Form = readonly [form: string, meaning: string]

/** Forms of the operand WHICH that name recipes. */
const RECIPE_FORMS: readonly Form[] = [
  ['4-11, 5, 3-7,9', 'post with these layers from base'],
  ['3-7@FOLDER', 'post with these layers from another checkpoint'],
  ['selected', 'selected range of the sweep of the project, after its check'],
  ['NAME', 'a recipe or checkpoint of the project'],
  ['FILE', 'a recipe (JSON or mergekit), or the best of a sweep, check or search'],
  ['blend:0.5', 'post with all layers blended with base: 0 is post, 1 is base']
]

/** Forms of the operand WHICH, by which many commands name models. */
const FORMS: readonly Form[] = [
  ['base, post', 'the models of the pair'],
  ...RECIPE_FORMS,
  ['FOLDER, org/name@revision', 'another checkpoint of the architecture'],
  ['sampler:1.5,0.02', 'post at a temperature with a min-p'],
  ['mix:0.5', 'logits of post with this share of base'],
  ['filter:0.001', 'base, limited to tokens that post finds likely enough'],
  ['NAME=MODEL@URL', 'an endpoint, which is sent the prompts; NAME=chat:MODEL@URL'],
  ['NAME=FILE', 'answers, or an endpoint in YAML']
]

/** Describes the operand WHICH; empty for a command without it. */
function whichHelp(command: Command): string {
  if (!command.registeredArguments.some((argument) => argument.name() === 'which')) return ''
  const forms = ['check', 'export'].includes(command.name()) ? RECIPE_FORMS : FORMS
  const width = Math.max(...forms.map(([form]) => form.length))
  return ['', 'WHICH is', ...forms.map(([form, model]) => `  ${form.padEnd(width)}  ${model}`)].join('\n')
}

/** Minimum width of a description beside its option. */
const MIN_WIDTH_BESIDE = 40

const INDENT = ' '.repeat(6)

/** Lays out the help of every command. On a narrow terminal, descriptions follow below their options. */
const helpLayout = (isWhole: boolean): HelpConfiguration => ({
  minWidthToWrap: 20,
  // Options of commands that are not loaded are unknown.
  subcommandTerm: (command) =>
    command.parent?.parent === null ? command.name() : `${command.name()} ${command.usage()}`,
  visibleOptions(command) {
    const options = Help.prototype.visibleOptions.call(this, command)
    return isWhole ? options : options.filter((option) => !isShared(option))
  },
  formatItem(term, termWidth, description, helper) {
    const width = helper.helpWidth ?? 80
    const descriptionWidth = width - termWidth - 4
    if (description === '' || descriptionWidth >= MIN_WIDTH_BESIDE)
      return Help.prototype.formatItem.call(helper, term, termWidth, description, helper)
    const below = helper.boxWrap(description, width - INDENT.length).replaceAll('\n', `\n${INDENT}`)
    return `  ${term}\n${INDENT}${below}`
  },
  formatItemList(heading, items, helper) {
    const title = helper.boxWrap(heading, helper.helpWidth ?? 80)
    return Help.prototype.formatItemList.call(helper, title, items, helper)
  }
})

const sharedOptionsNote = (command: Command): string =>
  command.options.some((option) => isShared(option) && !option.hidden)
    ? `\nMore options (model names, device, memory, chat template, --json): ${calledAs(command)} --help all`
    : ''
